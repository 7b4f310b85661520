from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from uuid import uuid4

import msgspec
import pytest

from dispatch.intake.json_call import parse
from dispatch.model.city import City
from dispatch.simulation.callers import PlannedCall, plan_calls
from dispatch.simulation.demand import spread
from dispatch.simulation.words import Words
from geo import distance_m

COUNT = 4_000


def planned(city: City, seed: int = 5, count: int = COUNT) -> list[PlannedCall]:
    arrivals = spread(Random(seed), count=count, over_s=count / 2)
    return list(plan_calls(city, seed=seed, arrivals=arrivals, misuse=0.06))


@pytest.fixture(scope="module")
def calls(quito: City) -> list[PlannedCall]:
    return planned(quito)


def test_the_same_seed_gives_the_same_calls_and_another_gives_others(quito: City) -> None:
    assert planned(quito, seed=8, count=200) == planned(quito, seed=8, count=200)
    assert planned(quito, seed=8, count=200) != planned(quito, seed=9, count=200)


def test_the_service_s_own_door_reads_each_of_them_without_a_flaw(calls: list[PlannedCall]) -> None:
    now = datetime.now(UTC)
    for call in calls[:500]:
        report = parse(msgspec.json.encode(call.body(uuid4(), now)))
        assert report.flaws == ()
        assert report.nature == call.nature
        assert len(report.fixes) == len(call.fixes)


def test_some_emergencies_are_called_in_by_several_who_stand_near_it(calls: list[PlannedCall]) -> None:
    callers = Counter(id(call.emergency) for call in calls)
    assert 0.05 < sum(n > 1 for n in callers.values()) / len(callers) < 0.3
    assert max(callers.values()) >= 3
    for call in calls:
        for fix in call.fixes:
            apart = distance_m(fix.lat, fix.lon, call.emergency.lat, call.emergency.lon)
            assert apart <= fix.error_m + 250


def test_phones_know_much_little_or_nothing(calls: list[PlannedCall]) -> None:
    kinds = Counter(" ".join(sorted(fix.source for fix in call.fixes)) for call in calls)
    assert kinds[""] / COUNT == pytest.approx(0.08, abs=0.03)
    assert kinds["cell"] / COUNT == pytest.approx(0.20, abs=0.04)
    assert kinds["gnss"] / COUNT == pytest.approx(0.43, abs=0.05)
    assert sum(n for kind, n in kinds.items() if " " in kind) / COUNT > 0.05


def test_only_what_began_badly_gets_a_better_fix_later(calls: list[PlannedCall]) -> None:
    late = [call for call in calls if call.later]
    assert len(late) / COUNT > 0.1
    for call in late:
        assert {fix.source for fix in call.fixes} <= {"cell"}
        assert all(4 <= delay_s <= 25 and fix.source in {"gnss", "wifi"} for delay_s, fix in call.later)


def test_misuse_names_no_emergency(calls: list[PlannedCall]) -> None:
    silent = [call for call in calls if call.emergency.nature is None]
    assert len(silent) / COUNT == pytest.approx(0.06, abs=0.02)
    assert all(call.nature is None and call.name is None and call.text for call in silent)


def test_numbers_are_made_up_and_come_back_no_sooner_than_after_all_others(calls: list[PlannedCall]) -> None:
    numbers = [call.number for call in calls]
    assert len(set(numbers)) == len(numbers)
    assert all(number.startswith("+5939900") and len(number) == 13 for number in numbers)


def test_there_are_words_for_every_nature_of_quito_and_for_none_that_it_lacks(quito: City) -> None:
    assert Words.load().natures.keys() == quito.natures_by_code.keys()


def test_words_hold_a_place_and_no_hole(calls: list[PlannedCall]) -> None:
    for call in calls:
        assert call.text
        assert "{" not in call.text
        if call.emergency.nature is not None:
            assert call.emergency.place in call.text


def test_a_nature_of_another_city_is_said_by_its_name(quito: City) -> None:
    volcano = replace(quito.nature("flood"), code="volcano", es="Erupción")
    assert Words.load().call(Random(1), volcano, "La Carolina", again=False).startswith("Erupción.")
