"""The zone of UTM that stands before or behind two numbers, with its hemisphere or band, in signs or in words."""

import re
from dataclasses import dataclass

_HALF = r"(?P<half>norte|north|sur|south|[C-HJ-NP-X](?![^\W_]))"
ZONE = re.compile(
    rf"""(?:(?<![\w.,-])|(?<=utm)|(?<=utm-))(?:(?:zon[ae]|huso)\W{{0,3}}(?P<named>[0-9]{{1,2}})(?![0-9])(?:\W{{0,2}}(?:hemisferio\W{{1,3}})?{_HALF})?
    |(?P<zone>[0-9]{{1,2}})\W{{0,2}}(?:hemisferio\W{{1,3}})?{_HALF.replace("half", "side")})""",
    re.IGNORECASE | re.VERBOSE,
)
# How far from the numbers the zone may stand.
NEAR = 40


@dataclass(frozen=True, slots=True)
class Zone:
    """`is_north` None: the hemisphere isn't said."""

    number: int
    is_north: bool | None


def zone_of(text: str, span: tuple[int, int], *, is_south: bool) -> tuple[Zone | None, tuple[int, int]]:
    """The nearest one before the numbers at `span`, else behind them; and where all of it stands. `is_south`: the
    northing says so itself."""
    start, end = span
    before = list(ZONE.finditer(text, max(start - NEAR, 0), start))
    found = before[-1] if before else ZONE.search(text, end, end + NEAR)
    number = int(found["named"] or found["zone"]) if found is not None else 0
    if found is None or not 1 <= number <= 60:
        return None, span
    half = (found["half"] or found["side"] or "").lower()
    is_north = _is_north(half) if half else False if is_south else None
    return Zone(number, is_north), (min(start, found.start()), max(end, found.end()))


def _is_north(half: str) -> bool:
    """Bands go from C in the far south to X; who writes `17S` in this country means the south."""
    return half.startswith("nor") or (len(half) == 1 and half >= "n" and half != "s")
