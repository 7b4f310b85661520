from random import Random
from typing import Any

import pytest

from dispatch.model import STEPS, UnitStatus
from dispatch.model.city import Agency
from dispatch.simulation.crew import ASK_AGAIN_S, Crew, Task

AGENCY = Agency("MSP", "Ministerio", "Ministry", "A", mobilisation_s=60, speed_kmh=36)
HOSPITAL = (3_000.0, 3_000.0)
HOME = (0.0, 0.0)
FALL = Task(1, "health", (2_000.0, 0.0))


def crew_of(capabilities: list[str], seed: int = 1) -> Crew:
    unit: dict[str, Any] = {"id": "A01", "capabilities": capabilities}
    crew = Crew(unit, AGENCY, HOME, [HOSPITAL, (-9_000.0, 0.0)], Random(seed), pace=4.0)
    crew.told("available", None, 0.0)
    return crew


def lived(crew: Crew, task: Task, limit_s: int = 7_200) -> list[tuple[str, tuple[float, float]]]:
    """Each status with the place where it was reported, when the room agrees to everything."""
    crew.told("dispatched", task, 0.0)
    steps = []
    for second in range(limit_s):
        step = crew.tick(second, 1.0)
        if step is not None:
            assert UnitStatus(step) in STEPS[UnitStatus(crew.status)]
            steps.append((step, crew.vehicle.place))
            crew.told(step, task if step not in {"returning", "available"} else None, second)
        if step == "available":
            break
    return steps


@pytest.mark.parametrize("seed", range(12))
def test_a_crew_takes_only_legal_steps_and_each_at_its_place(seed: int) -> None:
    steps = dict(lived(crew_of(["bls", "transport"], seed), FALL))
    assert list(steps)[:2] == ["en_route", "on_scene"]
    assert list(steps)[-2:] == ["returning", "available"]
    assert steps["en_route"] == HOME
    assert steps["on_scene"] == FALL.place
    assert steps.get("at_hospital", HOSPITAL) == HOSPITAL
    assert steps["available"] == HOME


def test_some_patients_go_to_hospital_and_some_do_not() -> None:
    ends = [len(lived(crew_of(["bls", "transport"], seed), FALL)) for seed in range(20)]
    assert set(ends) == {4, 6}


def test_one_that_cannot_transport_never_does() -> None:
    steps = [step for seed in range(10) for step, _ in lived(crew_of(["patrol"], seed), FALL)]
    assert set(steps) == {"en_route", "on_scene", "returning", "available"}


def test_without_a_place_it_looks_for_some_minutes() -> None:
    steps = dict(lived(crew_of(["engine"]), Task(1, None, None)))
    assert steps["on_scene"] == HOME


def test_a_better_place_turns_it_round_on_the_way() -> None:
    crew = crew_of(["engine"])
    crew.told("en_route", FALL, 0.0)
    for second in range(60):
        crew.tick(second, 1.0)
    better = Task(1, "health", (-2_000.0, 500.0))
    crew.told("en_route", better, 60.0)
    second = 60
    while crew.tick(second, 1.0) != "on_scene":
        second += 1
        assert second < 3_600
    assert crew.vehicle.place == better.place


def test_it_asks_once_and_again_only_after_a_while() -> None:
    crew = crew_of(["engine"])
    crew.told("dispatched", FALL, 0.0)
    asked = [second for second in range(100, 140) if crew.tick(second, 1.0) == "en_route"]
    assert asked == [100, 100 + ASK_AGAIN_S, 100 + 2 * ASK_AGAIN_S]


def test_the_dispatcher_s_word_wins_over_the_crew_s_plan() -> None:
    crew = crew_of(["engine"])
    crew.told("en_route", FALL, 0.0)
    for second in range(30):
        crew.tick(second, 1.0)
    crew.told("available", None, 30.0)
    assert not crew.vehicle.is_moving
    assert crew.tick(31.0, 1.0) is None


def test_police_patrol_and_an_engine_waits_at_its_station() -> None:
    police, engine = crew_of(["patrol"]), crew_of(["engine"])
    for second in range(300):
        assert police.tick(second, 1.0) is None
        assert engine.tick(second, 1.0) is None
    assert police.vehicle.place != HOME
    assert engine.vehicle.place == HOME


def test_turnouts_and_trips_are_spread_as_in_life() -> None:
    left, arrived = [], []
    for seed in range(200):
        crew = crew_of(["engine"], seed)
        crew.told("dispatched", FALL, 0.0)
        left.append(next(second for second in range(600) if crew.tick(second, 1.0) == "en_route"))
        crew.told("en_route", FALL, 0.0)
        arrived.append(next(second for second in range(3_600) if crew.tick(second, 1.0) == "on_scene"))
    late = sum(second > AGENCY.mobilisation_s for second in left)
    assert 30 < late < 110
    arrived.sort()
    assert 1.3 < arrived[180] / arrived[20] < 2.2


def test_traffic_slows_a_crew_down() -> None:
    def seconds(traffic: float) -> int:
        crew = crew_of(["engine"])
        crew.told("en_route", FALL, 0.0)
        return next(second for second in range(9_000) if crew.tick(second, 1.0, traffic=traffic) == "on_scene")

    assert seconds(0.5) > 1.7 * seconds(1.0)
