"""When a unit would be there: turnout and driving, with what isn't known of its position and of the caller's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from dispatch.model import Standing
from dispatch.model.city import Agency
from geo import Location, Point, TravelTime

# Turnout and driving vary from the expected by about this share to either side (a stated assumption).
SPREAD = 0.2
# A unit not heard from may have gone any way at city speed; this much of it is what it is likely to be off by.
DRIFT_MPS = 4.0
MOST_DRIFT_M = 3_000.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """`eta_s` is expected (mobilisation + travel), `low_s`-`high_s` its honest range. `age_s` None: never heard of."""

    standing: Standing
    eta_s: float
    low_s: float
    high_s: float
    age_s: float | None
    stale: bool


def arrivals(
    ready: Sequence[Standing],
    *,
    location: Location,
    agencies: dict[str, Agency],
    travel: TravelTime,
    stale_after_s: float,
    at: datetime,
) -> list[Arrival]:
    """Soonest first; equals by id. Nobody gets to where no position is, nor to the far side of the earth."""
    if location.lat is None or location.lon is None or not ready:
        return []
    ages = [max(0.0, (at - s.position.at).total_seconds()) if s.position else None for s in ready]
    kmh = np.array([agencies[s.unit.agency].speed_kmh for s in ready])
    turnout_s = np.array([agencies[s.unit.agency].mobilisation_s for s in ready])
    drive_s = travel.seconds(
        np.array([s.point.lat for s in ready]),
        np.array([s.point.lon for s in ready]),
        [Point(location.lat, location.lon)],
        speed_kmh=kmh,
    )[:, 0]
    stale = np.array([age is not None and age > stale_after_s for age in ages])
    drift_m = np.where(stale, np.minimum(DRIFT_MPS * np.array([age or 0.0 for age in ages]), MOST_DRIFT_M), 0.0)
    slack_s = np.hypot(drift_m, location.radius_m or 0.0) * 3.6 / kmh
    # A unit that may be anywhere around its last position is on average farther than that position.
    eta_s = turnout_s + np.hypot(drive_s, drift_m * 3.6 / kmh)
    low_s = np.maximum(turnout_s * (1 - SPREAD), eta_s * (1 - SPREAD) - slack_s)
    high_s = eta_s * (1 + SPREAD) + slack_s
    columns = zip(ready, eta_s.tolist(), low_s.tolist(), high_s.tolist(), ages, stale.tolist(), strict=True)
    reached = (Arrival(*each) for each, reaches in zip(columns, np.isfinite(eta_s), strict=True) if reaches)
    return sorted(reached, key=lambda a: (a.eta_s, a.standing.unit.id))
