import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry

from dispatch.tools.coverage_faults import coverage_faults
from dispatch.tools.faults import Fault, Severity, wrong
from dispatch.tools.layer import Feature, forward
from dispatch.tools.layer_file import Fields, read_layer_file
from dispatch.tools.shape_faults import swapped
from dispatch.tools.unusable import Unusable
from geo import Projection
from tests.dispatch.tools.conftest import QUITO
from tests.dispatch.tools.layers import M2_A_PARISH, SOUND, corners, faults_of, pieces, square, table, told, write


def faults_with(tmp_path: Path, geometries: Any, **fields: Any) -> tuple[Fault, ...]:
    return faults_of(write(table(geometries, **fields), tmp_path / "layer.gpkg"))


@pytest.mark.parametrize("name", ["layer.gpkg", "layer.geojson", "layer.zip", "layer.fgb"])
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32717", "EPSG:24877"])
def test_a_sound_layer_is_sound_in_every_format_and_system(name: str, crs: str, tmp_path: Path) -> None:
    frame = table().to_crs("EPSG:4326" if name == "layer.geojson" else crs)
    if name == "layer.zip":
        frame = frame.rename(columns={"population_2022": "pob_2022"})
    assert faults_of(write(frame, tmp_path / name)) == ()


def test_quito_is_sound() -> None:
    assert faults_of(QUITO / "parishes.geojson") == ()


def test_an_overlap_is_told_with_its_area_and_place(tmp_path: Path) -> None:
    (fault,) = faults_with(tmp_path, (square(0, 0, 1.1), *SOUND[1:]))
    assert (fault.kind, fault.features) == ("overlap", (0, 1))
    assert fault.area_m2 == pytest.approx(M2_A_PARISH / 10, rel=0.01)
    assert fault.lat and fault.lon and square(1, 0, 0.1).contains(shapely.points(fault.lon, fault.lat))


def test_a_hole_in_the_city_is_a_gap(tmp_path: Path) -> None:
    ring = [square(x, y) for x in range(3) for y in range(3) if (x, y) != (1, 1)]
    (fault,) = faults_with(tmp_path, ring)
    assert fault.kind == "gap" and len(fault.features) == 8
    assert fault.area_m2 == pytest.approx(M2_A_PARISH, rel=0.01)
    assert fault.lat and fault.lon and square(1, 1).contains(shapely.points(fault.lon, fault.lat))


def test_a_sliver_that_leads_outside_is_told(tmp_path: Path) -> None:
    """Of four metres, where slips are up to ten wide; the outside itself is nobody's fault."""
    (fault,) = faults_with(tmp_path, (square(0, 0, 1 - 4 / 2226), SOUND[1]))
    assert (fault.kind, sorted(fault.features)) == ("sliver", [0, 1])
    assert fault.area_m2 == pytest.approx(4 * 2211.5, rel=0.02)


def test_a_lake_in_one_parish_is_a_gap_and_an_enclave_is_not(tmp_path: Path) -> None:
    lake = square(0.4, 0.4, 0.2, 0.2)
    around = SOUND[0].difference(lake)
    assert told(wrong(faults_with(tmp_path, (around, *SOUND[1:])))) == [("gap", (0,))]
    faults = faults_with(tmp_path, (around, *SOUND[1:], lake))
    assert told(faults) == [("hole", (0,))] and faults[0].severity is Severity.NOTICE


def test_a_polygon_that_crosses_itself_is_told_with_the_place(tmp_path: Path) -> None:
    bow = corners((0, 0), (1, 1), (1, 0), (0, 1))
    invalid, *others = faults_with(tmp_path, (bow, *SOUND[1:]))
    assert (invalid.kind, invalid.features) == ("invalid", (0,))
    assert invalid.lat == pytest.approx(-0.23) and invalid.lon == pytest.approx(-78.51)
    assert not others


def test_edges_that_miss_each_other_by_a_hair_are_one_line(tmp_path: Path) -> None:
    bent = corners((0, 0), (1, 0), (1, 0.5), (1.00001, 0.501), (1, 0.502), (1, 1), (0, 1))
    (fault,) = faults_with(tmp_path, (bent, *SOUND[1:]))
    assert fault.kind == "edges" and fault.severity is Severity.NOTICE


@pytest.mark.parametrize("turned", [(0,), (1, 3), (0, 1, 2, 3)])
def test_swapped_axes_are_recognised(turned: tuple[int, ...], tmp_path: Path) -> None:
    many = [square(x, y) for x in range(3) for y in range(2)] if len(turned) < 4 else list(SOUND)
    shapes = [swapped(shape) if number in turned else shape for number, shape in enumerate(many)]
    assert told(wrong(faults_with(tmp_path, shapes))) == [("swapped", (number,)) for number in turned]


def test_metres_given_as_degrees_are_recognised(tmp_path: Path) -> None:
    frame = table().to_crs("EPSG:32717").set_crs("EPSG:4326", allow_override=True)
    faults = faults_of(write(frame, tmp_path / "layer.gpkg"))
    assert told(faults) == [("not_degrees", (number,)) for number in range(4)]


