"""When a unit would be there: turnout by what it is doing, the way over all places, and the honest range."""

from collections.abc import Sequence
from datetime import timedelta
from math import inf
from typing import NamedTuple

import numpy as np
import pytest

from dispatch.model import PlacedUnit, UnitStatus
from dispatch.model.city import Agency
from dispatch.policy.units.arrival import Place, arrivals
from dispatch.policy.units.candidates import Candidates, turnout_s
from dispatch.policy.units.unit_table import Bools, Floats, UnitTable
from geo import Point, TravelTime, WeightedPoint
from tests.dispatch.policy.asking import AGENCIES, KMH, LAT, LON, NOW, TRAVEL, standing

HERE, THERE, NOWHERE = Point(LAT, LON), Point(LAT + 0.02, LON), Point(LAT, LON + 0.5)
AMBULANCE = AGENCIES["MSP"]


class Islands:
    """To NOWHERE there is no way, save for who stands there; else the straight line."""

    def seconds(self, lats: Floats, lons: Floats, targets: Sequence[Point], *, speed_kmh: float | Floats) -> Floats:
        seconds = TRAVEL.seconds(lats, lons, targets, speed_kmh=speed_kmh)
        cut = np.array([target == NOWHERE for target in targets])
        return np.where(cut[None, :] & (np.abs(lons - NOWHERE.lon) > 0.01)[:, None], inf, seconds)


class Ranked(NamedTuple):
    """The columns of those who are ranked, soonest first."""

    ids: list[str]
    eta_s: Floats
    low_s: Floats
    high_s: Floats
    stale: Bools
    weight: Floats


def asked(
    *placed_units: PlacedUnit,
    places: Sequence[tuple[Point, float]] = ((HERE, 1.0),),
    travel: TravelTime = TRAVEL,
    agency: Agency = AMBULANCE,
    kmh: float = KMH,
) -> Ranked:
    support = [WeightedPoint(point, weight) for point, weight in places]
    agencies, speed_kmh = {agency.code: agency}, {agency.code: kmh}
    candidates = Candidates.of(UnitTable.of(placed_units), agencies=agencies, speed_kmh=speed_kmh, at=NOW)
    [found] = arrivals(candidates, [Place(support)], travel=travel)
    rows = found.ranked
    ids = [str(candidates.ids[row]) for row in rows]
    return Ranked(
        ids, found.eta_s[rows], found.low_s[rows], found.high_s[rows], candidates.is_stale[rows], found.weight
    )


@pytest.mark.parametrize(
    ("status", "since_s", "seconds"),
    [
        (UnitStatus.AVAILABLE, 900, 60),
        (UnitStatus.RETURNING, 5, 15),
        (UnitStatus.EN_ROUTE, 5, 15),
        (UnitStatus.DISPATCHED, 0, 60),
        (UnitStatus.DISPATCHED, 20, 40),
        (UnitStatus.DISPATCHED, 300, 15),
    ],
)
def test_a_crew_that_is_under_way_has_no_turnout_before_it(status: UnitStatus, since_s: int, seconds: int) -> None:
    one = standing("a", 1, status=status)
    assert turnout_s(one.unit, AMBULANCE, NOW + timedelta(seconds=since_s)) == seconds


def test_a_crew_on_the_road_is_never_slower_than_one_that_waits() -> None:
    quick = Agency("PN", "", "", "P", mobilisation_s=5, speed_kmh=KMH)
    for status in (UnitStatus.RETURNING, UnitStatus.DISPATCHED):
        assert turnout_s(standing("a", 1, status=status).unit, quick, NOW) == 5


def test_the_speed_of_the_hour_is_the_units() -> None:
    one = standing("a", 3)
    assert asked(one, kmh=KMH / 2).eta_s[0] - 60 == pytest.approx(2 * (asked(one).eta_s[0] - 60))


def test_soonest_first_and_equals_by_id() -> None:
    found = asked(standing("b", 1), standing("c", 0.5), standing("a", 1))
    assert found.ids == ["c", "a", "b"]
    assert (np.diff(found.eta_s) >= 0).all()


def test_the_range_grows_with_what_isnt_known() -> None:
    here = asked(standing("a", 3))
    spread = asked(standing("a", 3), places=[(HERE, 0.5), (THERE, 0.5)])
    stale = asked(standing("a", 3, age_s=600))
    widths = [float(found.high_s[0] - found.low_s[0]) for found in (here, spread, stale)]
    assert widths[0] < widths[1] and widths[0] < widths[2]
    assert stale.eta_s[0] > here.eta_s[0] and stale.stale[0] and not here.stale[0]


def test_drift_has_an_end() -> None:
    hours, days = (asked(standing("a", 3, age_s=s)) for s in (3_600, 86_400))
    assert hours.eta_s[0] == days.eta_s[0]


def test_each_agency_has_its_own_patience() -> None:
    patient = Agency("MSP", "MSP", "MSP", "A", 60, KMH, silent_after_s=300)
    one = standing("a", 3, age_s=200)
    assert asked(one).stale[0] and not asked(one, agency=patient).stale[0]


def test_a_place_that_nobody_can_get_to_is_left_out() -> None:
    some = asked(standing("a", 3), places=[(HERE, 0.7), (NOWHERE, 0.3)], travel=Islands())
    assert some.eta_s.tolist() == asked(standing("a", 3)).eta_s.tolist()
    assert some.weight.tolist() == [1.0, 0.0]


def test_one_that_only_another_can_get_to_counts_against_a_unit() -> None:
    away = standing("z", 0)
    away = PlacedUnit(away.unit, NOWHERE, None, 0.0)
    both = asked(standing("a", 3), away, places=[(HERE, 0.7), (NOWHERE, 0.3)], travel=Islands())
    eta_s = dict(zip(map(str, both.ids), both.eta_s.tolist(), strict=True))
    assert eta_s["a"] == pytest.approx(0.7 * (asked(standing("a", 3)).eta_s[0]) + 0.3 * (60 + 7_200))


def test_who_can_get_to_nowhere_isnt_ranked() -> None:
    assert asked(standing("a", 3), places=[(NOWHERE, 1.0)], travel=Islands()).ids == []
    away = PlacedUnit(standing("z", 0).unit, NOWHERE, None, 0.0)
    mostly = asked(standing("a", 3), away, places=[(HERE, 0.3), (NOWHERE, 0.7)], travel=Islands())
    assert mostly.ids == ["z"]
