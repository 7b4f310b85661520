"""Shapes that only the wire has."""

from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter

from dispatch.desk.units.late_status import LateStatus
from dispatch.desk.units.recommendation import Advice
from dispatch.model import (
    Assignment,
    Call,
    CallId,
    Channel,
    Event,
    Incident,
    IncidentId,
    QuarantineItem,
    QuarantineSender,
    Unit,
    UnitPosition,
)
from dispatch.model.call import as_sent
from dispatch.model.city import Need
from dispatch.model.report import masked
from dispatch.policy.units.recommendation import Certainty, RankedUnit, Shortfall
from dispatch.store import journal
from dispatch.store.calls import calls, fixes
from dispatch.store.db import Connection, Pool, connection
from dispatch.store.incidents import incidents
from dispatch.travel.choice import Fallback, TravelSource
from geo import Fix, Location, Source

# So many of the fixes that are no longer reckoned with still show where a caller went.
LONGEST_TRAIL = 100


@dataclass(frozen=True, slots=True)
class IncidentPage:
    items: list[Incident]
    next: int | None


@dataclass(frozen=True, slots=True)
class LastPosition:
    """Where a unit was last believed to be. `at`: by its device's clock; `age_s`: seconds from then until this
    answer."""

    lat: float
    lon: float
    at: datetime
    age_s: float
    heading_deg: float | None
    speed_mps: float | None
    accuracy_m: float | None


@dataclass(frozen=True, slots=True)
class UnitView(Unit):
    """`position` is null where nothing was heard of the unit yet."""

    position: LastPosition | None = None


@dataclass(frozen=True, slots=True)
class UnitPage:
    items: list[UnitView]
    next: None = None


_unit_values = attrgetter(*(field.name for field in fields(Unit)))


def unit_view(unit: Unit, position: UnitPosition | None, *, at: datetime) -> UnitView:
    """The unit with its last position and the age of that one `at` this moment."""
    last = None if position is None else _last(position, at)
    return UnitView(*(*_unit_values(unit), last))


def _last(position: UnitPosition, at: datetime) -> LastPosition:
    # A device's clock may be a little ahead of ours.
    age_s = max(0.0, round((at - position.at).total_seconds(), 1))
    return LastPosition(
        position.lat,
        position.lon,
        position.at,
        age_s,
        position.heading_deg,
        position.speed_mps,
        position.accuracy_m,
    )


@dataclass(frozen=True, slots=True)
class UnitAfterStatus(Unit):
    """`late`: the status was of before the unit's present one, which stays."""

    late: LateStatus | None = None

    @classmethod
    def of(cls, unit: Unit, late: LateStatus | None) -> "UnitAfterStatus":
        return cls(**{field.name: getattr(unit, field.name) for field in fields(Unit)}, late=late)


@dataclass(frozen=True, slots=True)
class QuarantinePage:
    """`open`: how many there are in all; `senders`: of whom, those with most first."""

    items: list[QuarantineItem]
    next: int | None
    open: int
    senders: list[QuarantineSender]


@dataclass(frozen=True, slots=True)
class CallTrailPoint:
    """Where a caller was: one fix, by its own time."""

    lat: float
    lon: float
    at: datetime
    radius_m: float | None
    source: Source


@dataclass(frozen=True, slots=True)
class KnownCall(Call):
    """`fixes` are those that the call is located by; there were `fixes_in_all`."""

    fixes_in_all: int = 0


@dataclass(frozen=True, slots=True)
class CallView:
    """A call as a dispatcher sees it: the number only in part. `likeness`, 0-1: it was joined without a person, for
    being that much alike; `linked_from`: the incident it was of before two were linked."""

    id: CallId
    channel: Channel
    number_masked: str | None
    name: str | None
    nature: str | None
    text: str | None
    location: Location
    received_at: datetime
    flaws: list[str]
    trail: list[CallTrailPoint]
    likeness: float | None
    linked_from: IncidentId | None


@dataclass(frozen=True, slots=True)
class IncidentView:
    incident: Incident
    calls: list[CallView]
    assignments: list[Assignment]
    timeline: list[Event]


@dataclass(frozen=True, slots=True)
class TravelView:
    """How arrival times were made and, where another way was wanted, why it wasn't used."""

    source: TravelSource
    fallback: Fallback | None


@dataclass(frozen=True, slots=True)
class RecommendationView:
    """`alarm`: the one asked about, of `alarms` that the plan of the incident's nature has; `needs`: what it sends that
    isn't on its way yet."""

    incident_id: int
    at: datetime
    alarm: int
    alarms: int
    needs: tuple[Need, ...]
    units: tuple[RankedUnit, ...]
    shortfalls: tuple[Shortfall, ...]
    travel: TravelView
    certainty: Certainty | None

    @classmethod
    def of(cls, incident_id: int, advice: Advice) -> "RecommendationView":
        said, made = advice.recommendation, advice.travelled
        return cls(
            incident_id,
            said.at,
            advice.alarm,
            advice.alarms,
            said.needs,
            said.units,
            said.shortfalls,
            TravelView(made.source, made.fallback),
            said.certainty,
        )


async def incident_view(pool: Pool, incident_id: IncidentId) -> IncidentView:
    """Raises NotFound."""
    async with connection(pool) as db:
        incident = await incidents.get(db, incident_id=incident_id)
        flaws = await calls.flaws(db, incident_id=incident_id)
        older = await fixes.latest(db, incident_id=incident_id, most=LONGEST_TRAIL)
        return IncidentView(
            incident,
            [
                _call(c, flaws.get(c.id, []), older.get(c.id, []))
                for c in await calls.of_incident(db, incident_id=incident_id)
            ],
            await incidents.assignments(db, incident_id=incident_id),
            await journal.of_incident(db, incident_id=incident_id),
        )


async def known_call(db: Connection, call: Call, *, as_its_sender: bool) -> KnownCall:
    """`as_its_sender`: with nothing in it that others added."""
    added_to = as_its_sender and call.own is not None
    seen = as_sent(call) if as_its_sender else call
    others = 0 if added_to else await fixes.count(db, call_id=call.id)
    told = {field.name: getattr(seen, field.name) for field in fields(Call)}
    return KnownCall(**told, fixes_in_all=len(seen.fixes) + others)


def _call(call: Call, flaws: list[str], older: list[Fix]) -> CallView:
    return CallView(
        call.id,
        call.channel,
        masked(call.caller.number),
        call.caller.name,
        call.nature,
        call.text,
        call.location,
        call.received_at,
        flaws,
        _trail([*older, *call.fixes]),
        call.likeness,
        call.linked_from,
    )


def _trail(fixes: list[Fix]) -> list[CallTrailPoint]:
    """The way of a caller who moves, oldest first; fixes that don't say when tell nothing of a way."""
    points = [CallTrailPoint(f.point.lat, f.point.lon, f.at, f.radius_m, f.source) for f in fixes if f.point and f.at]
    return sorted(points, key=lambda p: p.at)
