"""What README and docs name works on a fresh clone: before and after `scripts/run`, without the tests' packages."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from dispatch.settings import PROJECT
from tests.scripts.packaging.bare import after_scripts_run, clone

SCRIPTS = sorted(file.name for file in (PROJECT / "scripts").iterdir() if file.is_file() and os.access(file, os.X_OK))
TEXTS = {name: (PROJECT / "scripts" / name).read_text("utf-8") for name in SCRIPTS}
# Their help is that of their module, with every option; that of the others is the comment at their head.
WITH_OPTIONS = {name for name, text in TEXTS.items() if "help_of_the_head" not in text}
NEEDS_DEV = {name for name, text in TEXTS.items() if "--dev" in text or "install requirements-dev.lock" in text}
NAMED = re.compile(r"(?<![\w/])scripts/([a-z_]+)(?![a-z_./])")


@pytest.fixture(scope="module")
def fresh(public_folder: Path) -> Path:
    return clone(public_folder / "fresh", console=False)


@pytest.fixture(scope="module")
def set_up(public_folder: Path, packages: Path) -> Path:
    folder = clone(public_folder / "set-up", console=False)
    after_scripts_run(folder, packages)
    return folder


def call(project: Path, script: str, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """As a newcomer does, from another folder; nothing can be downloaded."""
    unreachable = {"PIP_NO_INDEX": "1", "npm_config_offline": "true", "http_proxy": "http://127.0.0.1:9"}
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "COLUMNS": "120", **unreachable}
    command = [str(project / "scripts" / script), *arguments]
    return subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, check=False)


def files_of(project: Path) -> set[Path]:
    return {file for file in project.rglob("*") if "__pycache__" not in file.parts}


def test_the_bare_python_has_the_services_packages_and_no_others(set_up: Path) -> None:
    python = str(set_up / ".venv" / "bin" / "python")
    subprocess.run([python, "-P", "-c", "import numpy, fastapi, geopandas, dispatch, geo"], check=True)
    for package in ("hdrh", "pytest", "matplotlib", "playwright", "hypothesis", "pyarrow", "pip"):
        found = subprocess.run([python, "-P", "-c", f"import {package}"], capture_output=True, check=False)
        assert b"ModuleNotFoundError" in found.stderr, package


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_needs_only_the_services_packages_and_installs_nothing(script: str, set_up: Path, tmp_path: Path) -> None:
    before = files_of(set_up)
    said = call(set_up, script, "--help", home=tmp_path)
    assert said.returncode == 0, said.stderr
    assert len(said.stdout) > 60
    assert ("usage" in said.stdout.lower()) == (script in WITH_OPTIONS), said.stdout
    assert files_of(set_up) == before


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_before_anything_is_set_up_sets_nothing_up(script: str, fresh: Path, tmp_path: Path) -> None:
    before = files_of(fresh)
    said = call(fresh, script, "--help", home=tmp_path)
    assert said.returncode == 0, said.stderr
    assert len(said.stdout) > 60 and not said.stderr
    assert files_of(fresh) == before


@pytest.mark.parametrize("script", sorted(NEEDS_DEV))
def test_what_needs_more_packages_asks_for_their_lock_file(script: str, set_up: Path, tmp_path: Path) -> None:
    """Here they can't be had, and it says which: it doesn't begin and end in a ModuleNotFoundError."""
    said = call(set_up, script, home=tmp_path)
    assert said.returncode == 1
    assert "could not be installed from requirements-dev.lock" in said.stderr
    assert "ModuleNotFoundError" not in said.stderr


@pytest.mark.parametrize(
    ("script", "arguments", "made"),
    [
        ("bench_geo", ["--points", "50"], None),
        ("calibrate_location", ["--places", "40"], None),
        ("calibrate_joins", ["--bursts", "2"], None),
        ("draw_location", ["pictures"], "pictures"),
    ],
)
def test_what_needs_no_more_packages_does_its_work(
    script: str, arguments: list[str], made: str | None, set_up: Path, tmp_path: Path
) -> None:
    said = call(set_up, script, *arguments, home=tmp_path)
    assert said.returncode == 0, said.stderr
    assert made is None or any((tmp_path / made).iterdir())


def test_scripts_are_told_apart() -> None:
    assert {"run", "load_test", "simulate", "faults"} <= WITH_OPTIONS and {"load_test", "test", "check"} <= NEEDS_DEV
    assert {"test", "check", "build_wheel"}.isdisjoint(WITH_OPTIONS) and {"run", "simulate"}.isdisjoint(NEEDS_DEV)


def test_every_script_that_is_named_exists() -> None:
    pages = [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]
    named = {name for page in pages for name in NAMED.findall(page.read_text("utf-8"))}
    assert named >= {"run", "test", "check", "load_test"}
    assert named <= {*SCRIPTS, "load", "fault_runs"}


def test_every_file_that_a_recipe_names_exists() -> None:
    named = re.findall(
        r"`((?:dispatch|tests|geo|scripts|docs)/[^`<>\s]+)`", (PROJECT / "CONTRIBUTING.md").read_text("utf-8")
    )
    assert len(named) > 30
    assert [path for path in named if not (PROJECT / path).exists()] == []
