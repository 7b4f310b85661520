"""permessage-deflate on and off: processor time for each message, bytes sent, delay to the screens."""

from dataclasses import replace

from scripts.load.bench import Bench
from scripts.load.figures import Done
from scripts.load.outcome import milliseconds
from scripts.load.profiles import Profile, steady
from scripts.load.report import Table

COMPARED_S = 10.0
CASES = (
    Profile("events", "10 calls a second on 500 screens", steady(10), 10, screens=500),
    Profile("positions", "20,000 moving units on 40 screens", steady(2), 10, screens=40, units=20_000, moving_hz=0.5),
)


async def compare(bench: Bench, *, seconds: float = COMPARED_S) -> list[tuple[bool, Done]]:
    """Each case without and with compression. Raises Refused."""
    return [
        (deflate, await bench.one(replace(case, seconds=seconds), deflate=deflate))
        for case in CASES
        for deflate in (False, True)
    ]


def deflate_table(found: list[tuple[bool, Done]]) -> Table:
    heads = ("case", "deflate", "MB to screens", "a snapshot, kB", "service, processor µs a message")
    return (*heads, "due to shown, p50 ms", "p99 ms"), [
        (
            done.profile.about,
            "on" if deflate else "off",
            f"{done.outcome.bytes / 1e6:,.1f}",
            f"{done.outcome.snapshot_bytes / 1e3:,.0f}",
            f"{_per_message_us(done):,.0f}",
            *(f"{milliseconds(done.outcome.shown).get(p, 0):,.1f}" for p in (50.0, 99.0)),
        )
        for deflate, done in found
    ]


def _per_message_us(done: Done) -> float:
    """All work of the service, so work other than for screens is in both figures."""
    used_s = sum(cost.cores for cost in done.meter.service) if done.meter else 0.0
    return used_s / max(1, done.outcome.messages) * 1e6
