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


def _search(location: Location) -> tuple[bool, int, float]:
    radius = location.radius_m if location.radius_m is not None else float("inf")
    return (location.source is not Source.MANUAL, _ORDER[location.status], radius)
