import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.tools.geojson_rows import OTHER, FeatureStream
from dispatch.tools.locating import locate_file
from dispatch.tools.rows import Wanted
from geo import Parishes
from tests.dispatch.tools.points import point, read_answers

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(json_values), st.dictionaries(st.text(), json_values), st.integers(1, 50), st.sampled_from([None, 1]))
def test_a_collection_is_read_the_same_in_pieces_as_at_once(
    features: list[Any], members: dict[str, Any], block: int, indent: int | None
) -> None:
    members.pop("features", None)
    text = json.dumps(members | {"features": features, "after": 1}, indent=indent, ensure_ascii=False)
    stream = FeatureStream(io.StringIO(text), Path("x.geojson"), block)
    assert [feature for feature, _ in stream.features()] == features


def test_features_that_say_no_point_are_not_dropped(tmp_path: Path, quito: Parishes) -> None:
    features: list[Any] = [
        {"type": "Feature", "properties": {"id": 1}, "geometry": point(-0.2, -78.5)},
        {"type": "Feature", "properties": {"id": 2}, "geometry": None},
        {
            "type": "Feature",
            "properties": {"id": 3},
            "geometry": {"type": "LineString", "coordinates": [[0, 0], [1, 1]]},
        },
        {"type": "Feature", "properties": None, "geometry": {"type": "Point", "coordinates": [False, 0]}},
        {"type": "Feature", "properties": {"id": 5}, "geometry": {"type": "Point", "coordinates": []}},
        "a string",
        {"type": "Feature", "properties": {"id": 7, "more": [1]}, "geometry": point(-0.2, -78.5)},
    ]
    file, out = tmp_path / "in.geojson", tmp_path / "out.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    tally = locate_file(file, out, quito, Wanted(), chunk=2)
    rows = read_answers(out)
    assert [row["problem"] for row in rows] == [
        None,
        "geometry: is missing",
        "geometry: must be a Point, not 'LineString'",
        "lon: must be a number from -180 to 180, not False",
        "geometry: coordinates must be longitude and latitude",
        "type: must be Feature",
        None,
    ]
    assert tally.unreadable == 5
    written = json.loads(out.read_text("utf-8"))["features"]
    assert written[2]["geometry"] == features[2]["geometry"] and written[6]["properties"]["more"] == [1]


def test_properties_that_come_late_are_kept_in_a_table(tmp_path: Path, quito: Parishes) -> None:
    features = [
        {"type": "Feature", "properties": {"id": 1}, "geometry": point(-0.2, -78.5)},
        {"type": "Feature", "properties": {"id": 2, "late": {"a": "ñ"}}, "geometry": point(-0.2, -78.5)},
    ]
    file = tmp_path / "in.geojsonl"
    file.write_text("\x1e" + "\n\x1e".join(map(json.dumps, features)) + "\n", "utf-8")
    locate_file(file, tmp_path / "out.csv", quito, Wanted(), chunk=1)
    rows = read_answers(tmp_path / "out.csv")
    assert rows[0][OTHER] == "" and json.loads(rows[1][OTHER]) == {"late": {"a": "ñ"}}


def test_a_broken_line_costs_only_itself(tmp_path: Path, quito: Parishes) -> None:
    feature = json.dumps({"type": "Feature", "properties": {}, "geometry": point(-0.2, -78.5)})
    file = tmp_path / "in.json"
    file.write_text(f"{feature}\n{feature[:-9]}\n{'[' * 100_000}\n{feature}\n", "utf-8")
    locate_file(file, tmp_path / "out.geojsonl", quito, Wanted())
    assert [row["status"] for row in read_answers(tmp_path / "out.geojsonl")] == [
        "located",
        "unreadable",
        "unreadable",
        "located",
    ]


@pytest.mark.parametrize("asked", [Wanted("y", "x"), Wanted("y", "x", radius="r")])
def test_the_place_may_be_in_properties(asked: Wanted, tmp_path: Path, quito: Parishes) -> None:
    feature = {"type": "Feature", "properties": {"x": "-78.5", "y": -0.2, "r": 10}, "geometry": None}
    file = tmp_path / "in.geojsonl"
    file.write_text(json.dumps(feature) + "\n", "utf-8")
    locate_file(file, tmp_path / "out.csv", quito, asked)
    assert read_answers(tmp_path / "out.csv")[0]["status"] == "located"


@pytest.mark.parametrize("out", ["csv", "parquet", "geojson", "geojsonl"])
def test_half_a_character_does_not_stop_the_rest(out: str, tmp_path: Path, quito: Parishes) -> None:
    feature = {"type": "Feature", "properties": {"name": "\ud83d"}, "geometry": point(-0.2, -78.5)}
    file = tmp_path / "in.geojsonl"
    file.write_text(json.dumps(feature) + "\n", "utf-8")
    locate_file(file, tmp_path / f"out.{out}", quito, Wanted())
    (row,) = read_answers(tmp_path / f"out.{out}")
    assert row["status"] == "located" and row["name"] in ("\ud83d", "\\ud83d")
