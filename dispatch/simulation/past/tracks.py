"""Where the units that are out have been lately, as their devices would have sent it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from dispatch.model import Unit, UnitPosition, UnitStatus
from dispatch.simulation.driving import Vehicle
from dispatch.simulation.past.missions import Drive
from geo import Projection

EVERY_S = 10.0
LONGEST_S = 900.0
# One that should be there by now, and isn't, is near.
NEAR = 0.92
DRIVING = frozenset({UnitStatus.EN_ROUTE, UnitStatus.TRANSPORTING, UnitStatus.RETURNING})
STANDING = frozenset({UnitStatus.ON_SCENE, UnitStatus.AT_HOSPITAL})
ACCURACY_M = 10.0


def track(unit: Unit, drive: Drive, until: datetime, projection: Projection, random: Random) -> list[UnitPosition]:
    """Oldest first, the last of `until`. None of a unit that isn't out."""
    if unit.status in STANDING:
        lat, lon = projection.inverse(*drive.end)
        return [_position(unit, lat, lon, until, None, 0.0)]
    if unit.status not in DRIVING:
        return []
    vehicle = Vehicle(drive.start)
    vehicle.drive_to(drive.end, random)
    passed_s = (until - drive.since).total_seconds()
    speed_mps = vehicle.left_m * min(NEAR / max(passed_s, 1.0), 1 / drive.usual_s)
    return [
        _position(unit, *projection.inverse(*vehicle.place), at, vehicle.heading_deg, speed_mps)
        for at in _moments(drive.since, until, vehicle, speed_mps)
    ]


def _moments(since: datetime, until: datetime, vehicle: Vehicle, speed_mps: float) -> Iterator[datetime]:
    """As the vehicle gets there."""
    at = max(since, until - timedelta(seconds=LONGEST_S))
    vehicle.advance(speed_mps * (at - since).total_seconds())
    while True:
        yield at
        if at == until:
            return
        later = min(until, at + timedelta(seconds=EVERY_S))
        vehicle.advance(speed_mps * (later - at).total_seconds())
        at = later


def _position(
    unit: Unit, lat: float, lon: float, at: datetime, heading_deg: float | None, speed_mps: float
) -> UnitPosition:
    heading = None if heading_deg is None else round(heading_deg, 1)
    return UnitPosition(unit.id, round(lat, 6), round(lon, 6), at, heading, round(speed_mps, 1), ACCURACY_M)
