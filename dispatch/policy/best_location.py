"""Where an incident is, when its calls tell it with different certainty."""

from collections.abc import Iterable

from geo import Location, LocationStatus, Source

# A place inside the city beats one outside it, which beats none at all.
_ORDER = {
    LocationStatus.LOCATED: 0,
    LocationStatus.AMBIGUOUS: 0,
    LocationStatus.OUTSIDE: 1,
    LocationStatus.UNLOCATED: 2,
}


def best_location(locations: Iterable[Location]) -> Location:
    """What a dispatcher placed by hand stands; else the one that leaves the least to search. The first of equals stays.

    Raises ValueError for no locations."""
    return min(locations, key=_search)


def when_joined(standing: Location, joining: Location) -> Location:
    """Of an incident, and of a call or another incident that is joined to it without a person: what a dispatcher placed
    stands."""
    return standing if standing.source is Source.MANUAL else best_location([standing, joining])


def when_moved(standing: Location, before: Location, after: Location, others: Iterable[Location]) -> Location:
    """Of an incident, one of whose calls was at `before` and is now at `after`; `others`: of its other calls. What a
    dispatcher placed yields only to what a dispatcher places later."""
    if after.source is Source.MANUAL and not same_place(after, before):
        return after
    if standing.source is Source.MANUAL and not same_place(standing, before):
        return standing
    return best_location([after, *others])


def same_place(a: Location, b: Location) -> bool:
    """Whatever else is known of it, such as what contradicts it."""
    return (a.source, a.lat, a.lon, a.radius_m) == (b.source, b.lat, b.lon, b.radius_m)


def _search(location: Location) -> tuple[bool, int, float]:
    radius = location.radius_m if location.radius_m is not None else float("inf")
    return (location.source is not Source.MANUAL, _ORDER[location.status], radius)
