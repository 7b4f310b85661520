"""Is this call about an emergency already known? A probability, from where, when and what.

An incident is taken for a source of further calls, amid incidents that have nothing to do with it. The score is the
probability that this call comes from the source and not from an incident of its own:

    echo / (echo + alone)

`echo` is the density (a square metre, a second) at which the incident brings forth calls like this one, `alone` that of
independent incidents which would. It is how aftershocks are told from earthquakes of their own (stochastic
declustering: Zhuang, Ogata, Vere-Jones, JASA 97, 2002). The terms and what they assume: docs/same-incident.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, log, log1p, pi, sqrt

from dispatch.model import Incident, IncidentId, Similar
from dispatch.model.city import City, Service
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
# Shares of natures are the city's; no place and hour has less than this of any.
LEAST_SHARE = 0.01

# What a further caller names: the same nature; another of its families; the rest is anything at all.
SAID_THE_SAME, SAID_A_RELATIVE, SAID_ANYTHING = 0.65, 0.3, 0.002
# Of those that nobody has said the nature of, so many are anything: two calls in three to the number are misuse.
REAL_WITHOUT_NATURE = 1 / 3
# However many called: this is the most that are expected to follow.
MOST_FURTHER_CALLS = 20.0

# Fewer than one in a million is that far out, in squares of a standard deviation, halved.
FARTHEST_OUT = 14.0

_PER_M2_S = INDEPENDENT_PER_KM2_DAY / 1e6 / 86_400
_SAMPLED_M2_S = pi * AROUND_M**2 * LATELY.total_seconds()
_RAYLEIGH_95 = -2 * log1p(-0.95)
_USUAL = Service("", "", "", 0.0)

Lately = frozenset[IncidentId]


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one call says: where, what and when."""

    location: Location
    nature: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Near:
    """An open incident and how far its position is from the one that was asked about."""

    incident: Incident
    distance_m: float


def likenesses(sighting: Sighting, near: Sequence[Near], city: City) -> list[Similar]:
    """How likely each incident near by is what was sighted, 0-1, the likeliest first; those that can't be are left out.

    `near`: every open incident within REACH_M."""
    lately = _lately(sighting, near)
    thinkable = _thinkable(sighting.location, near, city)
    return _best_first((one.incident.id, likeness(sighting, one, lately, city)) for one in thinkable)


def incidents_alike(incident: Incident, near: Sequence[Near], city: City) -> list[Similar]:
    """The same for an incident among the others: of each two, the one with fewer calls, then the newer, is taken for
    what the other has brought forth."""
    others = [one for one in near if one.incident.id != incident.id]
    lately = _lately(sighting_of(incident), others)
    return _best_first((one.incident.id, _of_two(incident, one, others, lately, city)) for one in others)


def likeness(sighting: Sighting, one: Near, lately: Lately, city: City) -> float:
    """How likely this incident is what was sighted, 0-1; 0 where either has no position. `lately`: which incidents say
    how much of this is usual here now."""
    incident = one.incident
    echo_of = _echo_of(incident.nature or sighting.nature, city)
    echo = _space(sighting.location, one, echo_of)
    if echo == 0.0:
        return 0.0
    echo *= _time(sighting.at, incident, echo_of) * _said(sighting.nature, incident.nature, city)
    return round(echo / (echo + _alone(sighting.nature, len(lately - {incident.id}), city)), 3)


def sighting_of(incident: Incident) -> Sighting:
    return Sighting(incident.location, incident.nature, incident.opened_at)


def source_and_echo(one: Incident, other: Incident) -> tuple[Incident, Incident]:
    """Which of two is taken to have brought forth the other."""
    source, echo = sorted((one, other), key=lambda incident: (-incident.calls, incident.id))
    return source, echo


def may_join(sighting: Sighting, incident: Incident) -> bool:
    """Whether both positions are good enough to be joined without a person, however alike."""
    return _good(sighting.location) and _good(incident.location)


def reach_m(location: Location, city: City) -> float:
    """How far away a well located incident can matter to what is seen here: as its source, or as a sample of what is
    usual around."""
    if location.radius_m is None:
        return 0.0
    return min(REACH_M, max(AROUND_M, sqrt(_farthest_m2(_widest_variance(location, city) + _variance(WIDEST_M)))))


