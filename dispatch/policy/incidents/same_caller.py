"""Is this report of a known phone about the emergency that it reported before? A probability.

Two ways to a second report of one phone are compared: its caller calls again about the same emergency, or has another
one. The score is `ratio / (1 + ratio)`, `ratio` the product of three likelihood ratios:

    time     redials a second, fading by halves, over new emergencies of one phone a second
    place    where one caller would be now, over where one with another emergency would be
    nature   how often a caller names this nature again, over how often anybody names it

Neither a missing place nor a missing nature says anything. The terms and what they assume: docs/same-incident.md.
"""

from dataclasses import dataclass
from datetime import datetime
from math import exp, log, pi

from dispatch.model import Call
from dispatch.model.report import Channel
from dispatch.policy.incidents.duplicate_likelihood import NONE, DuplicateModel, variance
from geo import Location, distance_m

# Assumptions. One phone reports another emergency once in so long: made against joining, few people call that often.
NEW_EMERGENCY_EVERY_S = 30 * 86_400.0
# So many report again about the same, of those who could speak and of those who were cut off; half of them so soon.
REDIALS, REDIALS_CUT_OFF = 0.15, 0.8
REDIAL_HALF_LIFE_S = 420.0
# Another emergency of the same phone is where the first was, at home or at work, so often; else anywhere in the city.
AT_THE_SAME_PLACE = 0.5
CITY_M2 = 400e6
# A position that is elsewhere though the caller isn't: a wrong cell, an old fix taken for new.
PLACE_IS_WRONG = 1e-5
# A caller walks meanwhile, this fast and at most so far.
MOVES_MPS, MOVES_AT_MOST_M = 1.5, 1_000.0
# Later than this after the last contact a person decides: what is wrong among the joins grows with the time.
JOINS_WITHIN_S = 2_400.0
# With more reports of one phone than these within the window it is no single caller who redials.
MOST_REDIALS = 6


@dataclass(frozen=True, slots=True)
class Contact:
    """What one report of a phone says. `was_cut_off`: it may have ended before anything was said."""

    at: datetime
    location: Location
    nature: str | None
    was_cut_off: bool = False


def contact_of(call: Call, nature: str | None) -> Contact:
    """`nature`: of its incident, where the call itself names none."""
    cut_off = call.channel is Channel.VOICE and call.text is None and call.nature is None
    return Contact(call.received_at, call.location, call.nature or nature, cut_off)


def same_emergency(new: Contact, last: Contact, duplicates: DuplicateModel) -> float:
    """The probability (0-1) that a phone's new report is about the emergency of its last one."""
    seconds = max((new.at - last.at).total_seconds(), 0.0)
    ratio = _time(seconds, last) * _place(seconds, new.location, last.location) * _nature(new, last, duplicates)
    return round(ratio / (1 + ratio), 3)


def _time(seconds: float, last: Contact) -> float:
    expected = REDIALS_CUT_OFF if last.was_cut_off else REDIALS
    return expected * log(2) / REDIAL_HALF_LIFE_S * exp(-log(2) * seconds / REDIAL_HALF_LIFE_S) * NEW_EMERGENCY_EVERY_S


def _place(seconds: float, new: Location, last: Location) -> float:
    if new.lat is None or new.lon is None or last.lat is None or last.lon is None:
        return 1.0
    if new.radius_m is None or last.radius_m is None:
        return 1.0
    moved_m = min(MOVES_MPS * seconds, MOVES_AT_MOST_M)
    spread = variance(new.radius_m) + variance(last.radius_m) + variance(moved_m) + 1.0
    metres = distance_m(new.lat, new.lon, last.lat, last.lon)
    here = exp(-(metres**2) / (2 * spread)) / (2 * pi * spread)
    anywhere = 1 / (CITY_M2 + 2 * pi * spread)
    same = (1 - PLACE_IS_WRONG) * here + PLACE_IS_WRONG * anywhere
    other = AT_THE_SAME_PLACE * here + (1 - AT_THE_SAME_PLACE) * anywhere
    return same / other


def _nature(new: Contact, last: Contact, duplicates: DuplicateModel) -> float:
    said, known = duplicates.number(new.nature), duplicates.number(last.nature)
    return 1.0 if NONE in {said, known} else float(duplicates.said[said, known] / duplicates.share[said])
