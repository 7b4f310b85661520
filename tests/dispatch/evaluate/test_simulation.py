"""A day of the city: nothing is lost, chance is the same for all, and a bad policy looks bad."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from dispatch.evaluate.calls import Day, day_of
from dispatch.evaluate.outcome import Outcome
from dispatch.evaluate.places import Places
from dispatch.evaluate.policies import Policy, policies_of
from dispatch.evaluate.simulation import Simulation
from dispatch.model.city import City
from dispatch.policy.units.coverage import Floats
from geo import Point, TravelTime

PER_DAY = 260.0


class Backwards:
    """Takes the farthest for the nearest."""

    def __init__(self, travel: TravelTime) -> None:
        self._travel = travel

    def seconds(self, lats: Floats, lons: Floats, targets: Sequence[Point], *, speed_kmh: float | Floats) -> Floats:
        return 100_000 - self._travel.seconds(lats, lons, targets, speed_kmh=speed_kmh)


@pytest.fixture(scope="module")
def days(quito: City, places: Places) -> list[Day]:
    return [day_of(quito, places, per_day=PER_DAY, seed=5, number=number) for number in range(2)]


@pytest.fixture(scope="module")
def by_code(quito: City) -> dict[str, Policy]:
    return {policy.code: policy for policy in policies_of(quito)}


def run(city: City, places: Places, policy: Policy, day: Day) -> tuple[Outcome, Simulation]:
    simulation = Simulation(city, places, policy, day)
    return simulation.run(), simulation


@pytest.mark.parametrize("code", ["line", "coverage+shared"])
def test_the_same_seed_gives_the_same_day(
    quito: City, places: Places, days: list[Day], by_code: dict[str, Policy], code: str
) -> None:
    again = day_of(quito, places, per_day=PER_DAY, seed=5, number=0)
    assert again.calls == days[0].calls
    first, second = (run(quito, places, by_code[code], day)[0] for day in (days[0], again))
    assert np.array_equal(first.response_s, second.response_s, equal_nan=True)
    assert (first.km, first.moves, first.sent) == (second.km, second.moves, second.sent)


def test_another_seed_or_number_gives_another(quito: City, places: Places, days: list[Day]) -> None:
    other = day_of(quito, places, per_day=PER_DAY, seed=6, number=0)
    assert {call.at_s for call in other.calls}.isdisjoint(call.at_s for call in days[0].calls)
    assert {call.at_s for call in days[1].calls}.isdisjoint(call.at_s for call in days[0].calls)


def test_chance_is_the_same_for_every_policy(
    quito: City, places: Places, days: list[Day], by_code: dict[str, Policy]
) -> None:
    """The same unit, sent to the same call from the same place at the same time, arrives at the same time."""
    met = []
    for code in ("line", "road", "coverage+move"):
        _, simulation = run(quito, places, by_code[code], days[0])
        assert [incident.call for incident in simulation.incidents] == list(days[0].calls)
        met.append({replace(sending, there_s=0.0): sending.there_s for sending in simulation.sendings})
    alike = met[0].keys() & met[1].keys() & met[2].keys()
    assert len(alike) > 100
    assert all(len({one[sending] for one in met}) == 1 for sending in alike)
    assert len({round(one[s] - s.now_s) for one in met for s in alike}) > 50


@pytest.mark.parametrize("code", ["line", "road", "coverage", "coverage+shared"])
def test_every_call_is_served_or_said_not_to_be(
    quito: City, places: Places, days: list[Day], by_code: dict[str, Policy], code: str
) -> None:
    outcome, simulation = run(quito, places, by_code[code], days[0])
    assert len(outcome.response_s) == len(days[0].calls)
    served = ~np.isnan(outcome.response_s)
    assert served.mean() > 0.95
    processed = np.array([call.process_s for call in days[0].calls])
    assert (outcome.response_s[served] > processed[served]).all()
    assert all(vehicle.is_free and vehicle.trip is None for vehicle in simulation.fleet.vehicles)
    needed = sum(need.count for call in days[0].calls for need in call.nature.needs)
    assert served.sum() <= outcome.sent <= needed


def test_units_that_stay_end_at_home(quito: City, places: Places, days: list[Day], by_code: dict[str, Policy]) -> None:
    outcome, simulation = run(quito, places, by_code["road"], days[0])
    assert outcome.moves == 0
    assert all(vehicle.place == vehicle.home for vehicle in simulation.fleet.vehicles)


def test_only_ambulances_move_and_only_to_stations(
    quito: City, places: Places, days: list[Day], by_code: dict[str, Policy]
) -> None:
    outcome, simulation = run(quito, places, by_code["coverage+move"], days[0])
    assert outcome.moves > 0
    stations = set(places.station.values())
    agency_of = {places.station[s.id]: s.agency for s in quito.stations}
    for vehicle in simulation.fleet.vehicles:
        assert vehicle.place in stations
        if vehicle.moves:
            assert "transport" in vehicle.able
            assert agency_of[vehicle.place] == vehicle.unit.agency


def test_the_farthest_is_worse(quito: City, places: Places, days: list[Day], by_code: dict[str, Policy]) -> None:
    farthest = replace(by_code["road"], code="farthest", travel=lambda known, _: Backwards(known))
    for day in days:
        best, worst = (run(quito, places, policy, day)[0] for policy in (by_code["road"], farthest))
        assert np.nanmean(worst.response_s) > 2 * np.nanmean(best.response_s)
        assert worst.late(1, 720.0) > best.late(1, 720.0) + 0.1
        assert worst.km > best.km


def test_too_much_is_too_much(quito: City, places: Places, by_code: dict[str, Policy]) -> None:
    """With ten times the calls some wait for hours, and those who give up are told as such."""
    quiet = day_of(quito, places, per_day=PER_DAY, seed=7, number=0)
    flood = day_of(quito, places, per_day=PER_DAY * 12, seed=7, number=0)
    calm, worn = (run(quito, places, by_code["road"], day)[0] for day in (quiet, flood))
    assert worn.late(1, 720.0) > calm.late(1, 720.0)
    assert np.isnan(worn.response_s).sum() > np.isnan(calm.response_s).sum()
    assert worn.busy["transport"] > 3 * calm.busy["transport"]
