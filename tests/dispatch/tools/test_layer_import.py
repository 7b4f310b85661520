import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry import shape

from dispatch.city import load_city
from dispatch.tools.faults import wrong
from dispatch.tools.layer_file import Fields, read_layer_file
from dispatch.tools.layer_import import Imported, import_layer
from dispatch.tools.layer_install import FILES
from dispatch.tools.shape_faults import swapped
from dispatch.tools.unusable import Unusable
from geo import Parishes
from tests.dispatch.tools.conftest import QUITO
from tests.dispatch.tools.layers import M2_A_PARISH, SOUND, corners, square, table, told, write


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return Path(shutil.copytree(QUITO, tmp_path / "quito"))


def imported(
    frame: Any, folder: Path, *, repair: bool = False, accept_remaining: bool = False, dry_run: bool = False
) -> Imported:
    path = write(frame, folder.parent / "layer.gpkg")
    layer, found = read_layer_file(path, Fields())
    return import_layer(
        layer,
        found,
        folder,
        repair=repair,
        gap_width_m=10,
        accept_remaining=accept_remaining,
        dry_run=dry_run,
    )


def layer_in(folder: Path) -> Any:
    return json.loads((folder / "parishes.geojson").read_text("utf-8"))


def test_another_city_gets_its_layer_and_a_list_of_what_it_needs(tmp_path: Path) -> None:
    folder = tmp_path / "cuenca"
    done = imported(table(), folder)
    assert done.remaining == () and done.changes == ()
    assert done.installed is not None and done.installed.missing == FILES and done.installed.before is None
    parishes = Parishes.from_geojson(layer_in(folder))
    assert [parish.code for parish in parishes] == ["170100", "170101", "170102", "170103"]
    assert parishes.by_code["170103"].population == 1003
    assert parishes.by_code["170100"].area_km2 == pytest.approx(M2_A_PARISH / 1e6, rel=0.001)
    assert sorted(path.name for path in folder.iterdir()) == ["parishes.geojson"]


def test_the_layer_before_is_kept(city: Path) -> None:
    before = (city / "parishes.geojson").read_bytes()
    layer, found = read_layer_file(QUITO / "parishes.geojson", Fields())
    done = import_layer(layer, found, city, repair=False, gap_width_m=10)
    assert done.installed and done.installed.missing == ()
    assert (city / "parishes.geojson.before").read_bytes() == before
    assert (city / "parishes.geojson").read_bytes() == before, "the same layer gives the same file"
    assert len(load_city(city).parishes) == 65


def test_a_layer_with_which_the_city_would_not_load_changes_nothing(city: Path) -> None:
    before = sorted((path.name, path.read_bytes()) for path in city.iterdir())
    with pytest.raises(Unusable, match=r"stations.csv: line \d+, lat: .* is in no parish of this city"):
        imported(table(), city)
    assert sorted((path.name, path.read_bytes()) for path in city.iterdir()) == before


def test_what_was_wrong_with_the_city_before_is_not_the_layers_fault(city: Path) -> None:
    (city / "fleet.csv").write_text("nonsense\n", "utf-8")
    layer, found = read_layer_file(QUITO / "parishes.geojson", Fields())
    assert import_layer(layer, found, city, repair=False, gap_width_m=10).installed


def test_a_broken_layer_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "city"
    done = imported(table((square(0, 0, 1.1), *SOUND[1:])), folder)
    assert done.installed is None and told(done.remaining) == [("overlap", (0, 1))]
    assert not folder.exists()


def test_a_dry_run_leaves_everything(tmp_path: Path) -> None:
    done = imported(table(), tmp_path / "city", dry_run=True)
    assert done.installed is None and done.remaining == () and not (tmp_path / "city").exists()


BREAKS: dict[str, tuple[Any, ...]] = {
    "overlap": (square(0, 0, 1.02), *SOUND[1:]),
    "gap": (square(0, 0, 1 - 3 / 2226), *SOUND[1:], square(0, -1, 2)),
    "sliver": (square(0, 0, 1 - 3 / 2226), *SOUND[1:]),
    "invalid": (corners((0, 0), (1, 0), (1, 1), (0.98, 1.02), (0.96, 1), (1, 1), (0, 1)), *SOUND[1:]),
    "edges": (corners((0, 0), (1, 0), (1, 0.5), (1.00001, 0.501), (1, 0.502), (1, 1), (0, 1)), *SOUND[1:]),
}


