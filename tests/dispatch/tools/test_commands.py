import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dispatch.cli import app
from tests.dispatch.tools.conftest import QUITO
from tests.dispatch.tools.layers import SOUND, square, table, write

dispatch = CliRunner()


def test_the_service_starts_without_what_the_tools_need() -> None:
    heavy = ("geopandas", "pyarrow", "dispatch.tools.answers", "dispatch.tools.layer_file")
    code = f"import sys, dispatch.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_locate_prints_a_table_and_a_closing_line(tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    file.write_text("lat,lon\n-0.2,-78.5\n0,0\n", "utf-8")
    done = dispatch.invoke(app, ["locate", str(file), "--city", str(QUITO)])
    assert done.exit_code == 0
    assert done.stdout.splitlines()[1] == (
        "-0.2,-78.5,170101,Belisario Quevedo,1.0,located,,8766d338cffffff,8a66d338c777fff"
    )
    assert done.stderr.strip().endswith("2 rows: 1 located, 1 outside")


@pytest.mark.parametrize(("content", "code"), [("lat,lon\nx,0\n", 1), ("a,b\n1,2\n", 2)])
def test_locate_says_by_its_exit_code_what_went_wrong(content: str, code: int, tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    file.write_text(content, "utf-8")
    done = dispatch.invoke(app, ["locate", str(file), "-o", str(tmp_path / "out.csv"), "--city", str(QUITO)])
    assert done.exit_code == code and not done.stdout


def test_locate_in_a_city_that_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    file.write_text("lat,lon\n0,0\n", "utf-8")
    done = dispatch.invoke(app, ["locate", str(file), "--city", str(tmp_path)])
    assert done.exit_code == 2 and "parishes.geojson can't be read" in done.stderr


def test_locate_stops_quietly_when_nobody_reads_on(tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    file.write_text("lat,lon\n" + "-0.2,-78.5\n" * 50_000, "utf-8")
    command = [sys.executable, "-m", "dispatch", "locate", str(file), "--city", str(QUITO)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 0 and "Traceback" not in said


def test_check_prints_what_is_wrong_where(tmp_path: Path) -> None:
    file = write(table((square(0, 0, 1.1), *SOUND[1:])), tmp_path / "layer.gpkg")
    done = dispatch.invoke(app, ["parishes", "check", str(file)], env={"COLUMNS": "200"})
    assert done.exit_code == 1
    assert "overlap" in done.stdout and "170100 Parroquia A" in done.stdout and "1 faults, 0 notices." in done.stdout


def test_check_says_it_to_programs(tmp_path: Path) -> None:
    file = write(table((square(0, 0, 1.1), *SOUND[1:])), tmp_path / "layer.gpkg")
    done = dispatch.invoke(app, ["parishes", "check", str(file), "--json"])
    said = json.loads(done.stdout)
    assert done.exit_code == 1 and said["ok"] is False and said["crs"] == "EPSG:32717"
    assert said["faults"][0]["kind"] == "overlap" and said["faults"][0]["area_m2"] > 400_000


def test_check_of_the_citys_own_layer() -> None:
    done = dispatch.invoke(app, ["parishes", "check", str(QUITO / "parishes.geojson"), "--city", str(QUITO)])
    assert done.exit_code == 0 and done.stdout == "No faults.\n"


def test_import_mends_installs_and_tells(tmp_path: Path) -> None:
    file = write(table((square(0, 0, 1.02), *SOUND[1:])), tmp_path / "layer.gpkg")
    city = tmp_path / "city"
    refused = dispatch.invoke(app, ["parishes", "import", str(file), "--city", str(city)])
    assert refused.exit_code == 1 and "Not installed." in refused.stdout
    done = dispatch.invoke(app, ["parishes", "import", str(file), "--city", str(city), "--repair"])
    assert done.exit_code == 0 and (city / "parishes.geojson").exists()
    assert "mended: feature 1 (170101 Parroquia B): gained 0.0 m², lost" in done.stdout
    assert "The city still lacks city.json" in done.stdout


def test_import_that_can_not_be_used_ends_with_two(tmp_path: Path) -> None:
    done = dispatch.invoke(app, ["parishes", "import", str(tmp_path / "none.gpkg"), "--city", str(tmp_path)])
    assert done.exit_code == 2 and "there is no file" in done.stderr
