"""Is this call about an emergency already known? A probability, from where, when and what.

An incident is taken for a source of further calls, amid incidents that have nothing to do with it. The score is the
probability that this call comes from the source and not from an incident of its own:

    echo / (echo + alone)

`echo` is the density (a square metre, a second) at which the incident brings forth calls like this one, `alone` that of
independent incidents which would. It is how aftershocks are told from earthquakes of their own (stochastic
declustering: Zhuang, Ogata, Vere-Jones, JASA 97, 2002). The terms and what they assume: docs/same-incident.md.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log, pi, sqrt

import numpy as np

from dispatch.model import Incident, IncidentId, Similar
from dispatch.policy.incidents.duplicate_likelihood import NONE, DuplicateModel, variance
from dispatch.policy.incidents.incident_table import IncidentRow, IncidentTable
from dispatch.policy.units.unit_table import Bools, Floats, Ints
from geo import Location, LocationStatus

# Farther apart than this nothing is compared.
REACH_M = 3_000.0
# Two positions may be joined without a person only where both are at least this good.
WIDEST_M = 250.0
MOST_SIMILAR = 3

# A busy street in its busy hour: ten times what 1,900 incidents a day make on the city's 400 built-up km².
INDEPENDENT_PER_KM2_DAY = 50.0
# What is open near by is taken for a sample of what happens there: so far around, for so long.
AROUND_M = 1_000.0
LATELY = timedelta(hours=1)

# Of those that nobody has said the nature of, so many are anything: two calls in three to the number are misuse.
REAL_WITHOUT_NATURE = 1 / 3
# However many called: this is the most that are expected to follow.
MOST_FURTHER_CALLS = 20.0

# Fewer than one in a million is that far out, in squares of a standard deviation, halved.
FARTHEST_OUT = 14.0

_PER_M2_S = INDEPENDENT_PER_KM2_DAY / 1e6 / 86_400
_LATELY_S = LATELY.total_seconds()
_SAMPLED_M2_S = pi * AROUND_M**2 * _LATELY_S


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one call says: where, what and when."""

    location: Location
    nature: str | None
    at: datetime


def likenesses(sighting: Sighting, near: IncidentTable, duplicates: DuplicateModel) -> list[Similar]:
    """How likely each incident near by is what was sighted, 0-1, the likeliest first; those that can't be are left out.

    `near`: every open incident within REACH_M."""
    if sighting.location.radius_m is None or not len(near):
        return []
    said, at_s = duplicates.number(sighting.nature), sighting.at.timestamp()
    lately = _lately(said, at_s, near)
    # Most of a crowded city's are too far off for any nature.
    thinkable = near.distance_m**2 < _farthest_m2(
        variance(sighting.location.radius_m) + duplicates.widest_seen_variance + near.variance
    )
    if not thinkable.any():
        return []
    sampled = np.count_nonzero(lately) - lately[thinkable]
    call = _Said(said, variance(sighting.location.radius_m), at_s)
    near = near.take(thinkable)
    return _best_first(near.ids, _score(call, near, near.distance_m, sampled, duplicates))


def incidents_alike(incident: Incident, near: IncidentTable, duplicates: DuplicateModel) -> list[Similar]:
    """The same for an incident among the others: of each two, the one with fewer calls, then the newer, is taken for
    what the other has brought forth."""
    mine, near = IncidentRow.of(incident, duplicates), near.but([incident.id])
    is_echo = (near.calls > mine.calls) | ((near.calls == mine.calls) & (near.ids < mine.id))
    lately = _lately(mine.nature, mine.opened_s, near)
    sampled = np.count_nonzero(lately) - lately
    call = _Said(mine.nature, mine.variance, mine.opened_s)
    scores = np.where(is_echo, _score(call, near, near.distance_m, sampled, duplicates), 0.0)
    theirs = _Said(near.nature, near.variance, near.opened_s)
    possible = ~is_echo & (_score(theirs, mine, near.distance_m, np.zeros(len(near)), duplicates) > 0)
    for row in np.flatnonzero(possible).tolist():
        one = near.take([row])
        lately = _lately(one.nature.item(), one.opened_s.item(), near)
        alone = np.count_nonzero(lately) - lately[[row]]
        call = _Said(one.nature, one.variance, one.opened_s)
        scores[row] = _score(call, mine, one.distance_m, alone, duplicates).item()
    return _best_first(near.ids, scores)


