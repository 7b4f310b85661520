"""Who goes: by arrival, able, honest about what isn't known; the same answer to the same question."""

from datetime import UTC, datetime, timedelta
from math import isfinite

from hypothesis import given
from hypothesis import strategies as st

from dispatch.model import Standing, Unit, UnitId, UnitPosition, UnitStatus
from dispatch.model.city import Agency, Need
from dispatch.policy.recommend import Recommendation, recommend
from geo import Location, LocationStatus, Point, Projection, StraightLine, distance_m

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HERE = Location(LocationStatus.LOCATED, -0.2, -78.5, 20.0, 0.95)
AGENCIES = {"MSP": Agency("MSP", "MSP", "MSP", "A", 60, 36)}
TRAVEL = StraightLine(Projection("EPSG:32717"))


def standing(
    id: str, north_km: float, *capabilities: str, age_s: float | None = 5, status: UnitStatus = UnitStatus.AVAILABLE
) -> Standing:
    lat, lon = -0.2 + north_km / 110.57, -78.5
    at = NOW - timedelta(seconds=age_s or 0)
    position = UnitPosition(UnitId(id), lat, lon, at) if age_s is not None else None
    unit = Unit(UnitId(id), "MSP", "ambulance", capabilities, None, status, NOW)
    return Standing(unit, Point(lat, lon), position, distance_m(lat, lon, -0.2, -78.5))


def ask(needs: list[Need], *standings: Standing, location: Location = HERE) -> Recommendation:
    return recommend(
        location=location, needs=needs, standings=standings, agencies=AGENCIES, speed_kmh={"MSP": 36}, travel=TRAVEL, at=NOW
    )


def codes(asked: Recommendation, unit_id: str) -> list[str]:
    return [r["code"] for u in asked.units if u.unit_id == unit_id for r in u.reasons]


def test_the_first_to_arrive_that_can_help() -> None:
    asked = ask([Need("als", 1)], standing("near", 1, "bls"), standing("far", 5, "als"), standing("able", 2, "als"))
    assert [u.unit_id for u in asked.units if u.chosen] == ["able"]
    assert asked.units[0].unit_id == "able"
    assert asked.units[0].reasons[1] == {"code": "not_nearest", "nearer": "near", "because": "not_capable"}
    assert "not_capable" in codes(asked, "near")
    assert asked.shortfalls == ()


def test_an_arrival_carries_its_range() -> None:
    [unit] = ask([], standing("a", 3, age_s=5)).units
    assert unit.eta_low_s < unit.eta_s < unit.eta_high_s
    # A minute to get moving, 3 km x 1.35 at 36 km/h.
    assert abs(unit.eta_s - (60 + 3000 * 1.35 / 10)) < 5


def test_a_silent_unit_is_ranked_by_where_it_may_be() -> None:
    asked = ask([Need("bls", 1)], standing("silent", 1.0, "bls", age_s=900), standing("heard", 1.5, "bls"))
    assert [u.unit_id for u in asked.units if u.chosen] == ["heard"]
    assert "stale_position" in codes(asked, "silent")
    silent = next(u for u in asked.units if u.unit_id == "silent")
    heard = next(u for u in asked.units if u.unit_id == "heard")
    assert silent.eta_high_s - silent.eta_low_s > heard.eta_high_s - heard.eta_low_s


def test_what_is_missing_is_said() -> None:
    asked = ask([Need("als", 2), Need("hazmat", 1)], standing("one", 1, "als"))
    assert {(s.capability, s.missing) for s in asked.shortfalls} == {("als", 1), ("hazmat", 1)}


def test_a_unit_that_can_do_two_things_isnt_spent_on_what_another_can_do() -> None:
    asked = ask([Need("bls", 1), Need("als", 1)], standing("both", 1, "als", "bls"), standing("bls", 4, "bls"))
    assert {u.unit_id: u.fills for u in asked.units if u.chosen} == {"both": "als", "bls": "bls"}
    assert asked.shortfalls == ()


def test_without_a_position_nobody_is_ranked_and_that_is_said() -> None:
    asked = ask([Need("als", 1)], standing("a", 1, "als"), location=Location(LocationStatus.UNLOCATED))
    assert asked.units == () and asked.shortfalls[0].missing == 1


def test_nobody_is_ranked_for_the_far_side_of_the_earth() -> None:
    location = Location(LocationStatus.OUTSIDE, 0.2, 101.5, 20.0, 0.95)
    asked = ask([Need("als", 1)], standing("a", 1, "als"), location=location)
    assert all(isfinite(u.eta_s) and isfinite(u.eta_high_s) for u in asked.units)


def test_a_unit_never_heard_of_is_taken_to_be_at_its_station() -> None:
    asked = ask([Need("als", 1)], standing("quiet", 1, "als", age_s=None))
    assert asked.units[0].chosen and "at_station" in codes(asked, "quiet")


STATUSES = st.sampled_from(list(UnitStatus))
SKILLS = st.lists(st.sampled_from(["als", "bls", "patrol"]), unique=True)


@given(
    st.lists(st.tuples(st.floats(-30, 30), SKILLS, STATUSES, st.none() | st.floats(0, 5000)), max_size=25),
    st.lists(st.builds(Need, st.sampled_from(["als", "bls", "patrol"]), st.integers(1, 3)), max_size=3,
             unique_by=lambda n: n.capability),
)  # fmt: skip
def test_always(fleet: list[tuple[float, list[str], UnitStatus, float | None]], needs: list[Need]) -> None:
    standings = [standing(f"U{i}", km, *skills, age_s=age, status=s) for i, (km, skills, s, age) in enumerate(fleet)]
    asked = ask(needs, *standings)
    assert ask(needs, *reversed(standings)) == asked
    chosen = [u for u in asked.units if u.chosen]
    assert len({u.unit_id for u in asked.units}) == len(asked.units)
    assert all(u.status in {"available", "returning"} for u in asked.units)
    for need in needs:
        filled = [u for u in chosen if u.fills == need.capability]
        missing = next((s.missing for s in asked.shortfalls if s.capability == need.capability), 0)
        assert all(need.capability in u.capabilities for u in filled)
        assert len(filled) + missing == need.count
