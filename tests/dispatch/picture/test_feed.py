"""The feed tells every event once and in order, however they come."""

from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from dispatch.model import Event, EventKind, Seq
from dispatch.picture.feed import Feed
from dispatch.store import journal
from dispatch.store.db import Pool, transaction
from dispatch.store.journal import Entry


def entry(seq: int) -> Entry:
    return Entry(Event(EventKind.NOTE_ADDED, datetime.now(UTC), "test", seq=Seq(seq)), f"{seq}")


def feed(pool: Pool | None, told: list[int]) -> Feed:
    def listen(entries: Sequence[Entry]) -> None:
        told.extend(e.event.seq for e in entries)

    return Feed(pool, seq=Seq(0), listeners=[listen])  # type: ignore[arg-type]


@given(st.integers(1, 40), st.integers(0, 2**32), st.data())
async def test_any_order_any_repeats(count: int, seed: int, data: st.DataObject) -> None:
    told: list[int] = []
    following = feed(None, told)
    batches = [[entry(seq)] for seq in range(1, count + 1)]
    batches += data.draw(st.lists(st.sampled_from(batches), max_size=10))
    Random(seed).shuffle(batches)
    for batch in batches:
        following.offer(batch)
    assert told == list(range(1, count + 1))


async def test_it_waits_for_a_gap_and_fetches_it(pool: Pool) -> None:
    told: list[int] = []
    following = feed(pool, told)
    async with transaction(pool) as db:
        first = await journal.append(db, new_events=[entry(0).event] * 3)
    following.offer(first[2:])
    assert told == []
    await following.catch_up()
    assert told == [1, 2, 3]
