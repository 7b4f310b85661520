from collections import Counter
from dataclasses import replace

import pytest

from dispatch.model.city import City
from scripts.load.calls import CROWD, plan
from scripts.load.profiles import CALLS_PER_CASE, EARTHQUAKE_CASES, Profile, profiles, steady


@pytest.mark.parametrize("profile", profiles().values(), ids=lambda profile: profile.name)
def test_as_many_as_the_profile_says(quito: City, profile: Profile) -> None:
    part = profile if profile.calls() < 5_000 else profile.lasting(profile.seconds * 5_000 / profile.calls())
    calls = plan(quito, part, seed=3)
    # A Poisson count: five deviations either way.
    assert abs(len(calls) - part.calls()) < 5 * part.calls() ** 0.5
    assert all(0 <= call.at_s < part.seconds / part.squeeze for call in calls)
    assert [call.at_s for call in calls] == sorted(call.at_s for call in calls)


def test_the_same_seed_gives_the_same_calls(quito: City) -> None:
    profile = Profile("x", "", steady(20), 10, screens=0)
    assert plan(quito, profile, seed=1) == plan(quito, profile, seed=1) != plan(quito, profile, seed=2)


def test_squeezed_there_are_as_many_calls_sooner(quito: City) -> None:
    profile = Profile("x", "", steady(20), 10, screens=0)
    quick = plan(quito, replace(profile, squeeze=10), seed=1)
    assert [call.at_s * 10 for call in quick] == pytest.approx([call.at_s for call in plan(quito, profile, seed=1)])


def test_forty_call_about_an_emergency_in_the_worst_cells(quito: City) -> None:
    earthquake = profiles()["earthquake"]
    assert earthquake.calls() == pytest.approx(EARTHQUAKE_CASES * CALLS_PER_CASE, rel=0.001)
    short = earthquake.lasting(120)
    calls = Counter((call.emergency.lat, call.emergency.lon) for call in plan(quito, short, seed=1))
    assert max(calls.values()) == CROWD
    assert sum(count > CROWD / 2 for count in calls.values()) > 5
