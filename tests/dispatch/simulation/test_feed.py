from typing import Any

import pytest

from dispatch.simulation.feed import Feed, OutOfOrder
from dispatch.simulation.screen import Screen
from dispatch.simulation.summary import CallRecord, Summary, percentiles


def snapshot(seq: int, *incidents: int) -> dict[str, Any]:
    return {
        "type": "snapshot",
        "seq": seq,
        "incidents": [{"id": number, "status": "waiting"} for number in incidents],
        "units": [{"id": "P1", "status": "available"}],
        "positions": [["P1", -0.2, -78.5, None, "2026-01-01T00:00:00Z"]],
    }


def event(seq: int, kind: str = "note_added", **rest: Any) -> dict[str, Any]:
    return {"seq": seq, "kind": kind, "data": {}, **rest}


def events(*those: dict[str, Any]) -> dict[str, Any]:
    return {"type": "events", "events": list(those)}


def feed() -> Feed:
    return Feed("http://127.0.0.1:1", "k")


def test_the_room_is_the_snapshot_and_what_came_after_it() -> None:
    room = feed()
    room.take(snapshot(7, 1, 2), 0.0)
    room.take(
        events(
            event(8, incident={"id": 1, "status": "closed"}, units=[{"id": "P1", "status": "returning"}]),
            event(9, incident={"id": 3, "status": "waiting"}),
        ),
        0.0,
    )
    assert room.seq == 9
    assert room.incidents.keys() == {2, 3}
    assert room.units["P1"]["status"] == "returning"
    room.take({"type": "positions", "at": "", "units": [["P1", -0.3, -78.6, 90, ""]]}, 0.0)
    assert room.positions == {"P1": (-0.3, -78.6)}


def test_a_unit_that_was_taken_out_is_gone() -> None:
    room = feed()
    room.take(snapshot(7), 0.0)
    room.take(events(event(8, units=[{"id": "P1", "status": "available", "removed_at": "2026-01-01T00:00:00Z"}])), 0.0)
    assert room.units == {}


@pytest.mark.parametrize("seq", [7, 9])
def test_a_hole_or_a_repeat_in_the_order_is_not_passed_over(seq: int) -> None:
    room = feed()
    room.take(snapshot(7), 0.0)
    with pytest.raises(OutOfOrder):
        room.take(events(event(seq)), 0.0)


def test_told_to_resync_it_forgets_where_it_was() -> None:
    room = feed()
    room.take(snapshot(7), 0.0)
    room.take({"type": "resync", "reason": "too slow"}, 0.0)
    assert room.seq is None
    assert room.resyncs == 1


def test_a_screen_notes_when_a_call_was_first_seen_and_every_better_location() -> None:
    screen = Screen("http://127.0.0.1:1", "k")
    screen.feed.take(snapshot(0), 1.0)
    screen.feed.take(events(event(1, "call_taken", data={"call_id": "a"})), 2.0)
    screen.feed.take(events(event(2, "call_joined", data={"call_id": "b"})), 3.0)
    screen.feed.take(events(event(3, "location_changed", data={"call_id": "a"})), 4.0)
    screen.feed.take(events(event(4, "location_changed", data={"call_id": "a"})), 5.0)
    assert screen.calls == {"a": 2.0, "b": 3.0}
    assert screen.locations == {"a": [4.0, 5.0]}


def test_after_a_resync_a_call_counts_as_seen_only_by_a_snapshot_taken_after_it() -> None:
    screen = Screen("http://127.0.0.1:1", "k")
    screen.feed.take(snapshot(5, 10), 50.0)
    assert screen.has("a", 10, acknowledged_s=49.0)
    assert not screen.has("a", 10, acknowledged_s=51.0)
    assert not screen.has("a", 11, acknowledged_s=49.0)


def test_the_summary_fails_when_one_screen_of_two_missed_an_acknowledged_call() -> None:
    screens = [Screen("http://127.0.0.1:1", "k") for _ in range(2)]
    for screen in screens:
        screen.feed.take(snapshot(0), 0.0)
    seen = CallRecord("a", due_s=1.0, acknowledged_s=1.5, incident_id=1)
    refused = CallRecord("b", due_s=1.0, refused=422)
    summary = Summary([seen, refused], ended_s=2.0)
    screens[0].feed.take(events(event(1, "call_taken", data={"call_id": "a"})), 1.25)
    assert summary.unseen(screens) == [seen]
    assert summary.failed(screens)
    screens[1].feed.take(events(event(1, "call_taken", data={"call_id": "a"})), 1.75)
    assert not summary.failed(screens)
    assert summary.acknowledge_s() == [0.5]
    assert summary.to_screen_s(screens) == [0.25, 0.75]
    assert summary.table(screens).row_count > 8


def test_a_better_fix_is_timed_from_its_own_sending() -> None:
    screen = Screen("http://127.0.0.1:1", "k")
    screen.locations = {"a": [3.0, 9.0, 9.5]}
    summary = Summary(fixes=[("a", 8.0), ("b", 8.0)])
    assert summary.fix_to_screen_s([screen]) == [1.0]


def test_percentiles_are_in_milliseconds() -> None:
    assert percentiles([0.010] * 99 + [1.0]).startswith("p50 10 · p90 10")
    assert percentiles([]) == "-"
