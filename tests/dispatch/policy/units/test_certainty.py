"""Would other units be sent if one knew where the caller is? Asked across a ravine that one bridge crosses."""

from functools import cache

import numpy as np
import pytest

from dispatch.model import PlacedUnit
from dispatch.model.city import Need
from dispatch.policy.units.recommend import Recommendation
from geo import Location, LocationStatus, Point, Roads, support_points
from tests.dispatch.policy.asking import QUITO, TRAVEL, ask, chosen, reason, standing_at
from tests.geo.streets import ORIGIN, network

MPS = 10.0
NEED = [Need("als", 1)]


@cache
def ravine() -> Roads:
    """A street on each bank, 200 m apart and 6 km long; the bridge is at their northern end."""
    banks = [(-100, 3_000), (-100, -3_000), (100, 3_000), (100, -3_000)]
    streets = [(0, 1, 6_000 / MPS, 6_000 / MPS), (2, 3, 6_000 / MPS, 6_000 / MPS), (0, 2, 200 / MPS, 200 / MPS)]
    return Roads(network(banks, streets), QUITO)


def place(east_m: float, north_m: float) -> Point:
    return Point(*QUITO.inverse(ORIGIN[0] + east_m, ORIGIN[1] + north_m))


def caller(east_m: float, north_m: float, radius_m: float) -> Location:
    point = place(east_m, north_m)
    return Location(LocationStatus.LOCATED, point.lat, point.lon, radius_m, 0.95)


def unit(id: str, east_m: float, north_m: float) -> PlacedUnit:
    return standing_at(id, place(east_m, north_m), "als")


def across(location: Location, *placed_units: PlacedUnit) -> Recommendation:
    return ask(NEED, *placed_units, location=location, travel=ravine())


def test_the_nearest_by_the_straight_line_stands_on_the_wrong_bank() -> None:
    fleet, here = (unit("west", -100, 50), unit("east", 100, -1_500)), caller(100, 0, 10)
    assert chosen(ask(NEED, *fleet, location=here, travel=TRAVEL)) == ["west"]
    asked = across(here, *fleet)
    assert chosen(asked) == ["east"]
    assert reason(asked, "east", "not_nearest")["because"] == "later_arrival"


def test_on_which_bank_the_caller_is_decides_who_goes() -> None:
    fleet, somewhere = (unit("west", -100, -500), unit("east", 100, -600)), caller(20, 0, 300)
    by_line = ask(NEED, *fleet, location=somewhere, travel=TRAVEL)
    assert by_line.certainty is not None and by_line.certainty.points == 7
    certainty = across(somewhere, *fleet).certainty
    assert certainty is not None
    [other] = certainty.others
    weights = {
        bank: sum(p.weight for p in support_points(somewhere) if (p.point.lon > place(0, 0).lon) is east)
        for bank, east in (("west", False), ("east", True))
    }
    told = {*chosen(across(somewhere, *fleet)), *other.unit_ids}
    assert told == {"west", "east"}
    assert certainty.same_choice == pytest.approx(weights[chosen(across(somewhere, *fleet))[0]], abs=1e-3)
    assert other.probability == pytest.approx(1 - certainty.same_choice, abs=1e-3)


def test_known_well_enough_the_choice_is_certain() -> None:
    certainty = across(caller(100, 0, 20), unit("west", -100, -500), unit("east", 100, -600)).certainty
    assert certainty is not None and certainty.same_choice == 1 and certainty.others == ()


def test_arrival_is_the_mean_over_where_the_caller_may_be() -> None:
    """East of the ravine with 5 of 12, where the unit needs to cross the bridge; 7 of 12 on its own bank."""
    location = caller(-20, 0, 300)
    [found] = across(location, unit("west", -100, -500)).units
    points = [p.point for p in support_points(location)]
    roads = ravine()
    start = place(-100, -500)
    seconds = roads.seconds(np.array([start.lat]), np.array([start.lon]), points, speed_kmh=36.0)[0]
    expected = 60 + sum(p.weight * s for p, s in zip(support_points(location), seconds.tolist(), strict=True))
    assert found.eta_s == pytest.approx(expected, abs=0.1)
    assert found.eta_high_s - found.eta_low_s > max(seconds) / 4


def test_a_place_far_from_any_road_is_said() -> None:
    asked = across(caller(100, 0, 10), unit("field", 700, 0))
    assert reason(asked, "field", "off_road")["metres"] == 600
    assert across(caller(100, 0, 10), unit("street", 100, 700)).units[0].reasons[-1]["code"] == "capable"
