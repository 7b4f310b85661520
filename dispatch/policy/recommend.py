"""Which units should go, and why: ranked by when they would arrive, not by how near they are."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo

import numpy as np
from numpy.typing import NDArray

from dispatch.model import ASSIGNABLE, IncidentId, UnitId, UnitStatus
from dispatch.model.city import Agency, Need
from dispatch.policy.arrival import Arrivals, arrivals
from dispatch.policy.choice import choose
from dispatch.policy.filling import plan_of
from dispatch.policy.lineup import Lineup
from dispatch.policy.preference import BALANCED, CLOSEST, Preference
from dispatch.policy.reasons import Telling
from dispatch.policy.recommendation import Preempts, RankedUnit, Recommendation, Shortfall
from dispatch.policy.shift import minute_of_day
from dispatch.policy.shown import shown, takeable
from geo import Location, Parishes, Roads, TravelTime, support_points

__all__ = ["BALANCED", "CLOSEST", "Preempts", "Preference", "RankedUnit", "Recommendation", "Shortfall", "recommend"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
FARTHEST_OFF_M = 2_000.0
NOT_THERE_YET = frozenset({UnitStatus.DISPATCHED, UnitStatus.EN_ROUTE})


def recommend(
    *,
    location: Location,
    needs: Sequence[Need],
    lineup: Lineup,
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
    with_certainty: bool = True,
) -> Recommendation:
    """Rank the units of `lineup` for an emergency at `location`, of this `priority`, that still needs `needs`.

    `speed_kmh`: each agency's at this hour. `zone`: the city's, in which shifts are written. `parishes`: give a wide
    location its shape. `engaged`: the priority of each open incident that units are on. `coverage_lost`: what the city
    loses with each unit that may be sent; one that isn't named loses nothing. `with_certainty`: say too whether one
    would choose the same wherever the caller is; it costs a choice for each place.

    The answer depends on the arguments alone. A location without a position gives no ranking: every need is then a
    shortfall, which says so."""
    plan = plan_of(tuple(needs))
    support = support_points(location, parishes=parishes, small_m=preference.small_m)
    preempted = _preempted(lineup, engaged, priority)
    asked = lineup.take(_is_free(lineup) | np.array([unit.id in preempted for unit in lineup.units], np.bool_))
    if not support or not len(asked):
        return Recommendation(at, plan.needs, (), tuple(Shortfall(n.capability, n.count) for n in plan.left(())))
    all_ = arrivals(asked, support=support, agencies=agencies, speed_kmh=speed_kmh, travel=travel, at=at)
    is_free = _is_free(all_.lineup)
    free, taken = all_.where(is_free), all_.where(~is_free)
    choice = choose(plan, free, coverage_lost=coverage_lost, preference=preference, with_certainty=with_certainty)
    rows = shown(plan, free, choice, preference=preference)
    taken_rows = takeable(plan, taken, free, choice, preference=preference)
    nearest = _nearest(free)
    telling = Telling(
        plan=plan,
        choice=choice,
        nearest=None if nearest is None else free.lineup.units[nearest],
        nearest_is_stale=nearest is not None and bool(free.stale[nearest]),
        coverage_lost=coverage_lost,
        off_road_m=_off_road_m(free.lineup, rows, travel) | _off_road_m(taken.lineup, taken_rows, travel),
        preference=preference,
        minute_of_day=minute_of_day(at, zone),
    )
    units = (
        *(telling.unit(free, row) for row in rows),
        *(telling.unit(taken, row, preempted[taken.ids[row]]) for row in taken_rows),
    )
    return Recommendation(at, plan.needs, units, choice.shortfalls, choice.certainty)


def _is_free(lineup: Lineup) -> Bools:
    return lineup.which(lambda sort: sort.status in ASSIGNABLE)


def _preempted(lineup: Lineup, engaged: Mapping[IncidentId, int], priority: int) -> dict[UnitId, Preempts]:
    """The lesser incidents that units are on their way to; nobody else can be taken from one."""
    under_way = lineup.units[lineup.which(lambda sort: sort.status in NOT_THERE_YET)]
    on = ((unit.id, unit.incident_id) for unit in under_way if unit.incident_id in engaged)
    return {unit_id: Preempts(number, engaged[number]) for unit_id, number in on if engaged[number] > priority}


def _nearest(free: Arrivals) -> int | None:
    """The row of whoever is nearest by the straight line, of equals the first by id."""
    if not len(free):
        return None
    nearest = np.flatnonzero(free.lineup.distance_m == free.lineup.distance_m.min()).tolist()
    return min(nearest, key=free.ids.__getitem__)


def _off_road_m(lineup: Lineup, rows: Sequence[int], travel: TravelTime) -> dict[UnitId, float]:
    """Where ways are measured on roads."""
    if not isinstance(travel, Roads) or not rows:
        return {}
    told = lineup.take(list(rows))
    off_m = np.minimum(travel.off_road_m(told.lats, told.lons), FARTHEST_OFF_M)
    return {unit.id: metres for unit, metres in zip(told.units, off_m.tolist(), strict=True)}