def sighting_of(incident: Incident) -> Sighting:
    return Sighting(incident.location, incident.nature, incident.opened_at)


def original_and_duplicate(one: Incident, other: Incident) -> tuple[Incident, Incident]:
    """Which of two is taken to have brought forth the other."""
    source, echo = sorted((one, other), key=lambda incident: (-incident.calls, incident.id))
    return source, echo


def may_join(sighting: Sighting, incident: Incident) -> bool:
    """Whether both positions are good enough to be joined without a person, however alike."""
    return _good(sighting.location) and _good(incident.location)


def reach_m(location: Location, duplicates: DuplicateModel) -> float:
    """How far away a well located incident can matter to what is seen here: as its source, or as a sample of what is
    usual around."""
    if location.radius_m is None:
        return 0.0
    widest = variance(location.radius_m) + duplicates.widest_seen_variance + variance(WIDEST_M)
    return min(REACH_M, max(AROUND_M, sqrt(2 * FARTHEST_OUT * widest)))


@dataclass(frozen=True, slots=True, eq=False)
class _Said:
    """What calls say, one or each (n,): the number of a nature, how uncertain along one axis, when."""

    nature: int | Ints
    variance: float | Floats
    at_s: float | Floats


def _score(
    said: _Said,
    source: IncidentTable | IncidentRow,
    distance_m: Floats,
    sampled: Floats | Ints,
    duplicates: DuplicateModel,
) -> Floats:
    """(n,), 0-1, of calls and sources of which one side may be one for all of the other; 0 where either has no
    position. `sampled`: how many incidents say how much of this is usual here now."""
    natures = np.where(source.nature == NONE, said.nature, source.nature)
    echo = _space(said.variance + source.variance + duplicates.seen_variance[natures], distance_m)
    echo = echo * _time(said.at_s, source, natures, duplicates) * duplicates.said[said.nature, source.nature]
    alone = _PER_M2_S * duplicates.share[said.nature] + sampled / _SAMPLED_M2_S
    scores: Floats = np.round(echo / (echo + alone), 3)
    return scores


def _space(variance: Floats, distance_m: Floats) -> Floats:
    """Density a square metre: both positions are normally uncertain, and both callers stand normally spread around what
    they see, so that the distance between the two positions has the sum of four variances."""
    exponent = distance_m**2 / (2 * variance)
    near = exponent < FARTHEST_OUT  # not so where a variance is nan
    return np.where(near, np.exp(-np.where(near, exponent, 0.0)) / (2 * pi * np.where(near, variance, 1.0)), 0.0)


def _time(
    at_s: float | Floats, source: IncidentTable | IncidentRow, natures: Ints, duplicates: DuplicateModel
) -> Floats:
    """Further calls a second: their number is Gamma-Poisson, learnt from those that came, and they fade by halves."""
    half_life_s = duplicates.half_life_s[natures]
    fading = np.exp(-log(2) * np.abs(at_s - source.opened_s) / half_life_s)
    expected = (duplicates.further_calls[natures] + np.maximum(np.subtract(source.calls, 1), 0)) / (2 - fading)
    is_doubtful = (np.asarray(source.nature) == NONE) & (np.asarray(source.calls) == 1)
    expected = np.where(is_doubtful, expected * REAL_WITHOUT_NATURE, expected)
    further: Floats = np.minimum(expected, MOST_FURTHER_CALLS) * fading * log(2) / half_life_s
    return further


def _lately(said: int, at_s: float, near: IncidentTable) -> Bools:
    """Which incidents are a sample of what is usual here now."""
    lately: Bools = (near.distance_m <= AROUND_M) & (np.abs(near.opened_s - at_s) <= _LATELY_S)
    return lately if said == NONE else lately & (near.nature == said)


def _farthest_m2(variance: Floats) -> Floats:
    return 2 * FARTHEST_OUT * variance


def _best_first(ids: Ints, scores: Floats) -> list[Similar]:
    likely = np.flatnonzero(scores > 0)
    found = zip(ids[likely].tolist(), scores[likely].tolist(), strict=True)
    return [Similar(IncidentId(number), score) for number, score in sorted(found, key=lambda one: (-one[1], one[0]))]


def _good(location: Location) -> bool:
    return (
        location.status in {LocationStatus.LOCATED, LocationStatus.AMBIGUOUS}
        and location.radius_m is not None
        and location.radius_m <= WIDEST_M
    )
