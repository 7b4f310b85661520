import copy
from collections.abc import Callable
from typing import Any

import pytest

from geo import LayerError, Parishes


def square(code: str = "1", **properties: object) -> dict[str, Any]:
    ring = [[-78.5, -0.2], [-78.4, -0.2], [-78.4, -0.1], [-78.5, -0.1], [-78.5, -0.2]]
    known = {"code": code, "name": "Centro", "kind": "urban", "population_2022": 5, "area_km2": 1.5}
    return {
        "type": "Feature",
        "properties": known | properties,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def problems(*features: object) -> tuple[str, ...]:
    with pytest.raises(LayerError) as caught:
        Parishes.from_geojson({"type": "FeatureCollection", "features": list(features)})
    return caught.value.problems


def bent(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    feature = copy.deepcopy(square("7"))
    change(feature)
    return feature


def ring_with(position: object) -> Callable[[dict[str, Any]], None]:
    return lambda feature: feature["geometry"]["coordinates"][0].__setitem__(2, position)


@pytest.mark.parametrize(
    ("collection", "problem"),
    [
        (None, "layer: type: must be FeatureCollection"),
        ([], "layer: type: must be FeatureCollection"),
        ({"type": "Feature"}, "layer: type: must be FeatureCollection"),
        ({"type": "FeatureCollection"}, "layer: features: must be a list with at least one feature"),
        ({"type": "FeatureCollection", "features": []}, "layer: features: must be a list with at least one feature"),
    ],
)
def test_what_is_no_layer_is_refused(collection: object, problem: str) -> None:
    with pytest.raises(LayerError) as caught:
        Parishes.from_geojson(collection)
    assert caught.value.problems == (problem,)


@pytest.mark.parametrize(
    ("field", "value", "what"),
    [
        ("name", "  ", "must be a non-empty string, not '  '"),
        ("name", None, "is missing"),
        ("kind", 3, "must be a non-empty string, not 3"),
        ("population_2022", -1, "must be a whole number from 0, not -1"),
        ("population_2022", True, "must be a whole number from 0, not True"),
        ("population_2022", 1.5, "must be a whole number from 0, not 1.5"),
        ("area_km2", 0, "must be a number above 0, not 0"),
        ("area_km2", float("nan"), "must be a number above 0, not nan"),
        ("area_km2", "12", "must be a number above 0, not '12'"),
    ],
)
def test_a_wrong_field_is_named_with_its_feature(field: str, value: object, what: str) -> None:
    assert problems(square("1"), square("7", **{field: value})) == (f"feature 1 (7): {field}: {what}",)


def test_a_feature_without_a_code_is_named_by_its_number() -> None:
    assert problems(square(code="")) == ("feature 0: code: must be a non-empty string, not ''",)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda f: f.update(geometry=None), "must be a Polygon or MultiPolygon"),
        (lambda f: f.update(geometry={"type": "Point", "coordinates": [0, 0]}), "must be a Polygon or MultiPolygon"),
        (lambda f: f["geometry"].update(coordinates=[]), "coordinates must be a list of rings"),
        (lambda f: f["geometry"].update(coordinates=[[[0, 0]]]), "ring 0 must have at least 4 positions"),
        (lambda f: f["geometry"]["coordinates"][0].pop(), "ring 0 must end where it begins"),
        (ring_with([-78.4, 91]), "ring 0, position 2: latitude must be a number from -90 to 90, not 91"),
        (ring_with([False, 1]), "ring 0, position 2: longitude must be a number from -180 to 180, not False"),
        (ring_with([-78.4, float("inf")]), "ring 0, position 2: latitude must be a number from -90 to 90, not inf"),
        (ring_with("x"), "ring 0, position 2: must be longitude and latitude"),
        (ring_with([-78.45, -0.3]), "is not valid: Self-intersection"),
    ],
)
def test_a_wrong_geometry_says_where(change: Callable[[dict[str, Any]], None], what: str) -> None:
    (problem,) = problems(bent(change))
    assert problem.startswith(f"feature 0 (7): geometry: {what}")


def test_every_problem_is_told_at_once() -> None:
    wrong = square("2", name="", population_2022="many")
    found = problems(square("1"), 5, wrong, square("1"), {"type": "Feature", "properties": []})
    assert [problem.split(": ")[0] for problem in found] == [
        "feature 1",
        "feature 2 (2)",
        "feature 2 (2)",
        "feature 4",
        "feature 3 (1)",
    ]
    assert found[-1] == "feature 3 (1): code: feature 0 has it already"


def test_a_layer_that_does_not_say_its_areas_has_them_measured() -> None:
    feature = square()
    del feature["properties"]["area_km2"]
    (parish,) = Parishes.from_geojson({"type": "FeatureCollection", "features": [feature]})
    assert parish.area_km2 == pytest.approx(11.1319 * 11.0574, rel=1e-4)
