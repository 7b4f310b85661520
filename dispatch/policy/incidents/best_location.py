"""Where an incident is, when its calls tell it with different certainty."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Protocol

from geo import Location, LocationStatus, Source, distance_m

# Callers who see the same stand no farther apart than this, by far.
FAR_M = 1_000.0
# So many calls that nobody confirms are passed over for a place that counts.
MOST_COMPARED = 50

# A place inside the city beats one outside it, which beats none at all.
_ORDER = {
    LocationStatus.LOCATED: 0,
    LocationStatus.AMBIGUOUS: 0,
    LocationStatus.OUTSIDE: 1,
    LocationStatus.UNLOCATED: 2,
}


class Sent(Protocol):
    """A call, as far as the place of its incident depends on it: who sent it, and where it is."""

    @property
    def sender(self) -> str: ...

    @property
    def location(self) -> Location: ...


def best_location(locations: Iterable[Location]) -> Location:
    """What a dispatcher placed by hand stands; else the one that leaves the least to search. The first of equals stays.

    Raises ValueError for no locations."""
    return min(locations, key=_search)


def when_joined(standing: Location, joining: Location) -> Location:
    """Of an incident, and of a call or another incident that is joined to it without a person: what a dispatcher placed
    stands."""
    return standing if standing.source is Source.MANUAL else best_location([standing, joining])


def when_moved(standing: Location, before: Location, moved: Sent, others: Iterable[Sent]) -> Location:
    """Of an incident, one of whose calls was at `before` until now. What a dispatcher placed yields only to what a
    dispatcher places later."""
    after = moved.location
    if after.source is Source.MANUAL and not same_place(after, before):
        return after
    if standing.source is Source.MANUAL and not same_place(standing, before):
        return standing
    return by_calls([moved, *others], standing=standing)


def by_calls(calls: Sequence[Sent], *, standing: Location) -> Location:
    """The best location of an incident's calls. None carries it away from where all other senders' calls are; where
    those contradict each other and none counts, it stays."""
    best = sorted(calls, key=lambda call: _search(call.location))
    return next((call.location for call in best[:MOST_COMPARED] if _counts(call, calls)), standing)


def _counts(call: Sent, calls: Sequence[Sent]) -> bool:
    if call.location.source is Source.MANUAL:
        return True
    others = (other.location for other in calls if other.sender != call.sender and other.location.lat is not None)
    first = next(others, None)
    return first is None or any(_near(call.location, other) for other in chain([first], others))


def _near(a: Location, b: Location) -> bool:
    if a.lat is None or a.lon is None or b.lat is None or b.lon is None:
        return False
    return distance_m(a.lat, a.lon, b.lat, b.lon) <= FAR_M + (a.radius_m or 0) + (b.radius_m or 0)


def same_place(a: Location, b: Location) -> bool:
    """Whatever else is known of it, such as what contradicts it."""
    return (a.source, a.lat, a.lon, a.radius_m) == (b.source, b.lat, b.lon, b.radius_m)


def _search(location: Location) -> tuple[bool, int, float]:
    radius = location.radius_m if location.radius_m is not None else float("inf")
    return (location.source is not Source.MANUAL, _ORDER[location.status], radius)
