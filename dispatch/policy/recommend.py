"""Which units should go, and why: ranked by when they would arrive, not by how near they are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import hypot
from typing import Any

import numpy as np

from dispatch.model import ASSIGNABLE, Standing, UnitId, UnitStatus
from dispatch.model.city import Agency, Need
from geo import Location, Point, TravelTime

# Turnout and driving vary from the expected by about this share to either side (a stated assumption).
SPREAD = 0.2
# A unit not heard from may have gone any way at city speed; this share of it is what it is likely to be off by.
DRIFT_MPS = 4.0
SHOWN = 8


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
    if location.lat is None or location.lon is None or not ready:
        return Recommendation(at, tuple(needs), (), tuple(Shortfall(n.capability, n.count) for n in needs))
    ranked = _arrivals(ready, location, agencies, travel, stale_after_s, at)
    chosen, shortfalls = _fill(needs, ranked)
    told = [_with_reasons(unit, ranked, needs, chosen) for unit in ranked]
    return Recommendation(at, tuple(needs), _shown(told, chosen), shortfalls)


def _arrivals(
    ready: Sequence[Standing],
    location: Location,
    agencies: dict[str, Agency],
    travel: TravelTime,
    stale_after_s: float,
    at: datetime,
) -> list[RankedUnit]:
    assert location.lat is not None and location.lon is not None
    target = Point(location.lat, location.lon)
    lats = np.array([s.point.lat for s in ready])
    lons = np.array([s.point.lon for s in ready])
    speeds = np.array([agencies[s.unit.agency].speed_kmh for s in ready])
    driving = travel.seconds(lats, lons, target, speed_kmh=speeds)
    ranked = []
    for standing, drive_s, kmh in zip(ready, driving, speeds, strict=True):
        unit, position = standing.unit, standing.position
        age = max(0.0, (at - position.at).total_seconds()) if position else None
        stale = age is None or age > stale_after_s
        drift_m = min(DRIFT_MPS * age, 3_000.0) if age is not None and stale else 0.0
        slack_s = hypot(drift_m, location.radius_m or 0.0) * 3.6 / kmh
        ready_s = agencies[unit.agency].mobilisation_s
        # A unit that may be anywhere around its last position is on average farther than that position.
        eta = ready_s + hypot(drive_s, drift_m * 3.6 / kmh)
        ranked.append(
            RankedUnit(
                unit_id=unit.id,
                agency=unit.agency,
                kind=unit.kind,
                capabilities=unit.capabilities,
                status=unit.status,
                eta_s=round(float(eta), 1),
                eta_low_s=round(float(max(ready_s * (1 - SPREAD), eta * (1 - SPREAD) - slack_s)), 1),
                eta_high_s=round(float(eta * (1 + SPREAD) + slack_s), 1),
                distance_m=round(standing.distance_m, 1),
                position_age_s=None if age is None else round(age, 1),
                stale=stale and age is not None,
                fills=None,
                chosen=False,
                reasons=(),
            )
        )
    return sorted(ranked, key=lambda r: (r.eta_s, r.unit_id))


def _fill(needs: Sequence[Need], ranked: Sequence[RankedUnit]) -> tuple[dict[UnitId, str], tuple[Shortfall, ...]]:
    """The first to arrive for each need; one unit fills one place. The scarcest capability chooses first, so that
    a unit which can do two things isn't spent on the one that many can do."""
    able = {n.capability: [r for r in ranked if n.capability in r.capabilities] for n in needs}
    chosen: dict[UnitId, str] = {}
    missing: dict[str, int] = {}
    for need in sorted(needs, key=lambda n: len(able[n.capability]) - n.count):
        free = [r for r in able[need.capability] if r.unit_id not in chosen][: need.count]
        chosen |= {r.unit_id: need.capability for r in free}
        if len(free) < need.count:
            missing[need.capability] = need.count - len(free)
    return chosen, tuple(Shortfall(n.capability, missing[n.capability]) for n in needs if n.capability in missing)


def _with_reasons(
    unit: RankedUnit, ranked: Sequence[RankedUnit], needs: Sequence[Need], chosen: dict[UnitId, str]
) -> RankedUnit:
    wanted = [n.capability for n in needs]
    fills = chosen.get(unit.unit_id) or next((c for c in wanted if c in unit.capabilities), None)
    reasons: list[dict[str, Any]] = []
    nearest = min(ranked, key=lambda r: r.distance_m)
    if unit is nearest:
        reasons.append({"code": "nearest"})
    if fills:
        reasons.append({"code": "capable", "capability": fills})
    elif wanted:
        reasons.append({"code": "not_capable", "lacks": wanted})
    if unit.unit_id in chosen and unit is not nearest and nearest.unit_id not in chosen:
        because = "stale_position" if nearest.stale and fills in nearest.capabilities else "not_capable"
        if fills in nearest.capabilities and not nearest.stale:
            because = "later_arrival"
        reasons.append({"code": "not_nearest", "nearer": nearest.unit_id, "because": because})
    if unit.position_age_s is None:
        reasons.append({"code": "at_station"})
    elif unit.stale:
        reasons.append({"code": "stale_position", "age_s": unit.position_age_s})
    if unit.status is UnitStatus.RETURNING:
        reasons.append({"code": "returning"})
    return replace(unit, fills=fills, chosen=unit.unit_id in chosen, reasons=tuple(reasons))


def _shown(told: Sequence[RankedUnit], chosen: dict[UnitId, str]) -> tuple[RankedUnit, ...]:
    order = list(chosen)
    first = sorted((r for r in told if r.chosen), key=lambda r: order.index(r.unit_id))
    others = [r for r in told if not r.chosen]
    capable = [r for r in others if r.fills or not chosen][: max(2, SHOWN - len(first) - 2)]
    passed_over = [r for r in others if r not in capable][:2]
    return (*first, *capable, *passed_over)
