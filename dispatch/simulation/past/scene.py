"""What is open when the demo begins: an incident of every kind that a newcomer should meet in the first minute."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from dispatch.model.city import City, Nature
from dispatch.simulation.callers import Callers, PlannedCall
from dispatch.simulation.demand import Demand, Emergency
from dispatch.simulation.fixes import PlannedFix, Positioning
from dispatch.simulation.past.missions import Course
from dispatch.simulation.past.timeline import NEVER
from geo import Projection

TRIES = 40
# A fix of the mast that the telephone was on before, and of another that covers all of a neighbourhood.
OLD_MAST_KM, OLD_MAST_RADIUS_M, OLD_MAST_AGE_S = 6.0, 700.0, 50.0
NEIGHBOURHOOD_M = 420.0


@dataclass(frozen=True, slots=True)
class Case:
    """`ago_s`: how long before the present it was called in; `course`: what has come of it. `service`: of its nature;
    `contradicted`: two fixes of its caller can't both be true; `again_ago_s`: when somebody called about the same whom
    the service can only suggest to be doing so."""

    priority: int
    ago_s: float
    course: Course
    service: str | None = None
    contradicted: bool = False
    again_ago_s: float | None = None


def waiting(priority: int, ago_s: float, *, contradicted: bool = False, again_ago_s: float | None = None) -> Case:
    return Case(priority, ago_s, Course(process_s=NEVER), contradicted=contradicted, again_ago_s=again_ago_s)


def ordered(priority: int, ago_s: float) -> Case:
    """Its crew was told half a minute ago."""
    return Case(priority, ago_s, Course(process_s=ago_s - 25, turnout_s=NEVER))


def under_way(priority: int, ago_s: float, *, again_ago_s: float | None = None) -> Case:
    course = Course(process_s=min(45, 0.3 * ago_s), turnout_s=40, travel_s=NEVER)
    return Case(priority, ago_s, course, again_ago_s=again_ago_s)


def attended(priority: int, minutes: float, *, service: str | None = None, work_s: float = NEVER) -> Case:
    return Case(priority, 60 * minutes, Course(process_s=35, work_s=work_s), service=service)


# Overdue are those that have waited for more than a minute, and the one whose crew has been on its way for ten.
CASES = (
    waiting(1, 14),
    waiting(1, 88),
    waiting(2, 33, contradicted=True),
    waiting(2, 48),
    waiting(2, 115, again_ago_s=20),
    waiting(3, 22),
    waiting(3, 41),
    waiting(4, 190),
    waiting(5, 55),
    ordered(1, 50),
    ordered(3, 75),
    under_way(1, 150),
    under_way(1, 660),
    under_way(2, 170),
    under_way(2, 210),
    under_way(3, 200),
    under_way(4, 260),
    under_way(5, 280),
    attended(1, 19, service="health"),
    attended(1, 26, service="health", work_s=60),
    attended(2, 17),
    attended(2, 24, service="traffic"),
    attended(3, 21),
    attended(4, 28),
    attended(5, 26),
)
LONGEST_S = max(case.ago_s for case in CASES)


class Scene:
    """Each case with a nature and a parish of its own, as far as the city has so many."""

    def __init__(self, city: City, random: Random) -> None:
        self._city, self._random = city, random
        self._demand = Demand(city, random)
        self._callers = Callers(city, random)
        self._projection = Projection(city.crs)
        self._positioning = Positioning(self._projection, random)
        self._used: set[str] = set()

    def calls(self) -> Iterator[tuple[float, PlannedCall, Course]]:
        """Seconds before the present, the call, and what comes of it."""
        for case in CASES:
            emergency = self._emergency(case)
            first = self._well_placed(emergency)
            if case.contradicted:
                first = replace(first, fixes=(*first.fixes, self._old_mast(emergency)))
            yield case.ago_s, first, case.course
            if case.again_ago_s is not None:
                yield case.again_ago_s, self._badly_placed(emergency), Course(process_s=NEVER)

    def _emergency(self, case: Case) -> Emergency:
        nature = self._nature(case)
        emergency = self._demand.of(nature)
        for _ in range(TRIES):
            if emergency.parish.code not in self._used:
                break
            emergency = self._demand.of(nature)
        self._used |= {nature.code, emergency.parish.code}
        return emergency

    def _nature(self, case: Case) -> Nature:
        """By how often it happens."""
        natures = self._city.natures
        fitting = [n for n in natures if n.priority == case.priority and case.service in {None, n.service}]
        fitting = fitting or [n for n in natures if n.priority == case.priority] or list(natures)
        fresh = [n for n in fitting if n.code not in self._used] or fitting
        shares = self._city.nature_shares
        return self._random.choices(fresh, [shares[n.code] or 1e-9 for n in fresh])[0]

    def _well_placed(self, emergency: Emergency) -> PlannedCall:
        """By a telephone that knows where it is, and says all at once."""
        call = self._callers.call(0.0, emergency, again=False)
        assert emergency.nature is not None
        fix = self._positioning.fix(self._random.choice(("gnss", "gnss", "wifi")), emergency.lat, emergency.lon)
        return replace(call, nature=emergency.nature.code, fixes=(fix,), later=())

    def _badly_placed(self, emergency: Emergency) -> PlannedCall:
        """By one of which only the mast is known: too vague to be joined to what is known without a person."""
        call = self._callers.call(0.0, emergency, again=True)
        assert emergency.nature is not None
        mast = self._mast(emergency, NEIGHBOURHOOD_M, 0.3 * NEIGHBOURHOOD_M, age_s=0.0)
        return replace(call, channel="voice", nature=emergency.nature.code, fixes=(mast,), later=())

    def _old_mast(self, emergency: Emergency) -> PlannedFix:
        return self._mast(emergency, OLD_MAST_RADIUS_M, 1000 * OLD_MAST_KM, age_s=OLD_MAST_AGE_S)

    def _mast(self, emergency: Emergency, radius_m: float, off_m: float, *, age_s: float) -> PlannedFix:
        """South of it, which in Quito is in the city, too."""
        x, y = self._projection.forward(emergency.lat, emergency.lon)
        lat, lon = self._projection.inverse(x, y - off_m)
        cell = self._positioning.fix("cell", lat, lon).cell
        return PlannedFix("cell", round(lat, 6), round(lon, 6), radius_m, 0.95, age_s, off_m, cell)
