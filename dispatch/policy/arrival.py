"""When units would be there: turnout and driving, with what isn't known of their position and of the caller's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import nan

import numpy as np
from numpy.typing import NDArray

from dispatch.model import Standing, UnitStatus
from dispatch.model.city import Agency
from geo import TravelTime, WeightedPoint

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

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
    """Of n `standings`, soonest first, equals by id. All (n,): `eta_s`, expected over the places where the caller may
    be; `low_s` to `high_s`, its honest range; `age_s` of the position, nan where there never was one; `stale`.
    `at_s` (n, m): at each of those m places, whose probabilities are `weight` (m,)."""

    standings: tuple[Standing, ...]
    eta_s: Floats
    low_s: Floats
    high_s: Floats
    at_s: Floats
    age_s: Floats
    stale: Bools
    weight: Floats

    def __len__(self) -> int:
        return len(self.standings)

    def where(self, these: Bools) -> "Arrivals":
        """Those of a mask (n,)."""
        if these.all():
            return self
        standings = tuple(s for s, kept in zip(self.standings, these.tolist(), strict=True) if kept)
        return Arrivals(
            standings,
            self.eta_s[these],
            self.low_s[these],
            self.high_s[these],
            self.at_s[these],
            self.age_s[these],
            self.stale[these],
            self.weight,
        )


def arrivals(
    standings: Sequence[Standing],
    *,
    support: Sequence[WeightedPoint],
    agencies: Mapping[str, Agency],
    speed_kmh: Mapping[str, float],
    travel: TravelTime,
    at: datetime,
) -> Arrivals:
    """`support`: where the caller may be, at least one point. Who can get to none of them isn't among the answer."""
    theirs = [agencies.get(s.unit.agency, UNKNOWN) for s in standings]
    kmh = np.array([speed_kmh.get(s.unit.agency, UNKNOWN.speed_kmh) for s in standings])
    turnout = np.array([turnout_s(s, agency, at) for s, agency in zip(standings, theirs, strict=True)])
    drive_s = travel.seconds(
        np.array([s.point.lat for s in standings], np.float64),
        np.array([s.point.lon for s in standings], np.float64),
        [place.point for place in support],
        speed_kmh=kmh,
    )
    weight = np.array([place.weight for place in support])
    reached = np.isfinite(drive_s)
    if reached.all():
        there = np.ones(len(standings), np.bool_)
    else:
        # A place that nobody can get to tells nothing of who is first.
        weight = np.where(reached.any(axis=0), weight, 0.0)
        there = reached @ weight > weight.sum() / 2
        drive_s = np.where(reached, drive_s, NO_WAY_S)
    weight = weight / max(float(weight.sum()), 1e-9)
    age_s, stale = _ages(standings, theirs, at)
    drift_s = np.where(stale, np.minimum(DRIFT_MPS * np.nan_to_num(age_s), MOST_DRIFT_M), 0.0) * 3.6 / kmh
    # A unit that may be anywhere around its last position is on average farther than that position.
    at_s = turnout[:, None] + np.hypot(drive_s, drift_s[:, None])
    eta_s = at_s @ weight
    spread_s = np.sqrt(((at_s - eta_s[:, None]) ** 2) @ weight + (MODEL_SPREAD * eta_s) ** 2 + drift_s**2)
    low_s = np.maximum(turnout * (1 - MODEL_SPREAD), eta_s - FOUR_OF_FIVE * spread_s)
    high_s = eta_s + FOUR_OF_FIVE * spread_s
    ranked = sorted(zip(eta_s.tolist(), (s.unit.id for s in standings), range(len(standings)), strict=True))
    order = [i for _, _, i in ranked if there[i]]
    ranks = np.array(order, np.int64)
    return Arrivals(
        tuple(standings[i] for i in order),
        eta_s[ranks],
        low_s[ranks],
        high_s[ranks],
        at_s[ranks],
        age_s[ranks],
        stale[ranks],
        weight,
    )


def turnout_s(standing: Standing, agency: Agency, at: datetime) -> float:
    """From the order to moving wheels: the agency's, less what has passed for a crew already told to go; next to
    nothing for one on the road."""
    match standing.unit.status:
        case UnitStatus.RETURNING | UnitStatus.EN_ROUTE:
            return min(ROLLING_S, agency.mobilisation_s)
        case UnitStatus.DISPATCHED:
            gone_s = max(0.0, (at - standing.unit.since).total_seconds())
            return min(max(agency.mobilisation_s - gone_s, ROLLING_S), agency.mobilisation_s)
        case _:
            return agency.mobilisation_s


def _ages(standings: Sequence[Standing], theirs: Sequence[Agency], at: datetime) -> tuple[Floats, Bools]:
    ages = [max(0.0, (at - s.position.at).total_seconds()) if s.position else nan for s in standings]
    stale = [
        age > agency.silent_after_s or s.unit.silent_since is not None
        for s, age, agency in zip(standings, ages, theirs, strict=True)
    ]
    return np.array(ages, np.float64), np.array(stale, np.bool_)
