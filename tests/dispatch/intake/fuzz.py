"""How hard each parser is fuzzed: shortly in every run, for DISPATCH_FUZZ_SECONDS where that is set, as CI does."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import wraps
from itertools import count
from time import monotonic
from typing import Any

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st

from dispatch.intake import Unreadable
from dispatch.model.report import Report

EXAMPLES = 100
SECONDS = float(os.environ.get("DISPATCH_FUZZ_SECONDS", "0"))
_tests_of: Counter[str] = Counter()


def fuzz(test: Callable[..., None]) -> Callable[..., None]:
    """Above @given: round after round of other examples, until this test's share of its parser's time is over.

    Rounds are seeded by their number: what is found today is found tomorrow."""
    _tests_of[test.__module__] += 1
    once = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])(test)

    @wraps(once)
    def rounds(*args: Any, **kwargs: Any) -> None:
        until = monotonic() + SECONDS / _tests_of[test.__module__]
        for number in count():
            seed(number)(once)(*args, **kwargs)
            if monotonic() >= until:
                return

    return rounds


@st.composite
def mutations(draw: st.DrawFn, samples: list[bytes]) -> bytes:
    """A good message with a few pieces cut out, doubled, swapped for others or overwritten."""
    message = draw(st.sampled_from(samples))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(message)))
        end = min(len(message), start + draw(st.integers(0, 30)))
        other = draw(st.sampled_from(samples))
        cut = draw(st.integers(0, len(other)))
        piece = draw(
            st.one_of(
                st.just(b""),
                st.just(message[start:end] * 2),
                st.just(other[cut : cut + 30]),
                st.binary(max_size=8),
                st.sampled_from(
                    [b"nan", b"inf", b"-", b"1e999", b"0", b"99999999999999999999", b"\x00", b"\xff", "−".encode()]
                ),
            )
        )
        message = message[:start] + piece + message[end:]
    return message


def survives(parse: Callable[[bytes], Report], body: bytes) -> None:
    """The parser makes a sound report or says what is wrong; nothing else comes out of it."""
    try:
        report = parse(body)
    except Unreadable as error:
        _check_problems(error)
        return
    assert len(report.fixes) <= 20
    for text in _texts(asdict(report)):
        assert "\x00" not in text, "no database keeps it"
        text.encode()
    for fix in report.fixes:
        assert fix.radius_m is None or 0 < fix.radius_m < 20_500_000
        assert fix.confidence is None or 0 < fix.confidence <= 1
        assert fix.at is None or fix.at.utcoffset() is not None
        assert fix.point or fix.region or fix.cell or fix.parish_code


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts([*value.keys(), *value.values()])
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def _check_problems(error: Unreadable) -> None:
    assert error.problems
    for problem in error.problems:
        assert problem.field.isprintable()
        assert problem.problem.isprintable()
