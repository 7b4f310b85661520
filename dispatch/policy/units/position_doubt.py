"""What makes a position of a unit doubtful: it is stored, but not shown.

A position is first checked by itself and then against the last accepted one. This runs for every position of every
unit, thousands a second: plain floats, and no geodesic."""

from dataclasses import dataclass
from datetime import datetime
from math import cos, hypot, isfinite, radians

from dispatch.model import UnitPosition
from dispatch.model.doubt import CLOCK_AHEAD, Doubt

# A degree of latitude where it is shortest, and of longitude at the equator, so that distances are not overestimated.
METRES_LAT, METRES_LON = 110_574.0, 111_320.0
# Devices without a fix send (0, 0), some of them with noise.
NULL_ISLAND_DEG = 0.01
# Assumed accuracy of a position without one: twice what a phone in a street states.
UNKNOWN_ACCURACY_M = 50.0
# Single wrong fixes are common: a reflection, a radio cell instead of satellites. Two in a row happen when a phone
# repeats its last one. A third at the same new place, each later than the one before and within reach of it, is more
# likely true than the old track, which then ended in a wrong fix.
AGREEING = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Believable:
    """The limits for a position. `margin_m`: how far from the city's bounds a unit may be; `flying_mps`: maximum speed
    of units that can fly."""

    south: float
    west: float
    north: float
    east: float
    margin_m: float = 100_000.0
    worst_accuracy_m: float = 2_000.0
    fastest_mps: float = 250 / 3.6
    flying_mps: float = 400 / 3.6


@dataclass(frozen=True, slots=True)
class Rival:
    """A track that can't be reached from the accepted one: its last position, and how many positions of it agree."""

    position: UnitPosition
    agreeing: int

    @property
    def wins(self) -> bool:
        return self.agreeing >= AGREEING


def believable_in(bounds: tuple[float, float, float, float], **limits: float) -> Believable:
    """For a city with bounds (west, south, east, north)."""
    west, south, east, north = bounds
    return Believable(south=south, west=west, north=north, east=east, **limits)


def doubt_of(
    position: UnitPosition, before: UnitPosition | None, believable: Believable, *, now: datetime, flies: bool = False
) -> Doubt | None:
    """Why this position, received `now`, is doubtful after `before`, the last accepted one; None if it isn't."""
    lat, lon = position.lat, position.lon
    if not (believable.south <= lat <= believable.north and believable.west <= lon <= believable.east):
        if abs(lat) < NULL_ISLAND_DEG and abs(lon) < NULL_ISLAND_DEG:
            return Doubt.NULL_ISLAND
        # Negated, so that NaN counts as outside too.
        if not _off_m(lat, lon, believable) <= believable.margin_m:
            return Doubt.OUTSIDE
    if position.accuracy_m is not None and not position.accuracy_m <= believable.worst_accuracy_m:
        return Doubt.INACCURATE
    if position.at > now + CLOCK_AHEAD:
        return Doubt.FUTURE
    if before is None:
        return None
    if position.at <= before.at:
        same = position.at == before.at and lat == before.lat and lon == before.lon
        return Doubt.DUPLICATE if same else Doubt.OUT_OF_ORDER
    return None if reachable(before, position, believable, flies=flies) else Doubt.TOO_FAST


def reachable(before: UnitPosition, after: UnitPosition, believable: Believable, *, flies: bool = False) -> bool:
    """Whether a unit can get from the first to the second, later one: from anywhere in its circle to anywhere in
    its."""
    fastest = believable.flying_mps if flies else believable.fastest_mps
    # The circle contains two of three fixes (the phones' 68 %), so nearly all are within twice its radius.
    slack = 2 * (_accuracy_m(before) + _accuracy_m(after))
    reach_m = fastest * (after.at - before.at).total_seconds() + slack
    north, east = abs(after.lat - before.lat), abs(after.lon - before.lon)
    # The distance along the axes, with degrees at their longest, is nearly always enough to decide.
    return (north + east) * METRES_LON <= reach_m or _metres(north, east, after.lat) <= reach_m


def after_rival(rival: Rival | None, position: UnitPosition, believable: Believable, *, flies: bool = False) -> Rival:
    """The rival track with a position that is too far from the accepted one: extended, or started again at this one."""
    if rival is None:
        return Rival(position, 1)
    if position.at <= rival.position.at:
        return rival
    agrees = reachable(rival.position, position, believable, flies=flies)
    return Rival(position, rival.agreeing + 1 if agrees else 1)


def _accuracy_m(position: UnitPosition) -> float:
    stated = position.accuracy_m
    return stated if stated is not None and isfinite(stated) else UNKNOWN_ACCURACY_M


def _off_m(lat: float, lon: float, believable: Believable) -> float:
    """Metres from the city's bounds to a point outside them."""
    north = max(believable.south - lat, lat - believable.north, 0.0) if lat == lat else lat
    east = max(believable.west - lon, lon - believable.east, 0.0) if lon == lon else lon
    return _metres(north, east, min(max(lat, believable.south), believable.north))


def _metres(north: float, east: float, lat: float) -> float:
    return hypot(north * METRES_LAT, east * METRES_LON * cos(radians(lat)))
