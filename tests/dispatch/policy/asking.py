"""Units around one place in Quito, and what is recommended for it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from dispatch.model import IncidentId, PlacedUnit, Unit, UnitId, UnitPosition, UnitStatus
from dispatch.model.city import Agency, Need
from dispatch.policy.units.recommend import RankedUnit, Recommendation, recommend
from dispatch.policy.units.unit_table import UnitTable
from geo import Location, LocationStatus, Point, Projection, StraightLine, distance_m

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LAT, LON = -0.2, -78.5
HERE = Location(LocationStatus.LOCATED, LAT, LON, 20.0, 0.95)
KMH = 36.0
AGENCIES = {"MSP": Agency("MSP", "MSP", "MSP", "A", 60, KMH)}
QUITO = Projection("EPSG:32717")
TRAVEL = StraightLine(QUITO)


def standing(
    id: str,
    north_km: float,
    *capabilities: str,
    age_s: float | None = 5,
    status: UnitStatus = UnitStatus.AVAILABLE,
    on: int | None = None,
    **more: Any,
) -> PlacedUnit:
    """`on`: the incident that it is on; `more`: of the unit."""
    lat = LAT + north_km / 110.57
    return standing_at(id, Point(lat, LON), *capabilities, age_s=age_s, status=status, on=on, **more)


def standing_at(
    id: str,
    point: Point,
    *capabilities: str,
    age_s: float | None = 5,
    status: UnitStatus = UnitStatus.AVAILABLE,
    on: int | None = None,
    **more: Any,
) -> PlacedUnit:
    at = NOW - timedelta(seconds=age_s or 0)
    position = UnitPosition(UnitId(id), point.lat, point.lon, at) if age_s is not None else None
    held = IncidentId(on) if on else None
    unit = Unit(UnitId(id), "MSP", "ambulance", capabilities, None, status, NOW, held, **more)
    return PlacedUnit(unit, point, position, distance_m(point.lat, point.lon, LAT, LON))


def ask(needs: Sequence[Need], *placed_units: PlacedUnit, location: Location = HERE, **more: Any) -> Recommendation:
    given: dict[str, Any] = {"agencies": AGENCIES, "speed_kmh": {"MSP": KMH}, "travel": TRAVEL, "at": NOW} | more
    return recommend(location=location, needs=needs, table=UnitTable.of(placed_units), **given)


def chosen(asked: Recommendation) -> list[str]:
    return [unit.unit_id for unit in asked.units if unit.chosen]


def of(asked: Recommendation, unit_id: str) -> RankedUnit:
    return next(unit for unit in asked.units if unit.unit_id == unit_id)


def codes(asked: Recommendation, unit_id: str) -> list[str]:
    return [reason["code"] for reason in of(asked, unit_id).reasons]


def reason(asked: Recommendation, unit_id: str, code: str) -> dict[str, Any]:
    return next(reason for reason in of(asked, unit_id).reasons if reason["code"] == code)
