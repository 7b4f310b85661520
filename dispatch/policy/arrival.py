"""When units would be there: turnout and driving, with what isn't known of their position and of the caller's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from dispatch.model import Unit, UnitId, UnitStatus
from dispatch.model.city import Agency
from dispatch.policy.lineup import Lineup
from geo import TravelTime, WeightedPoint

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

# Stated assumptions. The time that an order and the way take varies by this part of it (one standard deviation).
MODEL_SPREAD = 0.16
# low to high holds four arrivals of five, if they are normal: so many standard deviations to either side.
FOUR_OF_FIVE = 1.2816
# A unit not heard from may have gone any way at city speed; this much of it is what it is likely to be off by.
DRIFT_MPS = 4.0
MOST_DRIFT_M = 3_000.0
# A crew on the road reads the order and turns.
ROLLING_S = 15.0
# Of a unit whose agency the city's data no longer has.
UNKNOWN = Agency("", "", "", "?", mobilisation_s=60.0, speed_kmh=30.0)
# What counts where a unit can't get to a place that the caller may be at, yet others can.
NO_WAY_S = 7_200.0


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals:
    """Of the n units of `lineup`, here soonest first and equals by id, with `ids`. All (n,): `eta_s`, expected over the
    places where the caller may be; `low_s` to `high_s`, its honest range; `age_s` of the position, nan where there
    never was one; `stale`. `at_s` (n, m): at each of those m places, whose probabilities are `weight` (m,)."""

    lineup: Lineup
    ids: Sequence[UnitId]
    eta_s: Floats
    low_s: Floats
    high_s: Floats
    at_s: Floats
    age_s: Floats
    stale: Bools
    weight: Floats

    def __len__(self) -> int:
        return len(self.ids)

    def where(self, these: Bools) -> "Arrivals":
        """Those of a mask (n,)."""
        return self if these.all() else self.take(np.flatnonzero(these))

    def take(self, rows: Ints) -> "Arrivals":
        lineup = self.lineup.take(rows)
        return Arrivals(
            lineup,
            [unit.id for unit in lineup.units],
            self.eta_s[rows],
            self.low_s[rows],
            self.high_s[rows],
            self.at_s[rows],
            self.age_s[rows],
            self.stale[rows],
            self.weight,
        )


def arrivals(
    lineup: Lineup,
    *,
    support: Sequence[WeightedPoint],
    agencies: Mapping[str, Agency],
    speed_kmh: Mapping[str, float],
    travel: TravelTime,
    at: datetime,
) -> Arrivals:
    """`support`: where the caller may be, at least one point. Who can get to none of them isn't among the answer."""
    kmh = lineup.each(lambda sort: speed_kmh.get(sort.agency, UNKNOWN.speed_kmh))
    turnout = _turnouts_s(lineup, agencies, at)
    drive_s = travel.seconds(lineup.lats, lineup.lons, [place.point for place in support], speed_kmh=kmh)
    weight = np.array([place.weight for place in support])
    reached = np.isfinite(drive_s)
    there = np.ones(len(lineup), np.bool_)
    if not reached.all():
        # A place that nobody can get to tells nothing of who is first.
        weight = np.where(reached.any(axis=0), weight, 0.0)
        there = reached @ weight > weight.sum() / 2
        drive_s = np.where(reached, drive_s, NO_WAY_S)
    weight = weight / max(float(weight.sum()), 1e-9)
    age_s = np.maximum(0.0, at.timestamp() - lineup.heard_s)
    patience_s = lineup.each(lambda sort: -1.0 if sort.is_silent else _of(sort.agency, agencies).silent_after_s)
    stale = (age_s > patience_s) | (patience_s < 0)
    drift_s = _drift_s(age_s, stale, kmh)
    # A unit that may be anywhere around its last position is on average farther than that position.
    at_s = turnout[:, None] + np.hypot(drive_s, drift_s[:, None])
    eta_s = at_s @ weight
    spread_s = np.sqrt(((at_s - eta_s[:, None]) ** 2) @ weight + (MODEL_SPREAD * eta_s) ** 2 + drift_s**2)
    low_s = np.maximum(turnout * (1 - MODEL_SPREAD), eta_s - FOUR_OF_FIVE * spread_s)
    high_s = eta_s + FOUR_OF_FIVE * spread_s
    # A lineup stands in the order of ids, and a stable sort leaves equals as they stood.
    soonest = np.argsort(eta_s, kind="stable")
    return Arrivals(lineup, (), eta_s, low_s, high_s, at_s, age_s, stale, weight).take(soonest[there[soonest]])


def turnout_s(unit: Unit, agency: Agency, at: datetime) -> float:
    """From the order to moving wheels: the agency's, less what has passed for a crew already told to go; next to
    nothing for one on the road."""
    return _turnout_s(unit.status, agency, told_s=max(0.0, (at - unit.since).total_seconds()))


def _turnout_s(status: UnitStatus, agency: Agency, *, told_s: float) -> float:
    match status:
        case UnitStatus.RETURNING | UnitStatus.EN_ROUTE:
            return min(ROLLING_S, agency.mobilisation_s)
        case UnitStatus.DISPATCHED:
            return min(max(agency.mobilisation_s - told_s, ROLLING_S), agency.mobilisation_s)
        case _:
            return agency.mobilisation_s


def _turnouts_s(lineup: Lineup, agencies: Mapping[str, Agency], at: datetime) -> Floats:
    """(n,): the same for all of a sort, but for those just told to go, each at its own time."""
    turnouts = lineup.each(lambda sort: _turnout_s(sort.status, _of(sort.agency, agencies), told_s=0.0))
    told = lineup.which(lambda sort: sort.status is UnitStatus.DISPATCHED)
    for row in np.flatnonzero(told).tolist():
        unit = lineup.units[row]
        turnouts[row] = turnout_s(unit, _of(unit.agency, agencies), at)
    return turnouts


def _drift_s(age_s: Floats, stale: Bools, kmh: Floats) -> Floats:
    if not stale.any():
        return np.zeros(len(stale))
    drift_m = np.minimum(DRIFT_MPS * np.nan_to_num(age_s), MOST_DRIFT_M)
    return np.where(stale, drift_m, 0.0) * 3.6 / kmh


def _of(agency: str, agencies: Mapping[str, Agency]) -> Agency:
    return agencies.get(agency, UNKNOWN)
