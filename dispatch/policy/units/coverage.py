"""What the available units can reach in time, and what would be lost without each of them.

The maximum expected covering location model, MEXCLP (Daskin 1983, Transportation Science 17): a unit is busy with
probability q, so the k-th unit within reach of a demand d adds d (1 - q) q^(k-1). The loss of one of several units is
therefore what the last of them adds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dispatch.model import ASSIGNABLE, PlacedUnit, UnitId
from geo import Point, TravelTime

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class DemandMap:
    """Expected priority-1 and -2 calls a day: `per_day[capability]` (c,) for the H3 `cells`, at `lats` and `lons` (c,),
    degrees. A call that needs two capabilities counts once for each."""

    cells: tuple[str, ...]
    lats: Floats
    lons: Floats
    per_day: Mapping[str, Floats]

    @cached_property
    def points(self) -> tuple[Point, ...]:
        return tuple(map(Point, self.lats.tolist(), self.lons.tolist()))

    @cached_property
    def total(self) -> Floats:
        """(c,) over all capabilities."""
        none = np.zeros(len(self.cells))
        return sum(self.per_day.values(), none)


def reach(
    lats: Floats,
    lons: Floats,
    *,
    demand: DemandMap,
    travel: TravelTime,
    speed_kmh: Floats,
    turnout_s: Floats,
    within_s: float,
) -> Bools:
    """(n, c): whether a unit at each of these places (n,), degrees, would be in that cell `within_s` of its order.
    `speed_kmh` and `turnout_s` are (n,)."""
    if not len(lats):
        return np.zeros((0, len(demand.cells)), np.bool_)
    drive_s = travel.seconds(lats, lons, demand.points, speed_kmh=speed_kmh)
    within: Bools = drive_s <= (within_s - turnout_s)[:, np.newaxis]
    return within


def lost(within: Bools, able: Mapping[str, Bools], *, demand: DemandMap, busy: float) -> Floats:
    """(n,) calls a day that each unit of `within` (n, c) is worth now; `able[capability]` (n,): which units have it."""
    worth = np.zeros(len(within))
    for capability, per_day in demand.per_day.items():
        have = able.get(capability)
        if have is None:
            continue
        reaching = within[have].astype(np.float64)
        last = per_day * worth_of_last(reaching.sum(axis=0), busy)
        worth[have] += reaching @ last
    return worth


def covered(within: Bools, able: Mapping[str, Bools], *, demand: DemandMap, busy: float) -> Floats:
    """(c,) calls a day in each cell that are expected to be reached in time: d (1 - q^k)."""
    reached = np.zeros(len(demand.cells))
    for capability, per_day in demand.per_day.items():
        have = able.get(capability)
        if have is not None:
            reached += per_day * (1 - busy ** within[have].sum(axis=0))
    return reached


def able_of(placed_units: Sequence[PlacedUnit], demand: DemandMap) -> dict[str, Bools]:
    """For each capability that any unit has, which units have it: (n,)."""
    known = {capability for s in placed_units for capability in s.unit.capabilities}
    return {
        c: np.array([c in s.unit.capabilities for s in placed_units], np.bool_) for c in demand.per_day if c in known
    }


def coverage_lost(
    placed_units: Sequence[PlacedUnit],
    *,
    demand: DemandMap,
    travel: TravelTime,
    speed_kmh: Floats,
    turnout_s: Floats,
    within_s: float,
    busy: float,
) -> dict[UnitId, float]:
    """For each of `placed_units` that may be sent: the priority-1 and -2 calls a day that would no longer be expected
    to be reached `within_s` without it. `speed_kmh` and `turnout_s` (n,) belong to `placed_units`.

    Raises ValueError for a `busy` that isn't 0 to below 1."""
    if not 0 <= busy < 1:
        raise ValueError(f"the busy fraction must be 0 to below 1, not {busy}")
    here = np.array([s.unit.status in ASSIGNABLE for s in placed_units], np.bool_)
    free = [s for s, is_free in zip(placed_units, here, strict=True) if is_free]
    within = reach(
        np.array([s.point.lat for s in free]),
        np.array([s.point.lon for s in free]),
        demand=demand,
        travel=travel,
        speed_kmh=speed_kmh[here],
        turnout_s=turnout_s[here],
        within_s=within_s,
    )
    worth = lost(within, able_of(free, demand), demand=demand, busy=busy)
    return {s.unit.id: value for s, value in zip(free, worth.tolist(), strict=True)}


def worth_of_last(count: Floats, busy: float) -> Floats:
    """(1 - q) q^(k-1) for k units within reach; 0 if there is none."""
    return np.where(count > 0, (1 - busy) * busy ** np.maximum(count - 1, 0), 0.0)


def worth_of_next(count: Floats, busy: float) -> Floats:
    """(1 - q) q^k: what one more would add to k units within reach."""
    worth: Floats = (1 - busy) * busy**count
    return worth
