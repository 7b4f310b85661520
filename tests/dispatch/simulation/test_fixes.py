from datetime import UTC, datetime
from random import Random

import pytest

from dispatch.simulation.fixes import RADIUS_M, PlannedFix, Positioning
from geo import Projection, distance_m

HERE = -0.2012, -78.4912


def measured(source: str, count: int = 4_000) -> list[PlannedFix]:
    positioning = Positioning(Projection("EPSG:32717"), Random(7))
    return [positioning.fix(source, *HERE) for _ in range(count)]


@pytest.mark.parametrize("source", RADIUS_M)
def test_the_truth_lies_within_the_radius_as_often_as_the_fix_is_confident(source: str) -> None:
    fixes = measured(source)
    for confidence in {fix.confidence for fix in fixes}:
        those = [fix for fix in fixes if fix.confidence == confidence]
        within = sum(distance_m(*HERE, fix.lat, fix.lon) <= fix.radius_m for fix in those) / len(those)
        assert within == pytest.approx(confidence, abs=0.025)


@pytest.mark.parametrize(("source", "bounds"), RADIUS_M.items())
def test_radii_are_those_of_the_source(source: str, bounds: tuple[float, float]) -> None:
    radii = [fix.radius_m for fix in measured(source)]
    assert bounds[0] <= min(radii) < 1.2 * bounds[0]
    assert bounds[1] / 1.2 < max(radii) <= bounds[1]


def test_a_cell_s_error_fills_its_disc_and_does_not_heap_up_in_the_middle() -> None:
    fixes = measured("cell")
    inner_half = sum(fix.error_m < fix.radius_m / 2 for fix in fixes) / len(fixes)
    assert inner_half == pytest.approx(0.95 / 4, abs=0.03)


def test_as_the_service_takes_it() -> None:
    fix = PlannedFix("gnss", -0.2, -78.5, 12.0, 0.68, 3.5, 8.0)
    body = fix.body(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert body == {
        "source": "gnss",
        "lat": -0.2,
        "lon": -78.5,
        "radius_m": 12.0,
        "confidence": 0.68,
        "at": "2026-01-02T03:04:01.500+00:00",
    }


def test_only_a_cell_fix_names_its_cell() -> None:
    assert all(fix.cell is not None and fix.cell["mcc"] == "740" for fix in measured("cell", 20))
    assert all(fix.cell is None for fix in measured("wifi", 20))
