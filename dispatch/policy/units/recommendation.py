"""The result of a recommendation: wire shapes, translated by the console."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatch.model import IncidentId, UnitId, UnitStatus
from dispatch.model.city import Need


@dataclass(frozen=True, slots=True)
class Preempts:
    """The incident of lower priority that a unit would be pre-empted from."""

    incident_id: IncidentId
    priority: int


@dataclass(frozen=True, slots=True)
class RankedUnit:
    """`eta_s` is the expected arrival (mobilisation + travel), `eta_low_s`-`eta_high_s` its range. `preempts`: never
    `chosen`. `coverage_lost`: urgent calls a day that would no longer be reached in time without it."""

    unit_id: UnitId
    agency: str
    kind: str
    capabilities: tuple[str, ...]
    status: UnitStatus
    eta_s: float
    eta_low_s: float
    eta_high_s: float
    distance_m: float
    position_age_s: float | None
    stale: bool
    fills: str | None
    chosen: bool
    reasons: tuple[dict[str, Any], ...]
    preempts: Preempts | None = None
    coverage_lost: float | None = None


@dataclass(frozen=True, slots=True)
class Shortfall:
    capability: str
    missing: int


@dataclass(frozen=True, slots=True)
class OtherChoice:
    unit_ids: tuple[UnitId, ...]
    probability: float


@dataclass(frozen=True, slots=True)
class Certainty:
    """`same_choice`: the probability that the caller is where the chosen set is the best; `others`: the sets that would
    be better elsewhere, most probable first. Together they sum to 1. `points`: number of places considered."""

    points: int
    same_choice: float
    others: tuple[OtherChoice, ...]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """`units`: the chosen by arrival, then the next best, then nearer ones that were passed over, with the reason, and
    last those that a dispatcher could pre-empt from an incident of lower priority. `certainty` None: no unit was
    chosen, or it wasn't asked for."""

    at: datetime
    needs: tuple[Need, ...]
    units: tuple[RankedUnit, ...]
    shortfalls: tuple[Shortfall, ...]
    certainty: Certainty | None = None
