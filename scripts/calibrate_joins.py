"""Measures how often one crash with many callers becomes one incident, and two crashes two, by the policy alone, on a
plane.

Callers are within 150 m of a crash, uniformly or in a dense crowd, with phones that are accurate to 5-80 m and whose
errors match; six in ten name the nature, a quarter none, the others a related one. A call comes every second."""

import argparse
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import cos, hypot, pi, sin, sqrt
from random import Random

from dispatch.city import load_city
from dispatch.model import Incident, IncidentId, IncidentStatus
from dispatch.model.city import City
from dispatch.policy.incidents.best_location import best_location
from dispatch.policy.incidents.duplicate_likelihood import DuplicateModel
from dispatch.policy.incidents.incident_table import IncidentTable
from dispatch.policy.incidents.same_incident import (
    Sighting,
    incidents_alike,
    likenesses,
    may_join,
    original_and_duplicate,
    sighting_of,
)
from dispatch.settings import PROJECT, Settings
from geo import Location, LocationStatus
from scripts.calibrate_redials import table

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
CALLERS = 40
WITHIN_M = 150.0
CROWD_M = 61.0
RAYLEIGH_95 = 2.448
NATURES = {"crash_injured": 12, None: 5, "trauma": 1, "motorcycle_crash": 1, "vehicle_fire": 1}
APART_M = (200, 300, 400, 500, 600)


class Room:
    """What the desk does with calls, without database: joins, opens, and links incidents that are near to certainly the
    same."""

    def __init__(self, city: City, join_above: float) -> None:
        self.duplicates, self.join_above = DuplicateModel(city), join_above
        self.open: dict[IncidentId, Incident] = {}

    def take(self, sighting: Sighting) -> float:
        """The likeness to the most similar known incident."""
        found = likenesses(sighting, self._near(sighting.location), self.duplicates)
        best = found[0] if found else None
        if best and best.score >= self.join_above and may_join(sighting, self.open[best.incident_id]):
            incident = self._add(best.incident_id, sighting.nature, sighting.location, 1)
        else:
            incident = _opened(IncidentId(max(self.open, default=0) + 1), sighting)
            self.open[incident.id] = incident
        self._settle(incident)
        return best.score if best else 0.0

    def _settle(self, incident: Incident) -> None:
        for similar in incidents_alike(incident, self._near(incident.location), self.duplicates):
            other = self.open[similar.incident_id]
            if similar.score >= self.join_above and may_join(sighting_of(incident), other):
                into, gone = original_and_duplicate(incident, other)
                del self.open[gone.id]
                self._settle(self._add(into.id, gone.nature, gone.location, gone.calls))
                return

    def _add(self, number: IncidentId, nature: str | None, location: Location, calls: int) -> Incident:
        before = self.open[number]
        self.open[number] = replace(
            before,
            calls=before.calls + calls,
            nature=before.nature or nature,
            location=best_location([before.location, location]),
        )
        return self.open[number]

    def _near(self, location: Location) -> IncidentTable:
        apart = ((incident, _apart(incident.location, location)) for incident in self.open.values())
        return IncidentTable.of(apart, self.duplicates)


def _opened(number: IncidentId, sighting: Sighting) -> Incident:
    return Incident(
        number, IncidentStatus.WAITING, 3, sighting.nature, None, sighting.at, sighting.location, 1, ("voice",)
    )


def _apart(a: Location, b: Location) -> float:
    """Locations of this plane have metres instead of degrees."""
    assert a.lat is not None and a.lon is not None and b.lat is not None and b.lon is not None
    return hypot(a.lat - b.lat, a.lon - b.lon)


def caller(random: Random, number: int, *, crowd: bool, east_m: float = 0.0, nature: str | None = None) -> Sighting:
    while True:
        away = random.gauss(0, CROWD_M), random.gauss(0, CROWD_M)
        if not crowd:
            distance, direction = WITHIN_M * sqrt(random.random()), random.uniform(0, 2 * pi)
            away = distance * sin(direction), distance * cos(direction)
        if hypot(*away) <= WITHIN_M:
            break
    radius_m = random.uniform(5, 80)
    north, east = (metres + random.gauss(0, radius_m / RAYLEIGH_95) for metres in away)
    said = nature or random.choices(list(NATURES), list(NATURES.values()))[0]
    place = Location(LocationStatus.LOCATED, north, east + east_m, radius_m, 0.95)
    return Sighting(place, said, START + timedelta(seconds=number))


def burst(city: City, seed: int, join_above: float, *, crowd: bool) -> int:
    """The number of incidents that the calls of one crash become."""
    random, room = Random(seed), Room(city, join_above)
    for number in range(CALLERS):
        room.take(caller(random, number, crowd=crowd))
    return len(room.open)


def two(city: City, seed: int, join_above: float, metres: float) -> float:
    """The likeness of the only calls of two crashes, the second a minute later."""
    random, room = Random(seed), Room(city, join_above)
    room.take(caller(random, 0, crowd=True, nature="crash_injured"))
    return room.take(caller(random, 60, crowd=True, east_m=metres, nature="crash_injured"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bursts", type=int, default=1_000)
    count = parser.parse_args().bursts
    city, settings = load_city(PROJECT / "data" / "quito"), Settings()
    print(f"One crash, {CALLERS} callers, {count} times; joined above {settings.join_above}:")
    for crowd in (True, False):
        ended = Counter(burst(city, seed, settings.join_above, crowd=crowd) for seed in range(count))
        what = ", ".join(f"{times} as {incidents}" for incidents, times in sorted(ended.items()))
        print(f"  {'in a crowd' if crowd else 'evenly'}: {what}")
    print("Two crashes of one nature, a call each within a minute:")
    for metres in APART_M:
        scores = [two(city, seed, settings.join_above, metres) for seed in range(count)]
        joined = sum(score >= settings.join_above for score in scores) / count
        shown = sum(score >= settings.suggest_above for score in scores) / count - joined
        print(f"  {metres} m apart: {joined:.1%} joined, {shown:.1%} suggested")
    print("Two reports of one phone:")
    table(city, settings, 10 * count)


if __name__ == "__main__":
    main()