@pytest.mark.parametrize("kind", BREAKS)
def test_what_can_be_mended_is_mended_and_told(kind: str, tmp_path: Path) -> None:
    frame = table(BREAKS[kind])
    assert kind in {fault.kind for fault in imported(frame, tmp_path / "city", dry_run=True).remaining}
    done = imported(frame, tmp_path / "city", repair=True)
    assert done.remaining == () and done.installed
    assert kind == "edges" or any("m²" in change or "km²" in change for change in done.changes)
    polygons = [shape(feature["geometry"]) for feature in layer_in(tmp_path / "city")["features"]]
    assert shapely.coverage_is_valid(polygons)
    whole = shapely.union_all([shapely.make_valid(polygon) for polygon in BREAKS[kind]])
    assert shapely.union_all(polygons).area == pytest.approx(whole.area, rel=0.002)


def test_swapped_axes_and_names_are_mended(tmp_path: Path) -> None:
    shapes = [*SOUND[:3], swapped(SOUND[3])]
    names = ["Iñaquito", "CumbayÃ¡", "Pifo", "Puembo"]
    done = imported(table(shapes, name=names), tmp_path / "city", repair=True)
    assert done.installed and wrong(done.remaining) == ()
    parishes = Parishes.from_geojson(layer_in(tmp_path / "city"))
    assert parishes.by_code["170101"].name == "Cumbayá"
    assert parishes.find(-0.21, -78.49) is parishes.by_code["170103"]
    assert len(done.changes) == 2


def test_a_wide_gap_is_not_given_to_anybody(tmp_path: Path) -> None:
    ring = [square(x, y) for x in range(3) for y in range(3) if (x, y) != (1, 1)]
    done = imported(table(ring), tmp_path / "city", repair=True)
    assert done.installed is None and [fault.kind for fault in done.remaining] == ["gap"]
    accepted = imported(table(ring), tmp_path / "city", repair=True, accept_remaining=True)
    assert accepted.installed
    assert Parishes.from_geojson(layer_in(tmp_path / "city")).find(-0.21, -78.49) is None


def test_mending_that_changes_much_is_not_trusted(tmp_path: Path) -> None:
    """Two parishes that claim the same third of the city: a question for the city, not for a tool."""
    frame = table((square(0, 0, 1.5), *SOUND[1:]))
    done = imported(frame, tmp_path / "city", repair=True)
    assert done.installed is None and {fault.kind for fault in done.remaining} == {"changed"}
    assert imported(frame, tmp_path / "city", repair=True, accept_remaining=True).installed


def test_a_parish_that_is_there_twice_is_not_mended_away(tmp_path: Path) -> None:
    frame = table((*SOUND, SOUND[0]))
    done = imported(frame, tmp_path / "city", repair=True)
    assert done.installed is None and wrong(done.remaining)


def test_what_the_service_can_not_use_is_not_accepted(tmp_path: Path) -> None:
    frame = table(SOUND, code=["1", "1", "2", "3"])
    with pytest.raises(Unusable, match="feature 1 \\(1\\): code: feature 0 has it already"):
        imported(frame, tmp_path / "city", accept_remaining=True)
    assert not (tmp_path / "city").exists()


def test_a_feature_without_polygon_is_left_out_only_when_accepted(tmp_path: Path) -> None:
    frame = table((*SOUND, None))
    assert imported(frame, tmp_path / "city").installed is None
    done = imported(frame, tmp_path / "city", accept_remaining=True)
    assert done.installed and "left out" in done.changes[0]
    assert len(layer_in(tmp_path / "city")["features"]) == 4


def test_a_layer_over_half_of_the_earth_is_not_indexed(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="extends over 78 degrees"):
        imported(table((*SOUND, swapped(square(0, 0)))), tmp_path / "city", accept_remaining=True)
