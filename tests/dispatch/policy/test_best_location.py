"""Where an incident is: what a dispatcher placed by hand yields to a dispatcher alone."""

from dataclasses import replace

from dispatch.policy.best_location import best_location, same_place, when_joined, when_moved
from geo import Location, LocationStatus, Source


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


def test_a_call_that_moves_moves_no_placement_but_its_own() -> None:
    assert when_moved(PATCHED, at(-0.2, 50), GOOD, []) is PATCHED
    assert when_moved(PATCHED, at(-0.2, 50), GOOD, [PINNED]) is PATCHED
    assert when_moved(GOOD, GOOD, REPORTED, [at(-0.2, 2)]) is REPORTED
    doubted = replace(PINNED, contradicted=(Source.GNSS,))
    assert same_place(doubted, PINNED)
    assert when_moved(PATCHED, PINNED, doubted, []) is PATCHED
    assert when_moved(PINNED, PINNED, doubted, [GOOD]) is doubted


def test_a_dispatcher_moves_it_by_a_later_placement() -> None:
    corrected = at(-0.25, 900, Source.MANUAL)
    assert when_moved(PATCHED, PINNED, corrected, [PINNED]) is corrected
    assert when_moved(PINNED, PINNED, corrected, [GOOD]) is corrected
