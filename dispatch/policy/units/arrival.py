"""When units would arrive: mobilisation and driving, with the uncertainty of their position and of the caller's."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dispatch.policy.units.candidates import Candidates
from dispatch.policy.units.unit_table import Bools, Floats, Ints
from geo import TravelTime, WeightedPoint

# Assumed. The standard deviation of order and travel time, as a part of it.
MODEL_SPREAD = 0.16
# Low to high contains four of five arrivals if they are normal: this many standard deviations to either side.
FOUR_OF_FIVE = 1.2816
# The arrival that counts if a unit can't reach a place where the caller may be, but others can.
NO_WAY_S = 7_200.0


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals:
    """Of the n units of `candidates` at one emergency, all (n,): `eta_s`, expected over the places where the caller may
    be; `low_s` to `high_s`, its range; `distance_m`, the straight line. `at_s` (n, m): at each of those m places, whose
    probabilities are `weight` (m,). `ranked`: the rows of the units that can arrive and may be sent or pre-empted, by
    arrival and then by id."""

    candidates: Candidates
    eta_s: Floats
    low_s: Floats
    high_s: Floats
    distance_m: Floats
    at_s: Floats
    weight: Floats
    ranked: Ints

    @property
    def free(self) -> Ints:
        return self.ranked[self.candidates.is_free[self.ranked]]

    @property
    def taken(self) -> Ints:
        """Units on incidents of lower priority."""
        return self.ranked[~self.candidates.is_free[self.ranked]]


@dataclass(frozen=True, slots=True)
class Place:
    """An emergency of this `priority`, and where its caller may be: at least one point."""

    support: Sequence[WeightedPoint]
    priority: int = 5


def arrivals(candidates: Candidates, places: Sequence[Place], *, travel: TravelTime) -> list[Arrivals]:
    """At the q places of the q columns of the table's distances. The travel times to all of them are asked for in one
    call, and computed together."""
    if not places:
        return []
    table, turnout_s, drift_s = candidates.table, candidates.turnout_s[:, None], candidates.drift_s[:, None]
    points = [weighted for place in places for weighted in place.support]
    sizes = np.array([len(place.support) for place in places])
    first = np.cumsum(sizes) - sizes
    of_point = np.repeat(np.arange(len(places)), sizes)

    def mean(at_points: Floats) -> Floats:
        """(n, points) → (n, q)."""
        return np.add.reduceat(at_points * weight, first, axis=1)

    asked = candidates.is_free[:, None] | (candidates.engaged[:, None] > [place.priority for place in places])
    drive_s = travel.seconds(table.lats, table.lons, [w.point for w in points], speed_kmh=candidates.kmh)
    reached, there = np.isfinite(drive_s), asked
    weight = np.array([w.weight for w in points])
    if not reached.all():
        # A place that no unit can reach doesn't affect the ranking.
        weight = np.where((reached & asked[:, of_point]).any(axis=0), weight, 0.0)
        there = asked & (mean(reached) > np.add.reduceat(weight, first) / 2)
        drive_s = np.where(reached, drive_s, NO_WAY_S)
    weight /= np.maximum(np.add.reduceat(weight, first), 1e-9)[of_point]
    # A unit that may be anywhere around its last position is on average farther away than that position.
    at_s = turnout_s + np.hypot(drive_s, drift_s)
    eta_s = mean(at_s)
    spread_s = np.sqrt(mean((at_s - eta_s[:, of_point]) ** 2) + (MODEL_SPREAD * eta_s) ** 2 + drift_s**2)
    low_s = np.maximum(turnout_s * (1 - MODEL_SPREAD), eta_s - FOUR_OF_FIVE * spread_s)
    high_s = eta_s + FOUR_OF_FIVE * spread_s
    ranked = _ranked(eta_s, there)
    return [
        Arrivals(
            candidates,
            eta_s[:, q],
            low_s[:, q],
            high_s[:, q],
            table.distance_m[:, q],
            at_s[:, start : start + size],
            weight[start : start + size],
            ranked[q],
        )
        for q, (start, size) in enumerate(zip(first.tolist(), sizes.tolist(), strict=True))
    ]


def _ranked(eta_s: Floats, there: Bools) -> list[Ints]:
    """The table is in the order of ids, and a stable sort keeps it for equals."""
    soonest = np.argsort(np.where(there, eta_s, np.inf), axis=0, kind="stable")
    return [soonest[:count, q] for q, count in enumerate(np.count_nonzero(there, axis=0).tolist())]
