"""Links that sign in once, and the administrator's key that a service is started with."""

import asyncio
import os
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from dispatch.errors import Invalid
from dispatch.model.secret import RESERVED, key_name_fault, weakness
from dispatch.store import access
from tests.dispatch.test_command import command
from tests.keys import a_key
from tests.service import CODE, KEY, Service

DEPLOY = Path(__file__).parents[2] / "docs" / "deploy"
ANOTHER = "Zk3v9Qw1xT7bR2mY8pLh5dNs4cJf6gAe"


@pytest.fixture(scope="module")
async def nodes(module_database_url: str) -> AsyncIterator[tuple[Service, Service]]:
    async with Service.started(module_database_url) as one, Service.started(module_database_url) as other:
        yield one, other


async def enter(service: Service, code: str) -> httpx.Response:
    async with service.client(key=None) as http:
        return await http.post("/v1/session", json={"code": code})


async def test_of_all_who_come_with_a_link_at_both_nodes_one_enters(nodes: tuple[Service, Service]) -> None:
    code = await nodes[0].code()
    answers = await asyncio.gather(*(enter(nodes[n % 2], code) for n in range(12)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 11
    again = await enter(nodes[1], code)
    assert again.status_code == 401 and again.json()["link"] == "used"
    assert (await enter(nodes[0], "guessed")).json()["link"] == "unknown"


async def test_the_code_of_the_settings_is_good_once_also_after_a_restart(database_url: str) -> None:
    async with Service.started(database_url) as service:
        assert (await enter(service, CODE)).status_code == 200
        assert (await enter(service, CODE)).status_code == 401
    async with Service.started(database_url) as service:
        assert (await enter(service, CODE)).json()["link"] == "used"


async def test_a_link_that_nobody_used_expires(nodes: tuple[Service, Service], module_database_url: str) -> None:
    code = await nodes[0].code()
    db = await asyncpg.connect(module_database_url)
    await db.execute("update sign_in_link set expires_at = now() where digest = $1", access.digest(code))
    await db.close()
    late = await enter(nodes[1], code)
    assert late.status_code == 401 and late.json()["link"] == "expired"


async def test_only_administrators_make_links(nodes: tuple[Service, Service], module_database_url: str) -> None:
    for role in ("intake", "dispatcher", "fleet"):
        async with nodes[0].client(await a_key(module_database_url, role)) as http:
            assert (await http.post("/v1/session/links")).status_code == 403
            assert (await http.get("/v1/keys")).status_code == 403
            assert (await http.delete("/v1/keys/bootstrap")).status_code == 403


async def test_a_service_without_a_terminal_prints_no_code(
    public_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    state = public_folder / "links"
    async with Service.started(None, "--state", str(state), sign_in_code="", log_format="json") as service:
        file = state / f"sign-in-link-{service.url.rpartition(':')[2]}"
        async with asyncio.timeout(60):
            while not file.exists():  # noqa: ASYNC110 - made by another process
                await asyncio.sleep(0.05)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        link = file.read_text().strip()
        code = link.partition("#code=")[2]
        assert link.startswith(service.url) and len(code) > 20
        async with asyncio.timeout(60):
            said = ""
            while str(file) not in said:
                out, err = capfd.readouterr()
                said += out + err
                await asyncio.sleep(0.05)
        assert (await enter(service, code)).status_code == 200
    out, err = capfd.readouterr()
    assert code not in said + out + err


async def test_the_bootstrap_key_is_a_key_like_others_and_once_revoked_stays_so(database_url: str) -> None:
    async with Service.started(database_url) as service, service.client() as admin:
        [row] = (await admin.get("/v1/keys")).json()["items"]
        assert (row["name"], row["role"], row["revoked_at"]) == ("bootstrap", "admin", None)
        other = await a_key(database_url, "admin")
        assert (await admin.delete("/v1/keys/bootstrap")).status_code == 204
        assert (await admin.get("/v1/keys")).status_code == 401
    async with Service.started(database_url) as service:
        async with service.client() as admin:
            assert (await admin.get("/v1/session")).status_code == 401
        async with service.client(other) as http:
            assert (await http.get("/v1/session")).json()["role"] == "admin"
    # Another one in the settings takes its place.
    async with Service.started(database_url, bootstrap_key=ANOTHER) as service, service.client(ANOTHER) as admin:
        assert (await admin.get("/v1/session")).json()["name"] == "bootstrap"


async def test_another_bootstrap_key_takes_the_place_of_the_one_before(database_url: str) -> None:
    async with Service.started(database_url):
        pass
    async with Service.started(database_url, bootstrap_key=ANOTHER) as service, service.client(ANOTHER) as admin:
        rows = (await admin.get("/v1/keys")).json()["items"]
        assert rows[0]["name"] == "bootstrap" and rows[0]["revoked_at"] is None and rows[1]["revoked_at"]
        async with service.client(KEY) as before:
            assert (await before.get("/v1/session")).status_code == 401


def templates() -> list[str]:
    """What stands in the deployment's own examples."""
    lines = (DEPLOY / "node.env").read_text().splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith("DISPATCH_BOOTSTRAP_KEY=")]


WEAK = [
    *templates(),
    *("CHANGE-ME", "changeme", "secret", "a", "x" * 64, "abc" * 12, "0123456789" * 4, "CHANGE-ME-" + "k3J9x" * 5),
    *("change_me_please_change_me_now!", "<the administrator's key here>", "$(openssl rand -base64 32)"),
    *("Zk3v9Qw1xT7bR2mY8pLh5dN", "abcdefghijklmnopqrstuvwxyz", "my-very-own-secret-for-dispatch"),
]


@pytest.mark.parametrize("key", WEAK)
def test_a_key_that_is_easy_to_guess_is_known_as_such(key: str) -> None:
    assert weakness(key) is not None


def test_a_key_by_chance_is_none_of_these() -> None:
    import secrets

    assert [s for s in (secrets.token_urlsafe(32) for _ in range(2_000)) if weakness(s)] == []
    assert [s for s in (secrets.token_hex(16) for _ in range(2_000)) if len(set(s)) >= 10 and weakness(s)] == []


async def test_a_service_refuses_to_start_with_the_key_of_a_template(database_url: str) -> None:
    ours = {"DISPATCH_DATABASE_URL": database_url, "DISPATCH_BOOTSTRAP_KEY": "CHANGE-ME"}
    run = [sys.executable, "-P", "-m", "dispatch", "run", "--no-demo", "--port", "1"]
    ran = await asyncio.to_thread(
        subprocess.run, run, env=os.environ | ours, capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode == 1 and "DISPATCH_BOOTSTRAP_KEY" in ran.stderr and "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    "name", [*sorted(RESERVED), "Bootstrap", " consola ", "ＴＩＭＥＲＳ", "seed\u200b", "", "  ", "demo@host:8000"]
)
async def test_no_key_has_a_name_of_the_services_own(database_url: str, name: str) -> None:
    assert key_name_fault(name) is not None
    with pytest.raises(Invalid):
        await a_key(database_url, "dispatcher", name=name or " ")


async def test_the_command_line_refuses_them_too(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPATCH_DATABASE_URL", database_url)
    code, _, said = await command("keys", "add", "consola", "--role", "intake")
    assert code == 1 and "consola" in said and "Traceback" not in said
