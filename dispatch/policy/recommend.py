"""Which units should go, and why: ranked by when they would arrive, not by how near they are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatch.model import ASSIGNABLE, Standing, UnitId, UnitStatus
from dispatch.model.city import Agency, Need
from dispatch.policy.arrival import Arrival, arrivals
from geo import Location, TravelTime

SHOWN = 8
PASSED_OVER = 2


@dataclass(frozen=True, slots=True)
class RankedUnit:
    """`eta_s` is the expected arrival (mobilisation + travel), `eta_low_s`-`eta_high_s` its honest range."""

    unit_id: UnitId
    agency: str
    kind: str
    capabilities: tuple[str, ...]
    status: UnitStatus
    eta_s: float
    eta_low_s: float
    eta_high_s: float
    distance_m: float
    position_age_s: float | None
    stale: bool
    fills: str | None
    chosen: bool
    reasons: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Shortfall:
    capability: str
    missing: int


@dataclass(frozen=True, slots=True)
class Recommendation:
    """`units`: the chosen set first, then the next best, then nearer ones that were passed over, with the reason."""

    at: datetime
    needs: tuple[Need, ...]
    units: tuple[RankedUnit, ...]
    shortfalls: tuple[Shortfall, ...]


def recommend(
    *,
    location: Location,
    needs: Sequence[Need],
    standings: Sequence[Standing],
    agencies: dict[str, Agency],
    travel: TravelTime,
    stale_after_s: float,
    at: datetime,
) -> Recommendation:
    """Rank the assignable among `standings` for an emergency at `location` that needs `needs`.

    A location without a position gives no ranking: every need is then a shortfall, which says so."""
    ready = [s for s in standings if s.unit.status in ASSIGNABLE]
    ranked = arrivals(ready, location=location, agencies=agencies, travel=travel, stale_after_s=stale_after_s, at=at)
    if not ranked:
        return Recommendation(at, tuple(needs), (), tuple(Shortfall(n.capability, n.count) for n in needs))
    chosen, shortfalls = _fill(needs, ranked)
    wanted = [n.capability for n in needs]
    nearest = min(ranked, key=lambda a: (a.standing.distance_m, a.standing.unit.id))
    units = tuple(_ranked(a, nearest, wanted, chosen) for a in _shown(ranked, wanted, chosen))
    return Recommendation(at, tuple(needs), units, shortfalls)


def _fill(needs: Sequence[Need], ranked: Sequence[Arrival]) -> tuple[dict[UnitId, str], tuple[Shortfall, ...]]:
    """The first to arrive for each need; one unit fills one place. The scarcest capability chooses first, so that
    a unit which can do two things isn't spent on the one that many can do."""
    units = [a.standing.unit for a in ranked]
    able = {n.capability: [u.id for u in units if n.capability in u.capabilities] for n in needs}
    chosen: dict[UnitId, str] = {}
    missing: dict[str, int] = {}
    for need in sorted(needs, key=lambda n: len(able[n.capability]) - n.count):
        free = [unit_id for unit_id in able[need.capability] if unit_id not in chosen][: need.count]
        chosen |= dict.fromkeys(free, need.capability)
        if len(free) < need.count:
            missing[need.capability] = need.count - len(free)
    return chosen, tuple(Shortfall(n.capability, missing[n.capability]) for n in needs if n.capability in missing)


def _shown(ranked: Sequence[Arrival], wanted: Sequence[str], chosen: dict[UnitId, str]) -> list[Arrival]:
    """The chosen, the next best that are able, and the soonest of those passed over."""
    order = {unit_id: place for place, unit_id in enumerate(chosen)}
    first = sorted((a for a in ranked if a.standing.unit.id in order), key=lambda a: order[a.standing.unit.id])
    others = [a for a in ranked if a.standing.unit.id not in order]
    able = [a for a in others if not wanted or not set(wanted).isdisjoint(a.standing.unit.capabilities)]
    able = able[: max(2, SHOWN - len(first) - PASSED_OVER)]
    unable = [a for a in others if wanted and set(wanted).isdisjoint(a.standing.unit.capabilities)]
    return [*first, *able, *unable[:PASSED_OVER]]


def _ranked(arrival: Arrival, nearest: Arrival, wanted: Sequence[str], chosen: dict[UnitId, str]) -> RankedUnit:
    unit = arrival.standing.unit
    fills = chosen.get(unit.id) or next((c for c in wanted if c in unit.capabilities), None)
    return RankedUnit(
        unit_id=unit.id,
        agency=unit.agency,
        kind=unit.kind,
        capabilities=unit.capabilities,
        status=unit.status,
        eta_s=round(arrival.eta_s, 1),
        eta_low_s=round(arrival.low_s, 1),
        eta_high_s=round(arrival.high_s, 1),
        distance_m=round(arrival.standing.distance_m, 1),
        position_age_s=None if arrival.age_s is None else round(arrival.age_s, 1),
        stale=arrival.stale,
        fills=fills,
        chosen=unit.id in chosen,
        reasons=tuple(_reasons(arrival, nearest, wanted, fills, chosen)),
    )


def _reasons(
    arrival: Arrival, nearest: Arrival, wanted: Sequence[str], fills: str | None, chosen: dict[UnitId, str]
) -> Iterator[dict[str, Any]]:
    unit, nearer = arrival.standing.unit, nearest.standing.unit
    if arrival is nearest:
        yield {"code": "nearest"}
    if fills:
        yield {"code": "capable", "capability": fills}
    elif wanted:
        yield {"code": "not_capable", "lacks": wanted}
    if unit.id in chosen and nearer.id not in chosen:
        yield {"code": "not_nearest", "nearer": nearer.id, "because": _why_not(nearest, fills)}
    if arrival.age_s is None:
        yield {"code": "at_station"}
    elif arrival.stale:
        yield {"code": "stale_position", "age_s": round(arrival.age_s, 1)}
    if unit.status is UnitStatus.RETURNING:
        yield {"code": "returning"}


def _why_not(nearest: Arrival, fills: str | None) -> str:
    if fills not in nearest.standing.unit.capabilities:
        return "not_capable"
    return "stale_position" if nearest.stale else "later_arrival"