def _thinkable(location: Location, near: Iterable[Near], city: City) -> list[Near]:
    """Those near enough for any nature, by the same bound as `_space`: most of a crowded city's are not."""
    if location.radius_m is None:
        return []
    variance = _widest_variance(location, city)
    return [
        one
        for one in near
        if (radius_m := one.incident.location.radius_m) is not None
        and one.distance_m**2 < _farthest_m2(variance + _variance(radius_m))
    ]


def _widest_variance(location: Location, city: City) -> float:
    """Of the distance to a source whose position is certain, whatever its nature."""
    seen_from_m = max((_USUAL.seen_from_m, *(service.seen_from_m for service in city.services)))
    return _variance(location.radius_m or 0.0) + 2 * _variance(seen_from_m)


def _farthest_m2(variance: float) -> float:
    return 2 * FARTHEST_OUT * variance


def _space(location: Location, one: Near, echo_of: Service) -> float:
    """Density a square metre: both positions are normally uncertain, and both callers stand normally spread around what
    they see, so that the distance between the two positions has the sum of four variances."""
    known = one.incident.location
    if location.radius_m is None or known.radius_m is None:
        return 0.0
    variance = _variance(location.radius_m) + _variance(known.radius_m) + 2 * _variance(echo_of.seen_from_m)
    exponent = one.distance_m**2 / (2 * variance)
    return exp(-exponent) / (2 * pi * variance) if exponent < FARTHEST_OUT else 0.0


def _time(at: datetime, incident: Incident, echo_of: Service) -> float:
    """Further calls a second: their number is Gamma-Poisson, learnt from those that came, and they fade by halves."""
    fading = exp(-log(2) * abs((at - incident.opened_at).total_seconds()) / echo_of.echo_s)
    expected = (echo_of.further_calls + max(incident.calls - 1, 0)) / (2 - fading)
    if incident.nature is None and incident.calls == 1:
        expected *= REAL_WITHOUT_NATURE
    return min(expected, MOST_FURTHER_CALLS) * fading * log(2) / echo_of.echo_s


def _said(said: str | None, known: str | None, city: City) -> float:
    """Probability that a further caller names this nature. One who names none says nothing for or against."""
    if said is None:
        return 1.0
    share = _share(said, city)
    if known is None:
        return share
    if said == known:
        return SAID_THE_SAME
    relatives = city.relatives.get(known, frozenset())
    if said in relatives:
        return SAID_A_RELATIVE * share / sum(_share(code, city) for code in relatives)
    return SAID_ANYTHING * share


def _alone(nature: str | None, sampled: int, city: City) -> float:
    """Independent incidents of this nature, a square metre and second: what is usual, and what happens here lately."""
    usual = _PER_M2_S * (_share(nature, city) if nature else 1.0)
    return usual + sampled / _SAMPLED_M2_S


def _lately(sighting: Sighting, near: Iterable[Near]) -> Lately:
    return frozenset(
        one.incident.id
        for one in near
        if one.distance_m <= AROUND_M
        and sighting.nature in {None, one.incident.nature}
        and abs(sighting.at - one.incident.opened_at) <= LATELY
    )


def _of_two(incident: Incident, one: Near, others: Sequence[Near], lately: Lately, city: City) -> float:
    source, echo = source_and_echo(incident, one.incident)
    if echo is incident:
        return likeness(sighting_of(echo), one, lately, city)
    sighting, source_there = sighting_of(echo), Near(source, one.distance_m)
    if likeness(sighting, source_there, frozenset(), city) == 0.0:
        return 0.0
    return likeness(sighting, source_there, _lately(sighting, others) - {echo.id}, city)


def _best_first(found: Iterable[tuple[IncidentId, float]]) -> list[Similar]:
    likely = [Similar(incident_id, score) for incident_id, score in found if score > 0]
    return sorted(likely, key=lambda similar: (-similar.score, similar.incident_id))


def _share(nature: str, city: City) -> float:
    return max(city.nature_shares.get(nature, 0.0), LEAST_SHARE)


def _echo_of(nature: str | None, city: City) -> Service:
    return city.service(city.nature(nature).service) if nature in city.natures_by_code and nature else _USUAL


def _variance(radius_m: float) -> float:
    """Along one axis, of a circle that holds 95 % (Rayleigh)."""
    return radius_m**2 / _RAYLEIGH_95


def _good(location: Location) -> bool:
    return (
        location.status in {LocationStatus.LOCATED, LocationStatus.AMBIGUOUS}
        and location.radius_m is not None
        and location.radius_m <= WIDEST_M
    )
