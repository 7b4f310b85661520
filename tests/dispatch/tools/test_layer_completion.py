"""Layers as municipal portals give them: other field names, codes in other forms, capitals, no kind, no population."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely
from shapely.geometry import MultiPolygon
from typer.testing import CliRunner

from dispatch.cli import app
from dispatch.tools.layer_completion import complete_layer, inec_code, inec_kind
from dispatch.tools.layer_file import Fields, read_layer_file
from geo import Parishes
from tests.dispatch.tools.conftest import QUITO
from tests.dispatch.tools.layers import table, write

Frame = Any


@pytest.fixture(scope="module")
def official() -> Frame:
    """As the municipal portal has it: `id`, `dpa_parroq`, `dpa_despar`."""
    ours = geopandas.read_file(QUITO / "parishes.geojson")
    fields = {
        "id": range(1, 66),
        "dpa_parroq": ours["code"].tolist(),
        "dpa_despar": ours["name"].str.upper().tolist(),
    }
    return geopandas.GeoDataFrame(fields, geometry=ours.geometry.tolist(), crs="EPSG:4326")


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return Path(shutil.copytree(QUITO, tmp_path / "quito"))


def run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(app, ["parishes", *map(str, arguments)], env={"COLUMNS": "200"})


def same(frame: Frame, **columns: Any) -> Frame:
    return frame.assign(**columns)


VARIANTS: dict[str, tuple[str, Callable[[Frame], Frame]]] = {
    "as it is": ("layer.geojson", same),
    "field names in capitals": (
        "layer.gpkg",
        lambda f: f.rename(columns=lambda name: name if name == "geometry" else name.upper()),
    ),
    "accents and spaces in field names": (
        "layer.gpkg",
        lambda f: f.rename(columns={"dpa_parroq": "Código Parroquia", "dpa_despar": "Nombre Parroquia"}),
    ),
    "field names that a Shapefile cuts": (
        "layer.shp",
        lambda f: f.rename(columns={"dpa_parroq": "COD_PARROQ", "dpa_despar": "NOMBRE_PAR"}),
    ),
    "codes as integers": ("layer.gpkg", lambda f: same(f, dpa_parroq=f.dpa_parroq.astype(int))),
    "codes as numbers": ("layer.gpkg", lambda f: same(f, dpa_parroq=f.dpa_parroq.astype(float))),
    "codes as text of numbers": ("layer.geojson", lambda f: same(f, dpa_parroq=f.dpa_parroq + ".0")),
    "codes with signs between": (
        "layer.gpkg",
        lambda f: same(f, dpa_parroq=f.dpa_parroq.str.replace(r"(..)(..)(..)", r"\1-\2-\3", regex=True)),
    ),
    "codes with the country's letters": ("layer.gpkg", lambda f: same(f, dpa_parroq="EC" + f.dpa_parroq)),
    "codes within the canton": ("layer.gpkg", lambda f: same(f, dpa_parroq=f.dpa_parroq.str[4:].astype(int))),
    "no codes but numbers": ("layer.gpkg", lambda f: f.drop(columns="dpa_parroq").assign(id=range(1001, 1066))),
    "no names": ("layer.gpkg", lambda f: f.drop(columns="dpa_despar")),
    "metres of UTM 17S": ("layer.zip", lambda f: f.to_crs("EPSG:32717")),
    "metres of the old national system": ("layer.gpkg", lambda f: f.to_crs("EPSG:24877")),
    "heights, and pieces": (
        "layer.geojson",
        lambda f: f.set_geometry([MultiPolygon([shapely.force_3d(shape, 2850.0)]) for shape in f.geometry]),
    ),
    "kinds in other words": (
        "layer.gpkg",
        lambda f: same(f, tipo=["Parroquia URBANA" if code < "170150" else "RURAL" for code in f.dpa_parroq]),
    ),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_is_known_of_a_parish_is_taken_by_code(
    variant: str, official: Frame, quito: Parishes, tmp_path: Path
) -> None:
    file, changed = VARIANTS[variant]
    layer, _ = read_layer_file(write(changed(official), tmp_path / file), Fields())
    completed, taken = complete_layer(layer, quito, source="the layer in place")
    assert {f.code: (f.name, f.kind, f.population) for f in completed.features} == {
        parish.code: (parish.name, parish.kind, parish.population) for parish in quito
    }
    by_code = {f.code: f.geometry for f in completed.features}
    for parish in quito:
        shape = by_code[parish.code]
        assert shape is not None and shape.representative_point().within(parish.polygon)
    assert any(line.startswith("population from the layer in place: 65 (170101, ") for line in taken)


def test_a_zip_may_have_its_layer_in_a_folder(official: Frame, tmp_path: Path) -> None:
    inner = tmp_path / "zipped" / "Parroquias DMQ"
    inner.mkdir(parents=True)
    official.to_crs("EPSG:32717").to_file(inner / "parroquias.shp", encoding="utf-8")
    (inner / "metadata.xml").write_text("<metadata/>")
    file = Path(shutil.make_archive(str(tmp_path / "parroquias"), "zip", tmp_path / "zipped"))
    layer, faults = read_layer_file(file, Fields())
    assert len(layer.features) == 65 and faults == ()


def test_the_official_layer_goes_in_by_one_command(official: Frame, city: Path, tmp_path: Path) -> None:
    before = json.loads((city / "parishes.geojson").read_bytes())
    file = write(official, tmp_path / "parroquias.geojson")
    done = run("import", file, "--city", city)
    assert done.exit_code == 0, done.output
    assert f"population from {city}/parishes.geojson: 65 (" in done.stdout
    assert f"kind urban from {city}/parishes.geojson: 32 (" in done.stdout
    assert f"kind rural from {city}/parishes.geojson: 33 (" in done.stdout
    assert f"name from {city}/parishes.geojson: 65 (" in done.stdout
    after = json.loads((city / "parishes.geojson").read_bytes())
    assert [f["properties"] for f in after["features"]] == [f["properties"] for f in before["features"]]


def test_a_new_folder_is_completed_from_the_city_in_use(official: Frame, tmp_path: Path) -> None:
    done = run("import", write(official, tmp_path / "layer.gpkg"), "--city", tmp_path / "new", "--json")
    assert done.exit_code == 0, done.output
    assert any("population from" in line for line in json.loads(done.stdout)["taken"])
    assert len(Parishes.from_geojson(json.loads((tmp_path / "new" / "parishes.geojson").read_bytes()))) == 65


def test_check_says_what_would_be_taken(official: Frame, tmp_path: Path) -> None:
    done = run("check", write(official, tmp_path / "layer.gpkg"))
    assert done.exit_code == 0, done.output
    assert "taken: population from" in done.stdout and "No faults." in done.stdout


def test_a_parish_that_nobody_knows_gets_its_kind_by_the_range_of_its_code(tmp_path: Path) -> None:
    frame = table(code=["170149", "170150", "170187", "X1"], kind=[None] * 4, population_2022=[None] * 4)
    layer, _ = read_layer_file(write(frame, tmp_path / "layer.gpkg"), Fields())
    completed, taken = complete_layer(layer, None, source="")
    assert [f.kind for f in completed.features] == ["urban", "rural", "rural", ""]
    assert [f.population for f in completed.features] == [None] * 4
    assert taken == (
        "kind urban from the range of the INEC code (urban below …50): 1 (170149)",
        "kind rural from the range of the INEC code (urban below …50): 2 (170150, 170187)",
    )


def test_a_population_that_is_nowhere_is_still_wrong(official: Frame, city: Path, tmp_path: Path) -> None:
    renamed = official.assign(dpa_parroq=official.dpa_parroq.replace({"170186": "170187"}), dpa_despar="")
    done = run("import", write(renamed, tmp_path / "layer.gpkg"), "--city", city)
    assert done.exit_code == 1
    assert "170187" in done.stdout and "population" in done.stdout and "Not installed." in done.stdout


def test_what_the_layer_says_itself_stays(quito: Parishes, tmp_path: Path) -> None:
    frame = table(code=["170101", "170102", "170103", "170155"], name=["Belisario", "Carcelen", "Centro", "Calderón"])
    layer, _ = read_layer_file(write(frame, tmp_path / "layer.gpkg"), Fields())
    completed, taken = complete_layer(layer, quito, source="the layer in place")
    assert completed == layer and taken == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("170150.0", "170150"),
        ("1.70150E+05", "170150"),
        ("10150", "010150"),
        ("17.01.50", "170150"),
        ("ec-170150", "170150"),
        ("990150", "990150"),
        ("A-12", "A-12"),
        ("nan", "nan"),
        ("Infinity", "Infinity"),
        ("1e999999", "1e999999"),
        ("", ""),
    ],
)
def test_codes(text: str, code: str) -> None:
    assert inec_code(text) == code


def test_kinds_by_code() -> None:
    assert [inec_kind(code) for code in ("170149", "170150", "010151", "990151", "50")] == [
        "urban",
        "rural",
        "rural",
        None,
        None,
    ]