def test_a_system_that_is_not_stated_can_be_said(tmp_path: Path) -> None:
    frame = table().to_crs("EPSG:32717")
    path = write(frame.rename(columns={"population_2022": "pob"}), tmp_path / "layer.zip")
    (tmp_path / "layer" / "layer.prj").unlink()
    shutil.make_archive(str(tmp_path / "layer"), "zip", tmp_path / "layer")
    assert "reference_system" in {fault.kind for fault in faults_of(path)}
    assert faults_of(path, from_crs="EPSG:32717") == ()


def test_what_is_far_from_the_others_is_told(tmp_path: Path) -> None:
    (far,) = faults_with(tmp_path, (*SOUND, square(60, 0)))
    assert told([far]) == [("apart", (4,))] and far.severity is Severity.WRONG
    (island,) = faults_with(tmp_path, (*SOUND, square(2.8, 0)))
    assert told([island]) == [("apart", (4,))] and island.severity is Severity.NOTICE


def test_what_is_no_polygon_is_told(tmp_path: Path) -> None:
    line = LineString([(-78.5, -0.2), (-78.4, -0.2)])
    path = tmp_path / "layer.geojson"
    features = json.loads(table((*SOUND, None, square(2, 0))).to_json())
    features["features"][5]["geometry"] = json.loads(shapely.to_geojson(line))
    path.write_text(json.dumps(features), "utf-8")
    assert told(faults_of(path)) == [("no_geometry", (4,)), ("not_polygon", (5,))]


def test_pieces_are_a_notice(tmp_path: Path) -> None:
    (fault,) = faults_with(tmp_path, (pieces(square(0, 0), square(3, 0)), *SOUND[1:]))
    assert told([fault]) == [("pieces", (0,))] and fault.severity is Severity.NOTICE


def test_names_codes_and_populations(tmp_path: Path) -> None:
    faults = faults_with(
        tmp_path,
        SOUND,
        code=["170101", "170101", "", "170104"],
        name=["Iñaquito", "INAQUITO ", None, "IÃ±aquito"],
        population_2022=[1, None, -3, 2],
    )
    assert told(faults) == [
        ("code", (2,)),
        ("code", (0, 1)),
        ("name", (2,)),
        ("name", (0, 1)),
        ("encoding", (3,)),
        ("population", (1,)),
        ("population", (2,)),
    ]
    assert "correct is 'Iñaquito'" in next(fault.what for fault in faults if fault.kind == "encoding")


@pytest.mark.parametrize("name", ["Ñaquito", "Cotocollao", "San José de Minas", "Pifo – La Libertad", "Ámbar Ã"])
def test_good_names_are_left_alone(name: str, tmp_path: Path) -> None:
    assert faults_with(tmp_path, SOUND[:1], name=[name]) == ()


@pytest.mark.parametrize("name", ["I�aquito", "I?aquito", "I\x91aquito"])
def test_lost_characters_are_told(name: str, tmp_path: Path) -> None:
    assert told(faults_with(tmp_path, SOUND[:1], name=[name])) == [("encoding", (0,))]


def test_fields_are_found_by_usual_names_or_as_told(tmp_path: Path) -> None:
    frame = table().rename(columns={"code": "DPA_PARROQ", "name": "DPA_DESPAR", "kind": "x", "population_2022": "p"})
    path = write(frame, tmp_path / "layer.gpkg")
    layer, _ = read_layer_file(path, Fields(kind="X", population="p"))
    first = layer.features[0]
    assert (first.code, first.name, first.kind, first.population) == ("170100", "Parroquia A", "urban", 1000)
    with pytest.raises(Unusable, match="there is no field 'q' for --code-field; there are DPA_PARROQ"):
        read_layer_file(path, Fields(code="q"))


@pytest.mark.parametrize("content", [b"", b"{}", b"PK\x03\x04", b'{"type": "FeatureCollection", "features": []}'])
def test_a_file_that_is_no_layer_says_so(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "layer.geojson"
    path.write_bytes(content)
    with pytest.raises(Unusable):
        read_layer_file(path, Fields())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.floats(0, 3)] * 2, *[st.floats(0.1, 2)] * 2), min_size=2, max_size=6))
def test_overlaps_add_up_to_what_is_counted_more_than_once(boxes: list[tuple[float, float, float, float]]) -> None:
    """Σ overlaps of pairs = Σ over places of n(n - 1) / 2, where n parishes have the place."""
    projection = Projection()
    features = [Feature(n, str(n), str(n), "", 0, square(*place)) for n, place in enumerate(boxes)]
    faults = list(coverage_faults(features, projection, least_m2=0))
    found = sum(fault.area_m2 or 0 for fault in faults if fault.kind == "overlap")
    edges = shapely.union_all([shapely.boundary(feature.geometry) for feature in features])
    cells: list[BaseGeometry] = list(shapely.get_parts(shapely.polygonize([edges])))
    expected = 0.0
    for cell in cells:
        point = shapely.point_on_surface(cell)
        n = sum(bool(shapely.contains(feature.geometry, point)) for feature in features)
        (flat,) = forward([cell], projection)
        expected += flat.area * n * (n - 1) / 2
    assert found == pytest.approx(expected, rel=1e-3, abs=50)
