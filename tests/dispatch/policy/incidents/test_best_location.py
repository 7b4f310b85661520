"""Where an incident is: what a dispatcher placed by hand yields to a dispatcher alone."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from dispatch.model import Call, Caller, CallId, Channel, IncidentId
from dispatch.policy.incidents.best_location import best_location, same_place, when_joined, when_moved
from geo import Location, LocationStatus, Source

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(lat: float, radius_m: float, source: Source = Source.GNSS) -> Location:
    return Location(LocationStatus.LOCATED, lat, -78.5, radius_m, 0.95, source)


PATCHED, PINNED = at(-0.1, 300, Source.MANUAL), at(-0.2, 10, Source.MANUAL)
GOOD, REPORTED = at(-0.3, 3), at(-0.4, 1, Source.REPORTED)


def test_the_narrowest_but_for_what_was_placed_by_hand() -> None:
    assert best_location([at(-0.2, 50), GOOD, at(-0.4, 500)]) is GOOD
    assert best_location([GOOD, PATCHED, REPORTED]) is PATCHED
    assert best_location([PATCHED, PINNED]) is PINNED


def test_what_joins_without_a_person_moves_no_placement() -> None:
    for joining in (GOOD, REPORTED, PINNED):
        assert when_joined(PATCHED, joining) is PATCHED
    assert when_joined(GOOD, PINNED) is PINNED
    assert when_joined(at(-0.2, 50), GOOD) is GOOD


def call(location: Location, sender: str = "app") -> Call:
    return Call(CallId(uuid4()), IncidentId(1), Channel.APP, Caller(), None, None, (), location, NOW, sender=sender)


def test_a_call_that_moves_moves_no_placement_but_its_own() -> None:
    assert when_moved(PATCHED, at(-0.2, 50), call(GOOD), []) is PATCHED
    assert when_moved(PATCHED, at(-0.2, 50), call(GOOD), [call(PINNED)]) is PATCHED
    assert when_moved(GOOD, GOOD, call(REPORTED), [call(at(-0.2, 2))]) is REPORTED
    doubted = replace(PINNED, contradicted=(Source.GNSS,))
    assert same_place(doubted, PINNED)
    assert when_moved(PATCHED, PINNED, call(doubted), []) is PATCHED
    assert when_moved(PINNED, PINNED, call(doubted), [call(GOOD, "other")]) is doubted


def test_a_dispatcher_moves_it_by_a_later_placement() -> None:
    corrected = at(-0.25, 900, Source.MANUAL)
    assert when_moved(PATCHED, PINNED, call(corrected), [call(PINNED)]) is corrected
    assert when_moved(PINNED, PINNED, call(corrected), [call(GOOD, "other")]) is corrected


def test_one_sender_does_not_carry_it_away_from_the_others() -> None:
    here, beside, far = at(-0.2, 15), at(-0.203, 40), at(-0.3, 1)
    assert when_moved(here, beside, call(far), [call(here, "other")]) is here
    assert when_moved(here, beside, call(far), [call(far), call(far), call(here, "a"), call(beside, "b")]) is here
    assert when_moved(beside, beside, call(at(-0.2, 5)), [call(beside, "other")]).radius_m == 5
    nowhere = Location(LocationStatus.UNLOCATED)
    assert when_moved(here, here, call(far), [call(here), call(nowhere, "other")]) is far, "nobody else says where"
    assert when_moved(nowhere, nowhere, call(nowhere), [call(here, "other")]) is here
