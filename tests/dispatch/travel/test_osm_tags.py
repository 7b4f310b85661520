"""Who may drive what, which way, how fast."""

import pytest

from dispatch.travel.osm_tags import drives, limit_kmh, passable
from dispatch.travel.speeds import SPEEDS
from geo import Profile


def ways(profile: Profile, **tags: str) -> tuple[bool, bool]:
    """Whether it goes along and against the way."""
    found = drives({key.replace("__", ":"): value for key, value in tags.items()})
    return (bool(found[profile].forward_kmh), bool(found[profile].backward_kmh)) if found else (False, False)


BOTH, ALONG, AGAINST, NEITHER = (True, True), (True, False), (False, True), (False, False)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"highway": "residential"}, BOTH),
        ({"highway": "residential", "oneway": "yes"}, ALONG),
        ({"highway": "residential", "oneway": "1"}, ALONG),
        ({"highway": "residential", "oneway": "-1"}, AGAINST),
        ({"highway": "residential", "oneway": "no", "junction": "roundabout"}, BOTH),
        ({"highway": "residential", "junction": "roundabout"}, ALONG),
        ({"highway": "motorway"}, ALONG),
        ({"highway": "motorway", "oneway": "no"}, BOTH),
        ({"highway": "motorway_link"}, BOTH),
        ({"highway": "primary", "oneway": "reversible"}, NEITHER),
        ({"highway": "primary", "oneway": "yes", "oneway__motor_vehicle": "no"}, BOTH),
        ({"highway": "footway"}, NEITHER),
        ({"highway": "construction"}, NEITHER),
        ({"highway": "pedestrian", "area": "yes"}, NEITHER),
        ({"route": "ferry"}, NEITHER),
        ({"highway": "unclassified", "route": "ferry"}, NEITHER),
        ({"highway": "residential", "access": "no"}, NEITHER),
    ],
)
def test_of_both_profiles(tags: dict[str, str], expected: tuple[bool, bool]) -> None:
    assert ways("car", **tags) == expected
    assert ways("emergency", **tags) == expected


@pytest.mark.parametrize(
    ("tags", "car", "emergency"),
    [
        ({"highway": "service", "access": "private"}, NEITHER, BOTH),
        ({"highway": "residential", "motor_vehicle": "no"}, NEITHER, BOTH),
        ({"highway": "residential", "access": "no", "motor_vehicle": "yes"}, BOTH, BOTH),
        ({"highway": "residential", "access": "no", "emergency": "yes"}, NEITHER, BOTH),
        ({"highway": "residential", "emergency": "no"}, BOTH, NEITHER),
        ({"highway": "busway", "oneway": "yes"}, NEITHER, ALONG),
        ({"highway": "residential", "access": "no", "bus": "yes"}, NEITHER, BOTH),
        ({"highway": "pedestrian"}, NEITHER, BOTH),
        ({"highway": "pedestrian", "motor_vehicle": "yes"}, BOTH, BOTH),
        ({"highway": "track"}, NEITHER, BOTH),
        ({"highway": "footway", "emergency": "yes"}, NEITHER, BOTH),
        ({"highway": "service", "service": "emergency_access"}, NEITHER, BOTH),
        ({"highway": "primary", "oneway": "yes", "oneway__emergency": "no"}, ALONG, BOTH),
    ],
)
def test_where_an_emergency_may_go_otherwise(
    tags: dict[str, str], car: tuple[bool, bool], emergency: tuple[bool, bool]
) -> None:
    assert ways("car", **tags) == car
    assert ways("emergency", **tags) == emergency


@pytest.mark.parametrize(
    ("text", "kmh"),
    [("50", 50), ("30 mph", 48.28032), ("50 km/h", 50), ("20mph", 32.18688), (" 60 ", 60)]
    + [(text, None) for text in ("none", "walk", "EC:urban", "0", "999", "50;30", "-50", "５０", "", "1e2")],
)
def test_a_posted_speed_is_read_or_left(text: str, kmh: float | None) -> None:
    assert limit_kmh(text) == (pytest.approx(kmh) if kmh else None)


def test_the_posted_speed_holds_and_raises_what_its_class_says_too_little() -> None:
    def car(**tags: str) -> tuple[float, float]:
        found = drives({key.replace("__", ":"): value for key, value in tags.items()})
        assert found
        return found["car"].forward_kmh, found["car"].backward_kmh

    assert car(highway="residential") == (SPEEDS["residential"].car, SPEEDS["residential"].car)
    assert car(highway="motorway", maxspeed="50", oneway="no") == (50, 50)
    assert car(highway="residential", maxspeed="80") == (48, 48)
    assert car(highway="residential", maxspeed="nonsense")[0] == SPEEDS["residential"].car
    forward, backward = car(highway="primary", maxspeed__forward="20", maxspeed__backward="20 mph")
    assert forward == 20
    assert backward == pytest.approx(32.18688)


def test_an_emergency_is_faster_on_the_same_road() -> None:
    found = drives({"highway": "secondary", "maxspeed": "30"})
    assert found and found["emergency"].forward_kmh == pytest.approx(30 * 48 / 36)


@pytest.mark.parametrize(
    ("tags", "car", "emergency"),
    [
        ({}, True, True),
        ({"highway": "crossing", "access": "no"}, True, True),
        ({"barrier": "gate"}, True, True),
        ({"barrier": "gate", "access": "private"}, False, True),
        ({"barrier": "lift_gate", "emergency": "no"}, True, False),
        ({"barrier": "bollard"}, False, True),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, True, True),
        ({"barrier": "block"}, False, False),
        ({"barrier": "block", "emergency": "yes"}, False, True),
        ({"barrier": "toll_booth"}, True, True),
    ],
)
def test_who_gets_past_a_barrier(tags: dict[str, str], car: bool, emergency: bool) -> None:
    assert passable(tags) == {"car": car, "emergency": emergency}
