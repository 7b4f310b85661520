"""A unit, and the allowed steps between its statuses."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dispatch.model.ids import IncidentId, UnitId
from geo import Point


class UnitStatus(StrEnum):
    AVAILABLE = "available"
    DISPATCHED = "dispatched"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    TRANSPORTING = "transporting"
    AT_HOSPITAL = "at_hospital"
    RETURNING = "returning"
    OUT_OF_SERVICE = "out_of_service"
    OFF_DUTY = "off_duty"


S = UnitStatus

# What a crew or dispatcher may set. Becoming `dispatched`, and leaving an incident early, are done by assignment and
# release; therefore no status on an incident leads to `available` without `returning` here.
STEPS: dict[UnitStatus, frozenset[UnitStatus]] = {
    S.AVAILABLE: frozenset({S.OUT_OF_SERVICE, S.OFF_DUTY, S.RETURNING}),
    S.DISPATCHED: frozenset({S.EN_ROUTE, S.ON_SCENE}),
    S.EN_ROUTE: frozenset({S.ON_SCENE}),
    S.ON_SCENE: frozenset({S.TRANSPORTING, S.RETURNING, S.AVAILABLE}),
    S.TRANSPORTING: frozenset({S.AT_HOSPITAL}),
    S.AT_HOSPITAL: frozenset({S.RETURNING, S.AVAILABLE}),
    S.RETURNING: frozenset({S.AVAILABLE, S.OUT_OF_SERVICE, S.OFF_DUTY}),
    S.OUT_OF_SERVICE: frozenset({S.AVAILABLE, S.OFF_DUTY}),
    S.OFF_DUTY: frozenset({S.AVAILABLE, S.OUT_OF_SERVICE}),
}

ASSIGNABLE = frozenset({S.AVAILABLE, S.RETURNING})
ON_INCIDENT = frozenset({S.DISPATCHED, S.EN_ROUTE, S.ON_SCENE, S.TRANSPORTING, S.AT_HOSPITAL})


@dataclass(frozen=True, slots=True)
class Unit:
    """`incident_id` is set exactly while the status is in ON_INCIDENT. `crew`: names or call signs; `shift`:
    "07:00-19:00", local, None if unknown; `silent_since`: not heard for longer than its agency allows; `removed_at`: no
    longer in the fleet."""

    id: UnitId
    agency: str
    kind: str
    capabilities: tuple[str, ...]
    station: str | None
    status: UnitStatus
    since: datetime
    incident_id: IncidentId | None = None
    version: int = 1
    crew: tuple[str, ...] = ()
    shift: str | None = None
    silent_since: datetime | None = None
    removed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UnitPosition:
    """A position that a unit reported. `at` is the device's clock, UTC."""

    unit_id: UnitId
    lat: float
    lon: float
    at: datetime
    heading_deg: float | None = None
    speed_mps: float | None = None
    accuracy_m: float | None = None


@dataclass(frozen=True, slots=True)
class PlacedUnit:
    """A unit with its best known place: its last position, else its station (`position` None).

    `distance_m` is the straight line to the place in question."""

    unit: Unit
    point: Point
    position: UnitPosition | None
    distance_m: float
