"""Units at one moment: everything that a ranking needs except distances. Made once for any number of emergencies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import nan

import numpy as np

from dispatch.model import ASSIGNABLE, IncidentId, Unit, UnitId, UnitStatus
from dispatch.model.city import Agency
from dispatch.policy.units.capability_matching import Plan
from dispatch.policy.units.unit_table import Bools, Floats, UnitTable

# A unit without messages may have gone in any direction at city speed; this part of it is its likely displacement.
DRIFT_MPS = 4.0
MOST_DRIFT_M = 3_000.0
# A crew on the road reads the order and turns around.
ROLLING_S = 15.0
# For units whose agency is no longer in the city's data.
UNKNOWN = Agency("", "", "", "?", mobilisation_s=60.0, speed_kmh=30.0)
NOT_THERE_YET = frozenset({UnitStatus.DISPATCHED, UnitStatus.EN_ROUTE})


@dataclass(frozen=True, slots=True, eq=False)
class Able:
    """Capabilities of units for a plan: the needed ones of each unit, and which units have any (n,). `found`: those
    that some available unit has."""

    each: Sequence[tuple[str, ...]]
    helps: Bools
    found: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Of the n units of `table`, all (n,): `is_free`, may be sent; `engaged`, the priority of the incident that one is
    on its way to, nan for all others; `kmh`; `turnout_s`; `age_s` of the position, nan if there never was one;
    `is_stale`; `drift_s`, driving time of its possible displacement since; `lost`, urgent calls a day that the city
    would no longer reach in time without it."""

    at: datetime
    table: UnitTable
    ids: Sequence[UnitId]
    is_free: Bools
    engaged: Floats
    kmh: Floats
    turnout_s: Floats
    age_s: Floats
    is_stale: Bools
    drift_s: Floats
    lost: Floats
    _able: dict[Plan, Able] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        table: UnitTable,
        *,
        agencies: Mapping[str, Agency],
        speed_kmh: Mapping[str, float],
        at: datetime,
        engaged: Mapping[IncidentId, int] = {},
        coverage_lost: Mapping[UnitId, float] = {},
    ) -> "Candidates":
        """`speed_kmh`: each agency's at this hour. `engaged`: the priority of each open incident that units are on.
        `coverage_lost`: 0 for units that aren't named."""
        ids = [unit.id for unit in table.units]
        kmh = table.each(lambda sort: speed_kmh.get(sort.agency, UNKNOWN.speed_kmh))
        age_s = np.maximum(0.0, at.timestamp() - table.heard_s)
        patience_s = table.each(lambda sort: -1.0 if sort.is_silent else _of(sort.agency, agencies).silent_after_s)
        is_stale = (age_s > patience_s) | (patience_s < 0)
        return cls(
            at=at,
            table=table,
            ids=ids,
            is_free=table.which(lambda sort: sort.status in ASSIGNABLE),
            engaged=_engaged(table, engaged),
            kmh=kmh,
            turnout_s=_turnouts_s(table, agencies, at),
            age_s=age_s,
            is_stale=is_stale,
            drift_s=_drift_s(age_s, is_stale, kmh),
            lost=np.array([coverage_lost.get(unit_id, 0.0) for unit_id in ids], np.float64),
        )

    def __len__(self) -> int:
        return len(self.ids)

    def able(self, plan: Plan) -> Able:
        """Computed once for all emergencies with the same plan."""
        known = self._able.get(plan)
        if known is None:
            of_sort = [plan.able(sort.capabilities) for sort in self.table.profiles]
            each = [of_sort[sort] for sort in self.table.sort.tolist()]
            helps = self.table.which(lambda sort: bool(plan.able(sort.capabilities)))
            found = frozenset(
                c for some, is_free in zip(each, self.is_free.tolist(), strict=True) if is_free for c in some
            )
            known = self._able[plan] = Able(each, helps, found)
        return known


def turnout_s(unit: Unit, agency: Agency, at: datetime) -> float:
    """From the order to moving wheels: the agency's time, minus what has passed for a crew already dispatched; a short
    fixed time for one on the road."""
    return _turnout_s(unit.status, agency, told_s=max(0.0, (at - unit.since).total_seconds()))


def _turnout_s(status: UnitStatus, agency: Agency, *, told_s: float) -> float:
    match status:
        case UnitStatus.RETURNING | UnitStatus.EN_ROUTE:
            return min(ROLLING_S, agency.mobilisation_s)
        case UnitStatus.DISPATCHED:
            return min(max(agency.mobilisation_s - told_s, ROLLING_S), agency.mobilisation_s)
        case _:
            return agency.mobilisation_s


def _turnouts_s(table: UnitTable, agencies: Mapping[str, Agency], at: datetime) -> Floats:
    """(n,): the same for all units of a profile, except those just dispatched, each with its own time."""
    turnouts = table.each(lambda sort: _turnout_s(sort.status, _of(sort.agency, agencies), told_s=0.0))
    dispatched = table.which(lambda sort: sort.status is UnitStatus.DISPATCHED)
    for row in np.flatnonzero(dispatched).tolist():
        unit = table.units[row]
        turnouts[row] = turnout_s(unit, _of(unit.agency, agencies), at)
    return turnouts


def _engaged(table: UnitTable, engaged: Mapping[IncidentId, int]) -> Floats:
    """Only units on the way can be pre-empted."""
    priorities = np.full(len(table), nan)
    for row in np.flatnonzero(table.which(lambda sort: sort.status in NOT_THERE_YET)).tolist():
        priorities[row] = engaged.get(table.units[row].incident_id, nan)
    return priorities


def _drift_s(age_s: Floats, is_stale: Bools, kmh: Floats) -> Floats:
    if not is_stale.any():
        return np.zeros(len(is_stale))
    drift_m = np.minimum(DRIFT_MPS * np.nan_to_num(age_s), MOST_DRIFT_M)
    return np.where(is_stale, drift_m, 0.0) * 3.6 / kmh


def _of(agency: str, agencies: Mapping[str, Agency]) -> Agency:
    return agencies.get(agency, UNKNOWN)
