"""`dispatch roads`, as a person runs it."""

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dispatch.cli import app
from dispatch.travel.roads_file import load_roads
from tests.dispatch.travel.extracts import SQUARE


def dispatch(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_it_builds_a_file_and_says_what_is_in_it(tmp_path: Path) -> None:
    extract = SQUARE.write(tmp_path / "quito.osm.pbf")
    done = dispatch("roads", "build", extract)
    assert done.exit_code == 0, done.output
    made = tmp_path / "quito.roads.npz"
    assert load_roads(made).network.streets == 3
    assert "left out, not reachable both ways: 0 nodes" in done.stdout
    told = dispatch("roads", "info", made)
    assert told.exit_code == 0
    for words in ("quito.osm.pbf", "ODbL", "2026-03-01", "reference_kmh", "detour", "nodes"):
        assert words in told.stdout, words


def test_it_writes_where_it_is_told(tmp_path: Path) -> None:
    extract = SQUARE.write(tmp_path / "quito.osm.pbf")
    assert dispatch("roads", "build", extract, "--out", tmp_path / "other.npz").exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.npz", "quito.osm.pbf"]


def test_what_is_no_pbf_is_an_error_in_words_and_leaves_nothing(tmp_path: Path) -> None:
    whole = SQUARE.write(tmp_path / "whole.osm.pbf").read_bytes()
    (tmp_path / "whole.osm.pbf").unlink()
    xml = '<?xml version="1.0"?><osm version="0.6"><node id="1" lat="0" lon="0"/></osm>'
    wrong = {"text": b"not a map", "nothing": b"", "xml": xml.encode(), "cut": whole[:-20], "half": whole[:200]}
    for name, content in wrong.items():
        file = tmp_path / f"{name}.osm.pbf"
        file.write_bytes(content)
        done = dispatch("roads", "build", file)
        assert done.exit_code == 1, name
        assert "is not an OpenStreetMap extract in PBF" in done.stderr or "contains no roads" in done.stderr, (
            done.stderr
        )
        assert "Traceback" not in done.stderr and done.exception.__class__ is SystemExit
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{name}.osm.pbf" for name in wrong)


@pytest.mark.parametrize("command", ["build", "info"])
def test_a_file_that_is_not_there_is_an_error_in_words(tmp_path: Path, command: str) -> None:
    done = dispatch("roads", command, tmp_path / "missing")
    assert done.exit_code == 1
    assert "can't be read: No such file" in done.stderr


def test_a_map_of_another_city_is_refused(tmp_path: Path) -> None:
    done = dispatch("roads", "build", replace(SQUARE, at=(48.2, 16.4)).write(tmp_path / "vienna.osm.pbf"))
    assert done.exit_code == 1
    assert "none of its roads is near the city" in done.stderr


def test_where_it_can_not_write_it_says_so(tmp_path: Path) -> None:
    done = dispatch("roads", "build", SQUARE.write(tmp_path / "q.osm.pbf"), "--out", tmp_path / "no" / "such" / "f.npz")
    assert done.exit_code == 1
    assert "can't be written" in done.stderr
