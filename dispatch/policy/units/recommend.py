"""Which units should go, and why: ranked by arrival, not by distance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

import numpy as np

from dispatch.model import IncidentId, UnitId
from dispatch.model.city import Agency, Need
from dispatch.policy.units.arrival import Arrivals, Place, arrivals
from dispatch.policy.units.candidates import Candidates
from dispatch.policy.units.capability_matching import Plan, plan_of
from dispatch.policy.units.choice import choose
from dispatch.policy.units.preference import BALANCED, CLOSEST, Preference
from dispatch.policy.units.reasons import ReasonWriter
from dispatch.policy.units.recommendation import Preempts, RankedUnit, Recommendation, Shortfall
from dispatch.policy.units.shift import minute_of_day
from dispatch.policy.units.shortlist import preemptable, shortlist
from dispatch.policy.units.unit_table import UnitTable
from geo import Location, Parishes, Roads, TravelTime, support_points

__all__ = [
    "BALANCED",
    "CLOSEST",
    "Preempts",
    "Preference",
    "Question",
    "RankedUnit",
    "Recommendation",
    "Shortfall",
    "recommend",
    "recommend_each",
]

FARTHEST_OFF_M = 2_000.0


@dataclass(frozen=True, slots=True)
class Question:
    """An emergency at `location`, of this `priority`, that still needs `needs`."""

    location: Location
    needs: tuple[Need, ...]
    priority: int = 5


def recommend(
    *,
    location: Location,
    needs: Sequence[Need],
    table: UnitTable,
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
    """Rank the units of `table` for one emergency; see `recommend_each`."""
    [answer] = recommend_each(
        [Question(location, tuple(needs), priority)],
        table=table,
        agencies=agencies,
        speed_kmh=speed_kmh,
        travel=travel,
        at=at,
        zone=zone,
        parishes=parishes,
        engaged=engaged,
        coverage_lost=coverage_lost,
        preference=preference,
        with_certainty=with_certainty,
    )
    return answer


def recommend_each(
    questions: Sequence[Question],
    *,
    table: UnitTable,
    agencies: Mapping[str, Agency],
    speed_kmh: Mapping[str, float],
    travel: TravelTime,
    at: datetime,
    zone: tzinfo = UTC,
    parishes: Parishes | None = None,
    engaged: Mapping[IncidentId, int] = {},
    coverage_lost: Mapping[UnitId, float] = {},
    preference: Preference = BALANCED,
    with_certainty: bool = True,
    with_alternatives: bool = True,
) -> list[Recommendation]:
    """Rank the units of `table`, whose distances have a column for each of the q `questions`, for each of them, as if
    the others did not exist: no unit has been sent yet.

    `speed_kmh`: each agency's at this hour. `zone`: the city's time zone, in which shifts are written. `parishes`: give
    a wide location its shape. `engaged`: the priority of each open incident that units are on. `coverage_lost`: the
    city's loss with each unit that may be sent; 0 for units that aren't named. `with_certainty`: also compute whether
    the choice would be the same wherever the caller is; it costs a choice for each place. `with_alternatives`: also
    return the next best and those passed over.

    The result depends on the arguments alone. A location without a position gives no ranking: all needs are then
    shortfalls."""
    supports = [support_points(q.location, parishes=parishes, small_m=preference.small_m) for q in questions]
    answers = [_nobody(at, plan_of(question.needs)) for question in questions]
    asked = [number for number, support in enumerate(supports) if support and len(table)]
    if not asked:
        return answers
    candidates = Candidates.of(
        replace(table, distance_m=table.distance_m[:, asked]),
        agencies=agencies,
        speed_kmh=speed_kmh,
        at=at,
        engaged=engaged,
        coverage_lost=coverage_lost,
    )
    minute = minute_of_day(at, zone)
    answering = _Answering(travel, coverage_lost, preference, minute, with_certainty, with_alternatives)
    places = [Place(supports[number], questions[number].priority) for number in asked]
    for number, there in zip(asked, arrivals(candidates, places, travel=travel), strict=True):
        answers[number] = answering.answer(plan_of(questions[number].needs), there)
    return answers


def _nobody(at: datetime, plan: Plan) -> Recommendation:
    return Recommendation(at, plan.needs, (), tuple(Shortfall(n.capability, n.count) for n in plan.left(())))


@dataclass(frozen=True, slots=True)
class _Answering:
    """Data common to all questions asked at one moment."""

    travel: TravelTime
    coverage_lost: Mapping[UnitId, float]
    preference: Preference
    minute_of_day: float
    with_certainty: bool
    with_alternatives: bool

    def answer(self, plan: Plan, there: Arrivals) -> Recommendation:
        choice = choose(plan, there, preference=self.preference, with_certainty=self.with_certainty)
        if self.with_alternatives:
            rows = shortlist(plan, there, choice, preference=self.preference)
            taken = preemptable(plan, there, choice, preference=self.preference)
        else:
            rows, taken = sorted(choice.fills, key=lambda row: (there.eta_s.item(row), row)), []
        telling = ReasonWriter(
            plan=plan,
            arrivals=there,
            choice=choice,
            able=there.candidates.able(plan),
            nearest=_nearest(there),
            coverage_lost=self.coverage_lost,
            off_road_m=_off_road_m(there, [*rows, *taken], self.travel),
            preference=self.preference,
            minute_of_day=self.minute_of_day,
        )
        units = (*map(telling.unit, rows), *(telling.unit(row, _preempts(there, row)) for row in taken))
        return Recommendation(there.candidates.at, plan.needs, units, choice.shortfalls, choice.certainty)


def _nearest(there: Arrivals) -> int | None:
    """The nearest available unit by the straight line, of equals the first by id."""
    free = np.sort(there.free)
    return int(free[np.argmin(there.distance_m[free])]) if len(free) else None


def _preempts(there: Arrivals, row: int) -> Preempts:
    unit, priority = there.candidates.table.units[row], there.candidates.engaged.item(row)
    return Preempts(unit.incident_id, int(priority))


def _off_road_m(there: Arrivals, rows: Sequence[int], travel: TravelTime) -> dict[int, float]:
    """If travel is measured on roads."""
    if not isinstance(travel, Roads) or not rows:
        return {}
    table = there.candidates.table
    off_m = np.minimum(travel.off_road_m(table.lats[rows], table.lons[rows]), FARTHEST_OFF_M)
    return dict(zip(rows, off_m.tolist(), strict=True))
