"""Which units should go, and why: ranked by when they would arrive, not by how near they are."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from dispatch.model import ASSIGNABLE, IncidentId, Standing, UnitId, UnitStatus
from dispatch.model.city import Agency, Need
from dispatch.policy.arrival import arrivals
from dispatch.policy.choice import choose
from dispatch.policy.filling import Plan
from dispatch.policy.preference import BALANCED, CLOSEST, Preference
from dispatch.policy.reasons import Telling
from dispatch.policy.recommendation import Preempts, RankedUnit, Recommendation, Shortfall
from dispatch.policy.shown import shown, takeable
from geo import Location, Parishes, TravelTime, support_points

__all__ = ["BALANCED", "CLOSEST", "Preempts", "Preference", "RankedUnit", "Recommendation", "Shortfall", "recommend"]

Floats = NDArray[np.float64]
FARTHEST_OFF_M = 2_000.0
NOT_THERE_YET = frozenset({UnitStatus.DISPATCHED, UnitStatus.EN_ROUTE})


@runtime_checkable
class KnowsRoads(Protocol):
    def off_road_m(self, lats: Floats, lons: Floats) -> Floats:
        """Metres from each of n places to the nearest road, inf where none is in reach."""
        ...


def recommend(
    *,
    location: Location,
    needs: Sequence[Need],
    standings: Sequence[Standing],
    agencies: Mapping[str, Agency],
    speed_kmh: Mapping[str, float],
    travel: TravelTime,
    at: datetime,
    zone: tzinfo = UTC,
    parishes: Parishes | None = None,
    priority: int = 5,
    engaged: Mapping[IncidentId, int] = {},
    coverage_lost: Mapping[UnitId, float] = {},
    preference: Preference = BALANCED,
) -> Recommendation:
    """Rank `standings` for an emergency at `location`, of this `priority`, that still needs `needs`.

    `speed_kmh`: each agency's at this hour. `zone`: the city's, in which shifts are written. `parishes`: give a wide
    location its shape. `engaged`: the priority of each open incident that units are on. `coverage_lost`: what the city
    loses with each unit that may be sent; one that isn't named loses nothing.

    The answer depends on the arguments alone, in whatever order `standings` come. A location without a position gives
    no ranking: every need is then a shortfall, which says so."""
    plan = Plan(tuple(needs))
    support = support_points(location, parishes=parishes, small_m=preference.small_m)
    asked = [s for s in standings if s.unit.status in ASSIGNABLE or _preempted(s, engaged, priority)]
    if not support or not asked:
        return Recommendation(at, plan.needs, (), tuple(Shortfall(n.capability, n.count) for n in plan.left(())))
    all_ = arrivals(asked, support=support, agencies=agencies, speed_kmh=speed_kmh, travel=travel, at=at)
    is_free = np.array([s.unit.status in ASSIGNABLE for s in all_.standings], np.bool_)
    free, taken = all_.where(is_free), all_.where(~is_free)
    choice = choose(plan, free, coverage_lost=coverage_lost, preference=preference)
    rows = shown(plan, free, choice, preference=preference)
    taken_rows = takeable(plan, taken, free, choice, preference=preference)
    told = [*(free.standings[row] for row in rows), *(taken.standings[row] for row in taken_rows)]
    telling = Telling(
        plan=plan,
        choice=choice,
        nearest=min(free.standings, key=lambda s: (s.distance_m, s.unit.id), default=None),
        stale={s.unit.id: stale for s, stale in zip(all_.standings, all_.stale.tolist(), strict=True)},
        coverage_lost=coverage_lost,
        off_road_m=_off_road_m(told, travel),
        preference=preference,
        at=at,
        zone=zone,
    )
    units = (
        *(telling.unit(free, row) for row in rows),
        *(telling.unit(taken, row, _preempted(taken.standings[row], engaged, priority)) for row in taken_rows),
    )
    return Recommendation(at, plan.needs, units, choice.shortfalls, choice.certainty)


def _preempted(standing: Standing, engaged: Mapping[IncidentId, int], priority: int) -> Preempts | None:
    """The lesser incident that a unit is on its way to; None where it can't be taken from one."""
    unit = standing.unit
    if unit.status not in NOT_THERE_YET or unit.incident_id is None:
        return None
    lesser = engaged.get(unit.incident_id, 0)
    return Preempts(unit.incident_id, lesser) if lesser > priority else None


def _off_road_m(standings: Sequence[Standing], travel: TravelTime) -> dict[UnitId, float]:
    """Where ways are measured on roads."""
    if not isinstance(travel, KnowsRoads) or not standings:
        return {}
    lats, lons = (np.array([getattr(s.point, axis) for s in standings]) for axis in ("lat", "lon"))
    off_m = np.minimum(travel.off_road_m(lats, lons), FARTHEST_OFF_M)
    return {s.unit.id: metres for s, metres in zip(standings, off_m.tolist(), strict=True)}
