"""Reports of one phone, in pairs: how often the second is joined to the first, and how often wrongly. Asked of the
policy alone.

A redial: the caller of one emergency reports again within the time in which calls are joined, half within 4 minutes
where the line was cut, within 8 where not; places by radio cell (300-1,500 m), by phone (5-80 m) or none; of those cut
off nobody has named a nature. Another emergency: at any moment of the window, from the same place or another, its
nature drawn from the city's. One redial in a hundred names another nature, and one is placed kilometres off.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import log
from random import Random

from dispatch.model.city import City
from dispatch.policy.incidents.duplicate_likelihood import DuplicateModel
from dispatch.policy.incidents.same_caller import (
    JOINS_WITHIN_S,
    NEW_EMERGENCY_EVERY_S,
    REDIALS,
    Contact,
    same_emergency,
)
from dispatch.settings import Settings
from geo import Location, LocationStatus

START = datetime(2026, 11, 27, 12, tzinfo=UTC)
LAT, LON = -0.2201, -78.5123
DEGREE_M = 111_320.0
RAYLEIGH_95 = 2.448
CITY_KM = 20.0
# So many redials name something else, and as many come with a position that is wrong by kilometres.
CONTRADICTS = 0.01


@dataclass(frozen=True, slots=True)
class Kind:
    """`same`: both reports are of one emergency; `place`, `nature`: same, other, unsaid, or any as they come."""

    name: str
    same: bool
    cut_off: bool = False
    place: str = "any"
    nature: str = "any"


KINDS = (
    Kind("cut off, calls again", True, cut_off=True, nature="unsaid"),
    Kind("an SMS without a place, then a call", True, place="unsaid", nature="unsaid"),
    Kind("pressed again, the same place and nature", True, place="same", nature="same"),
    Kind("calls again, says what is known or nothing", True),
    Kind("another nature, the same place", False, place="same", nature="other"),
    Kind("another place, the same nature", False, place="other", nature="same"),
    Kind("another place, another nature", False, place="other", nature="other"),
    Kind("another place, nature unsaid", False, place="other", nature="unsaid"),
    Kind("another emergency, as they come", False),
)


def pair(kind: Kind, random: Random, city: City, window_s: float) -> tuple[Contact, Contact]:
    """The first report and the second."""
    shares = city.nature_shares
    natures, weights = list(shares), list(shares.values())
    known = None if kind.nature == "unsaid" or kind.cut_off else random.choices(natures, weights)[0]
    said = _second_nature(kind, known, random, natures, weights, city)
    seconds = _after_s(kind, random, window_s)
    far = (
        kind.place == "other"
        or (kind.same and kind.place == "any" and random.random() < CONTRADICTS)
        or (kind.place == "any" and not kind.same and random.random() < 0.5)
    )
    metres = random.uniform(2_000.0, CITY_KM * 500) if far else random.uniform(0, min(1.0 * seconds, 300.0))
    first = Contact(START, _place(random, 0.0, kind), known, was_cut_off=kind.cut_off)
    return first, Contact(START + timedelta(seconds=seconds), _place(random, metres, kind), said)


def _second_nature(
    kind: Kind, known: str | None, random: Random, natures: list[str], weights: list[float], city: City
) -> str | None:
    if kind.nature == "unsaid" and not kind.cut_off:
        return None
    contradicts = kind.nature == "any" and random.random() < CONTRADICTS
    if kind.nature == "same" or (kind.same and known is not None and not contradicts):
        return None if kind.nature == "any" and random.random() < 0.4 else known
    while True:
        said = random.choices(natures, weights)[0]
        if kind.nature != "other" or (said != known and said not in city.relatives.get(known or "", ())):
            return None if kind.nature == "any" and random.random() < 0.25 else said


def _after_s(kind: Kind, random: Random, window_s: float) -> float:
    if not kind.same:
        return random.uniform(0, window_s)
    half_life_s = 240.0 if kind.cut_off else 480.0
    while (seconds := random.expovariate(log(2) / half_life_s)) > JOINS_WITHIN_S:
        pass
    return seconds


def _place(random: Random, metres: float, kind: Kind) -> Location:
    if kind.place == "unsaid" or (kind.place == "any" and random.random() < 0.3):
        return Location(LocationStatus.UNLOCATED)
    radius_m = random.uniform(5, 80) if random.random() < 0.5 else random.uniform(300, 1_500)
    sigma = radius_m / RAYLEIGH_95
    north, east = random.gauss(0, sigma), metres + random.gauss(0, sigma)
    return Location(LocationStatus.LOCATED, LAT + north / DEGREE_M, LON + east / DEGREE_M, radius_m, 0.95)


def table(city: City, settings: Settings, count: int) -> None:
    """Print how each kind ends, and the two figures that are to be held."""
    duplicates, window_s = DuplicateModel(city), settings.redial_window_s
    shares: dict[str, tuple[float, float]] = {}
    for kind in KINDS:
        random = Random(kind.name)
        pairs = [pair(kind, random, city, window_s) for _ in range(count)]
        scores = [same_emergency(second, first, duplicates) for first, second in pairs]
        soon = [second.at - first.at <= timedelta(seconds=JOINS_WITHIN_S) for first, second in pairs]
        joined = sum(score >= settings.join_above and ok for score, ok in zip(scores, soon, strict=True)) / count
        shares[kind.name] = joined, sum(score >= settings.suggest_above for score in scores) / count
        joined, shown = shares[kind.name]
        print(f"  {kind.name}: {joined:.1%} joined, {shown - joined:.1%} suggested")
    redials = sum(shares[kind.name][0] for kind in KINDS if kind.same) / sum(kind.same for kind in KINDS)
    new = window_s / NEW_EMERGENCY_EVERY_S
    wrongly = new * shares[KINDS[-1].name][0]
    print(f"  redials joined: {redials:.2%} (to be 98 % or more)")
    print(f"  of all joins, wrong: {wrongly / (wrongly + REDIALS * redials):.2%} (to be 0.2 % or less)")
