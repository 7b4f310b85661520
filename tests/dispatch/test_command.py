"""`dispatch run` with its own PostgreSQL, and the commands beside it."""

import asyncio
import os
import signal
import stat
import sys
from pathlib import Path

import pytest

from dispatch.store.embedded import EmbeddedPostgres
from tests.reports import a_call
from tests.screens import Screen
from tests.service import STOP_S, Service


async def command(*words: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "dispatch", *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode().strip(), err.decode()


async def test_keys_are_made_and_revoked_while_the_service_runs(public_folder: Path) -> None:
    state = str(public_folder / "command")
    async with Service.started(None, "--state", state) as service:
        code, key, said = await command("keys", "add", "app", "--role", "intake", "--state", state)
        assert code == 0 and len(key) > 40, said
        async with service.client(key=key) as http:
            assert (await http.post("/v1/calls", json=a_call())).status_code == 201
            assert (await http.get("/v1/incidents")).status_code == 403
            assert (await http.post("/v1/units/positions", json={"positions": []})).status_code == 403
            code, _, said = await command("keys", "revoke", "app", "--state", state)
            assert code == 0, said
            assert (await http.post("/v1/calls", json=a_call())).status_code == 401
        code, _, said = await command("keys", "add", "app", "--role", "king", "--state", state)
        assert code == 1 and "king" in said


async def test_a_gateway_is_made_and_adds_without_being_told(public_folder: Path) -> None:
    state = str(public_folder / "gateway-key")
    async with Service.started(None, "--state", state) as service:
        code, key, said = await command("keys", "add", "aml", "--role", "gateway", "--state", state)
        assert code == 0, said
        async with service.client(key=key) as http:
            answer = await http.post("/v1/calls", json=a_call(channel="aml"))
        assert answer.status_code == 201 and answer.json().keys() == {"report_id", "received_at"}


async def test_a_device_has_a_unit_and_nobody_else_has(public_folder: Path) -> None:
    state = str(public_folder / "device-keys")
    async with Service.started(None, "--state", state) as service:
        code, key, said = await command("keys", "add", "phone", "--role", "device", "--unit", "P001", "--state", state)
        assert code == 0, said
        async with service.client(key=None) as http:
            told = {"id": key, "lat": "-0.2", "lon": "-78.5"}
            assert (await http.get("/v1/devices/osmand", params=told)).json()["unit_id"] == "P001"
        for wrong in (["device"], ["crew"], ["intake", "--unit", "P001"], ["device", "--unit", "ghost"]):
            code, _, said = await command("keys", "add", "x", "--role", *wrong, "--state", state)
            assert code == 1 and ("--unit" in said or "ghost" in said) and "Traceback" not in said
        code, told_of, _ = await command("keys", "list", "--state", state)
        assert code == 0 and "P001" in told_of and key not in told_of


async def test_without_a_key_of_ones_own_there_is_one_in_the_state_folder(public_folder: Path) -> None:
    state = public_folder / "own-key"
    keys = []
    for _ in range(2):
        async with Service.started(None, "--state", str(state), bootstrap_key="") as service:
            file = state / "admin.key"
            assert stat.S_IMODE(os.stat(file).st_mode) == 0o600  # noqa: PTH116
            keys.append(file.read_text())
            async with service.client(key=keys[-1]) as http:
                assert (await http.get("/v1/session")).json()["role"] == "admin"
    assert keys[0] == keys[1]


@pytest.mark.parametrize(
    "signals", [[signal.SIGTERM], [signal.SIGINT], [signal.SIGINT, signal.SIGTERM]], ids=["term", "int", "both"]
)
async def test_however_it_is_ended_it_takes_its_postgres_along(
    public_folder: Path, signals: list[signal.Signals]
) -> None:
    state = public_folder / f"ended-{len(signals)}-{signals[0]}"
    async with Service.started(None, "--state", str(state)) as service, Screen.on(service):
        assert EmbeddedPostgres(state).status().running
        for number in signals:
            service.process.send_signal(number)
        assert await asyncio.to_thread(service.process.wait, STOP_S) == 0
    assert not EmbeddedPostgres(state).status().running


async def test_a_bad_city_is_told_in_full_and_without_a_traceback(public_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "city.json").write_text("{")
    code, _, said = await command("run", "--no-demo", "--city", str(tmp_path), "--state", str(public_folder / "bad"))
    assert code == 1 and "city.json" in said and "natures.json" in said and "Traceback" not in said
