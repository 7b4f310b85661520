"""Reasons for a unit's rank, as data that the console translates. docs/recommendation.md lists all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any

from dispatch.model import Unit, UnitId, UnitStatus
from dispatch.policy.units.arrival import Arrivals
from dispatch.policy.units.candidates import Able
from dispatch.policy.units.capability_matching import Plan
from dispatch.policy.units.choice import Choice
from dispatch.policy.units.preference import Preference
from dispatch.policy.units.recommendation import Preempts, RankedUnit
from dispatch.policy.units.shift import minutes_left

# A place this far from any road is reached on foot, or the position is wrong.
OFF_ROAD_M = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonWriter:
    """Data common to all shown units. `nearest`: by the straight line, of the available units; `off_road_m`: if travel
    was measured on roads. Units are given by their rows."""

    plan: Plan
    arrivals: Arrivals
    choice: Choice
    able: Able
    nearest: int | None
    coverage_lost: Mapping[UnitId, float]
    off_road_m: Mapping[int, float]
    preference: Preference
    minute_of_day: float

    def unit(self, row: int, preempts: Preempts | None = None) -> RankedUnit:
        arrivals, candidates = self.arrivals, self.arrivals.candidates
        unit: Unit = candidates.table.units[row]
        age_s, is_stale = candidates.age_s.item(row), candidates.is_stale.item(row)
        lost, fills = self.coverage_lost.get(unit.id), self._fills(row)
        return RankedUnit(
            unit_id=unit.id,
            agency=unit.agency,
            kind=unit.kind,
            capabilities=unit.capabilities,
            status=unit.status,
            eta_s=round(arrivals.eta_s.item(row), 1),
            eta_low_s=round(arrivals.low_s.item(row), 1),
            eta_high_s=round(arrivals.high_s.item(row), 1),
            distance_m=round(arrivals.distance_m.item(row), 1),
            position_age_s=None if isnan(age_s) else round(age_s, 1),
            stale=is_stale,
            fills=fills,
            chosen=row in self.choice.fills,
            reasons=(
                *self._of_choice(row, unit, fills),
                *self._of_place(row, unit, age_s, is_stale),
                *self._of_crew(unit, preempts),
            ),
            preempts=preempts,
            coverage_lost=None if lost is None else round(lost, 3),
        )

    def _fills(self, row: int) -> str | None:
        """The capability it is, or would be, sent for: preferably one that no unit fills."""
        if row in self.choice.fills:
            return self.choice.fills[row]
        able = self.able.each[row]
        missing = (s.capability for s in self.choice.shortfalls if s.capability in able)
        return next(missing, able[0] if able else None)

    def _of_choice(self, row: int, unit: Unit, fills: str | None) -> Iterator[dict[str, Any]]:
        chosen, first, nearest = self.choice.fills, self.choice.first, self.nearest
        if nearest == row:
            yield {"code": "nearest"}
        if fills:
            yield {"code": "capable", "capability": fills}
        elif self.plan.wanted:
            yield {"code": "not_capable", "lacks": list(self.plan.wanted)}
        if nearest is not None and row in chosen and nearest not in chosen and nearest not in first:
            nearer: Unit = self.arrivals.candidates.table.units[nearest]
            yield {"code": "not_nearest", "nearer": nearer.id, "because": self._why_not(nearest, nearer, fills)}
        lost = round(self.coverage_lost.get(unit.id, 0.0), 3)
        if row in chosen and row not in first:
            yield {"code": "keeps_coverage", "lost": lost}
        if row in first and row not in chosen:
            yield {"code": "costs_coverage", "lost": lost}

    def _why_not(self, nearest: int, nearer: Unit, fills: str | None) -> str:
        if fills not in nearer.capabilities:
            return "not_capable"
        return "stale_position" if self.arrivals.candidates.is_stale[nearest] else "later_arrival"

    def _of_place(self, row: int, unit: Unit, age_s: float, is_stale: bool) -> Iterator[dict[str, Any]]:
        if isnan(age_s):
            yield {"code": "at_station"}
        if unit.silent_since is not None:
            yield {"code": "silent", "since": unit.silent_since}
        elif is_stale:
            yield {"code": "stale_position", "age_s": round(age_s, 1)}
        off_m = self.off_road_m.get(row, 0.0)
        if off_m > OFF_ROAD_M:
            yield {"code": "off_road", "metres": round(off_m)}

    def _of_crew(self, unit: Unit, preempts: Preempts | None) -> Iterator[dict[str, Any]]:
        if unit.status is UnitStatus.RETURNING:
            yield {"code": "returning"}
        if preempts is not None:
            yield {"code": "preemptable", "incident_id": preempts.incident_id, "priority": preempts.priority}
        left = minutes_left(unit.shift, self.minute_of_day) if unit.shift else None
        if left is not None and left * 60 <= self.preference.shift_ends_s:
            yield {"code": "shift_ending", "minutes": round(left)}
