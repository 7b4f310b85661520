"""The compared policies: which travel times are used, what is weighed, and where idle units wait."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from dispatch.model import Interval
from dispatch.model.city import City
from dispatch.policy.units.move_up import Restraint
from dispatch.policy.units.preference import CLOSEST, Preference
from geo import Projection, StraightLine, TravelTime

RESPONSE_S, PROCESS_S = 1_800.0, 60.0
AMBULANCE = "transport"
BEST = "coverage+shared"

# Tuned on other days than those reported; computed, as in the service, with a map of 1,000 incidents a day.
SECONDS_PER_CALL, INDIFFERENT_S = 70.0, 600.0
GAIN, FARTHEST_S, AT_ONCE = 0.7, 1_200.0, 2


def by_roads(places: TravelTime, _: City) -> TravelTime:
    return places


def by_line(_: TravelTime, city: City) -> TravelTime:
    return StraightLine(Projection(city.crs))


@dataclass(frozen=True)
class Policy:
    """`travel`: the times that it uses; `preference`: its weights, of coverage too if it `covers`. `move_up`: how idle
    units with one of the capabilities `who_moves` are moved, None: they return home and stay there. `hosts`: the
    agencies whose units may wait at each agency's stations besides its own."""

    code: str
    label: str
    travel: Callable[[TravelTime, City], TravelTime] = by_roads
    preference: Preference = CLOSEST
    covers: bool = False
    move_up: Restraint | None = None
    who_moves: Collection[str] = frozenset({AMBULANCE})
    hosts: Mapping[str, Collection[str]] = field(default_factory=dict)


COVERING = Preference(indifferent_s=INDIFFERENT_S, seconds_per_call=SECONDS_PER_CALL)
RESTRAINT = Restraint(gain=GAIN, drive_s=FARTHEST_S, most=AT_ONCE)


def policies_of(city: City) -> tuple[Policy, ...]:
    """Closest by straight line first: the base of all comparisons."""
    shared = every_station_hosts_ambulances(city)
    aware = Policy("coverage", "coverage-aware", preference=COVERING, covers=True)
    closest = Policy("line", "closest by line", by_line), Policy("road", "closest by road")
    return (
        *closest,
        aware,
        *(replace(p, code=f"{p.code}+move", label=f"{p.label}, move-up", move_up=RESTRAINT) for p in (*closest, aware)),
        replace(
            aware,
            code=BEST,
            label="coverage-aware, move-up to any station",
            move_up=RESTRAINT,
            hosts=shared,
        ),
    )


def ambulances_of(city: City) -> int:
    return sum(AMBULANCE in unit.capabilities for unit in city.fleet)


def every_station_hosts_ambulances(city: City) -> dict[str, tuple[str, ...]]:
    theirs = tuple(dict.fromkeys(unit.agency for unit in city.fleet if AMBULANCE in unit.capabilities))
    return {agency.code: tuple(code for code in theirs if code != agency.code) for agency in city.agencies}


def order_to_arrival_s(city: City, priority: int) -> float:
    """The part of the response target that is left after a unit is sent."""
    response, process = city.target(Interval.RESPONSE, priority=priority), city.target(Interval.PROCESS)
    return (response.seconds if response else RESPONSE_S) - (process.seconds if process else PROCESS_S)
