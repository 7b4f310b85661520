"""The wheel alone, in an empty folder: the page, Quito, and a simulated city that calls."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from scripts.packaging.__main__ import build_both
from scripts.packaging.contents import sdist_faults, wheel_faults
from tests.scripts.packaging.bare import DIST, bare_venv, clone, install_wheel
from tests.service import KEY, START_S, STOP_S, free_port

ASSET = re.compile(r"""(?:src|href)="(/[^"]+)\"""")
FIRST_CALL_S = 120
Running = tuple[httpx.AsyncClient, subprocess.Popen[bytes]]


@pytest.fixture(scope="module")
def built(public_folder: Path) -> tuple[Path, Path]:
    """The sdist and the wheel of a clone with the console in it."""
    return build_both(clone(public_folder / "built", console=True), public_folder / "dist")


@pytest.fixture(scope="module")
def installed(public_folder: Path, packages: Path, built: tuple[Path, Path]) -> Path:
    """A virtual environment with the wheel and the service's packages, and without the checkout."""
    folder = public_folder / "installed"
    bare_venv(folder, packages)
    install_wheel(built[1], folder)
    return folder


def test_without_the_console_nothing_is_built(tmp_path: Path) -> None:
    project = clone(tmp_path / "project", console=False)
    for target in ("sdist", "wheel"):
        command = [sys.executable, "-P", "-m", "hatchling", "build", "--target", target, "--directory", "made"]
        said = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        assert said.returncode == 1
        assert f"{DIST}/index.html is missing; scripts/build_wheel" in said.stderr
    assert not (project / "made").exists() or not any((project / "made").iterdir())


def test_what_is_missing_is_told(built: tuple[Path, Path], public_folder: Path, tmp_path: Path) -> None:
    sdist, wheel = built
    project = public_folder / "built"
    assert sdist_faults(sdist, project) == wheel_faults(wheel, project) == []
    richer = clone(tmp_path / "project", console=False)
    (richer / "data/quito/new.csv").touch()
    (richer / "dispatch/store/migrations/9999_new.sql").touch()
    assert [fault.partition(": ")[2] for fault in wheel_faults(wheel, richer)] == [
        "dispatch/data/quito/new.csv is missing",
        "dispatch/store/migrations/9999_new.sql is missing",
    ]
    assert len(sdist_faults(sdist, richer)) == 2


def test_it_is_imported_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    code = "import dispatch, geo, dispatch.settings as s; print(dispatch.__file__, geo.__file__, s.QUITO, sep='\\n')"
    said = subprocess.run(
        [installed / "bin/python", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert all(Path(line).is_relative_to(installed) for line in said.stdout.splitlines())


@pytest.fixture(scope="module")
async def service(installed: Path, public_folder: Path) -> AsyncIterator[Running]:
    """`dispatch run` in an empty folder with an empty HOME."""
    port, home = free_port(), public_folder / "home"
    home.mkdir()
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "DISPATCH_BOOTSTRAP_KEY": KEY}
    # Root's own place for it is the machine's, where another service may be.
    env |= {"DISPATCH_STATE": str(public_folder / "state")} if os.geteuid() == 0 else {}
    process = subprocess.Popen(  # noqa: ASYNC220 - it starts in no time
        [installed / "bin/dispatch", "run", "--port", str(port)], cwd=home, env=env, start_new_session=True
    )
    headers = {"Authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as client:
        try:
            await _ready(client, process)
            yield client, process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


async def test_a_newcomer_sees_a_living_city(service: Running) -> None:
    client, process = service
    page = await client.get("/")
    assert page.status_code == 200
    assets = ASSET.findall(page.text)
    assert any(path.endswith(".js") for path in assets)
    assert [(await client.get(path)).status_code for path in assets] == [200] * len(assets)
    assert (await client.get("/docs")).status_code == 200
    assert len((await client.get("/v1/parishes")).json()["features"]) == 65
    async with asyncio.timeout(FIRST_CALL_S):
        while not (incidents := (await client.get("/v1/incidents")).json()["items"]):
            assert process.poll() is None
            await asyncio.sleep(0.2)
    assert incidents[0]["location"] is not None
    process.send_signal(signal.SIGINT)
    assert await asyncio.to_thread(process.wait, STOP_S) == 0


async def _ready(client: httpx.AsyncClient, process: subprocess.Popen[bytes]) -> None:
    async with asyncio.timeout(START_S):
        while process.poll() is None:
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)
    pytest.fail(f"it ended with {process.returncode} before it was ready")
