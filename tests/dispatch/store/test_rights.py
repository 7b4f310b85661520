"""The service's role in the database: what it may do, what nobody may, and how an older state folder is upgraded."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest

from dispatch.store import migrate as migrations
from dispatch.store.database import Database, prepare
from dispatch.store.db import Connection
from dispatch.store.embedded import EmbeddedPostgres
from dispatch.store.embedded.client import APPLICATION, OWNER
from dispatch.store.migrate import Migration, all_migrations, migrate
from dispatch.store.rights import RIGHTS, excess, grant
from dispatch.store.units import positions
from tests.dispatch.test_command import command
from tests.reports import a_call
from tests.service import Service

_numbers = count(1)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    db = await asyncpg.connect(url)
    try:
        yield db
    finally:
        await db.close()


def as_application(url: str) -> str:
    return url.replace(f"//{OWNER}@", f"//{APPLICATION}@")


@pytest.fixture
async def both(database_url: str) -> Database:
    """The application's role on a migrated database, with its rights; and the owner's."""
    database = Database(as_application(database_url), database_url)
    await prepare(database)
    return database


async def an_event(db: Connection) -> None:
    seq = await db.fetchval("update journal_head set seq = seq + 1 returning seq")
    await db.execute("insert into journal (seq, at, kind, body) values ($1, now(), 'note', '{}')", seq)


FORBIDDEN = [
    "update journal set body = '{}'",
    "update journal set kind = 'x' where seq = 1",
    "delete from journal",
    "truncate journal",
    "truncate call cascade",
    "insert into journal (seq, at, kind, body) values (1, now(), 'x', '{}') on conflict (seq) do update set kind = 'x'",
    "merge into journal j using (select 1 as seq) s on j.seq = s.seq when matched then delete",
    "drop table journal",
    "alter table journal disable trigger append_only",
    "drop trigger append_only on journal",
    "set session_replication_role = replica",
    "create or replace function refuse_change() returns trigger language plpgsql as 'begin return null; end'",
    "alter table journal owner to current_user",
    "delete from journal_head",
    "insert into journal_head (seq) values (0)",
    "delete from schema_migration",
    "update schema_migration set digest = ''",
    "delete from report",
    "delete from call",
    "delete from incident",
    "delete from assignment",
    "delete from unit_position",
    "drop table unit_position",
    "create table more (a int)",
    f"set role {OWNER}",
    "create role another superuser",
    "alter system set fsync = off",
    "select pg_read_file('postgresql.conf')",
    "copy call to program 'cat'",
]


@pytest.mark.parametrize("sql", FORBIDDEN)
async def test_the_application_can_not(both: Database, sql: str) -> None:
    async with connected(both.url) as db:
        await an_event(db)
        before = await db.fetch("select * from journal")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.execute(sql)
        assert await db.fetch("select * from journal") == before


@pytest.mark.parametrize("sql", ["update journal set body = '{}'", "delete from journal", "truncate journal"])
async def test_not_even_the_owner_changes_the_journal(database_url: str, sql: str) -> None:
    async with connected(database_url) as db:
        await an_event(db)
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await db.execute(sql)
        assert await db.fetchval("select count(*) from journal") == 1


async def test_nothing_is_in_excess(both: Database) -> None:
    async with connected(both.url) as db:
        assert await excess(db) == []
    async with connected(both.owner_url) as db:
        assert await excess(db) == ["is a superuser", "owns the tables", "may change the journal"]


async def test_each_right_that_is_named_is_one_of_a_table(both: Database) -> None:
    async with connected(both.url) as db:
        tables = {row["tablename"] for row in await db.fetch("select tablename from pg_tables")}
    assert RIGHTS.keys() <= tables


async def test_a_table_of_a_later_migration_has_the_usual_rights(
    both: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = Migration(
        9001,
        "9001_later.sql",
        "create table later (id bigint generated always as identity primary key, a text);"
        " create function later_one() returns int language sql security definer as 'select 1';",
    )
    monkeypatch.setattr(migrations, "all_migrations", lambda: [*OURS, later])
    assert await prepare(both) == ["9001_later.sql"]
    async with connected(both.url) as db:
        await db.execute("insert into later (a) values ('x')")
        await db.execute("update later set a = 'y'")
        assert await db.fetchval("select a from later") == "y"
        assert await db.fetchval("select nextval(pg_get_serial_sequence('later', 'id'))") == 2
        await db.execute("delete from later")
        assert await db.fetchval("select later_one()") == 1
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.execute("truncate later")


async def test_what_was_granted_beyond_is_taken_back_and_then_nothing_is_left_to_do(both: Database) -> None:
    async with connected(both.owner_url) as db:
        await db.execute(f"grant all on journal, call to {APPLICATION}")
        assert await grant(db, role=APPLICATION)
        assert not await grant(db, role=APPLICATION)
        held = await db.fetchval("select has_table_privilege($1, 'journal', 'UPDATE, DELETE, TRUNCATE')", APPLICATION)
        assert not held


async def test_several_nodes_grant_at_once(database_url: str) -> None:
    database = Database(as_application(database_url), database_url)
    await asyncio.gather(*(prepare(database) for _ in range(4)))
    async with connected(database.url) as db:
        await an_event(db)


async def test_days_of_positions_are_made_and_dropped_without_owning_them(both: Database) -> None:
    today = datetime.now(UTC).date()
    old = today - timedelta(days=40)
    async with connected(both.url) as db:
        for day, before in ((old, old), (today, today - timedelta(days=30)), (today, today + timedelta(days=9))):
            async with db.transaction():
                await positions.keep_days(db, days=[day], before=before)
        tables = {row[0] for row in await db.fetch("select inhrelid::regclass::text from pg_inherits")}
        assert f"unit_position_{today:%Y%m%d}" in tables  # though the last asked for more
        assert f"unit_position_{old:%Y%m%d}" not in tables
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.execute(f"drop table unit_position_{today:%Y%m%d}")


async def test_nobody_else_calls_what_the_owner_lends(both: Database) -> None:
    name = f"stranger_{next(_numbers)}"
    async with connected(both.owner_url) as db:
        # As after a restore, which brings no rights back.
        await db.execute("grant execute on function drop_position_days(date) to public")
        await db.execute(f"create role {name} login")
    await prepare(both)
    async with connected(both.owner_url.replace(f"//{OWNER}@", f"//{name}@")) as db:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.execute("select drop_position_days(current_date)")


async def test_two_roles_of_ones_own(
    postgres: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As docs/operations.md has it: neither is a superuser, and a name is any name."""
    owner, app, name = (f'{word} "{next(_numbers)}"' for word in ("own-er", "Áp-p", "data base"))
    async with connected(postgres.dsn) as db:
        for role in (owner, app):
            await db.execute(f"create role {_quoted(role)} login")
        await db.execute(f"alter role {_quoted(owner)} createdb")
        await db.execute(f"create database {_quoted(name)} owner {_quoted(owner)}")
    place = postgres.dsn.replace("/dispatch?", f"/{quote(name)}?")
    database = Database(*(place.replace(f"//{OWNER}@", f"//{quote(role)}@") for role in (app, owner)))
    async with (
        Service.started(database.url, database_owner_url=database.owner_url) as service,
        service.client() as http,
    ):
        assert (await http.post("/v1/calls", json=a_call())).status_code == 201
    # Its schema is as it should be: the application's role alone is enough.
    async with (
        Service.started(database.url, database_owner_url="") as service,
        service.client() as http,
        connected(database.url) as db,
    ):
        assert (await http.post("/v1/calls", json=a_call())).status_code == 201
        assert await excess(db) == []
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.execute("delete from journal")
    # A restored database has its owner's tables, and the application's rights, again.
    monkeypatch.setenv("DISPATCH_DATABASE_URL", database.url)
    monkeypatch.setenv("DISPATCH_DATABASE_OWNER_URL", database.owner_url)
    for words in (("backup", str(tmp_path / "b")), ("restore", str(tmp_path / "b"), "--replace")):
        code, _, said = await command(*words)
        assert code == 0, said
    async with connected(database.url) as db:
        assert await db.fetchval("select count(*) from call") == 2
        await an_event(db)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.execute("delete from journal")
    code, out, said = await command("replaced", "list")
    assert code == 0 and "_before_" in out, said


async def test_without_the_owner_a_schema_that_is_behind_is_told(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(database_url) as db:
        await db.execute("delete from schema_migration where version = (select max(version) from schema_migration)")
    await _told_of_the_owner(as_application(database_url), monkeypatch)


async def test_without_the_owner_an_empty_database_is_told(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"empty_{next(_numbers)}"
    async with connected(postgres.dsn) as db:
        await db.execute(f"create database {name}")
    await _told_of_the_owner(as_application(postgres.dsn.replace("/dispatch?", f"/{name}?")), monkeypatch)


async def _told_of_the_owner(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPATCH_DATABASE_URL", url)
    code, _, said = await command("run", "--no-demo")
    assert code == 1 and "DISPATCH_DATABASE_OWNER_URL" in said and "Traceback" not in said, said


async def test_one_role_that_does_all_is_warned_of(database_url: str, capfd: pytest.CaptureFixture[str]) -> None:
    async with Service.started(database_url):
        pass
    assert "database_role_may_too_much" not in capfd.readouterr().err
    boss = f"boss_{next(_numbers)}"
    async with connected(database_url) as db:
        await db.execute(f"create role {boss} login superuser")
    async with Service.started(database_url.replace(f"//{OWNER}@", f"//{boss}@"), database_owner_url=""):
        pass
    said = capfd.readouterr().err
    assert "database_role_may_too_much" in said and "may change the journal" in said


@pytest.fixture
def old_state(public_folder: Path) -> Iterator[Path]:
    """A state folder as the version before roles left it: one role, which owns all; and a call in it."""
    state = public_folder / f"old-{next(_numbers)}"
    server = EmbeddedPostgres(state).start()

    async def make() -> None:
        async with connected(server.dsn) as db:
            await migrate(db)
            await db.execute(f"drop owned by {APPLICATION}; drop role {APPLICATION}")

    before = all_migrations()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "all_migrations", lambda: before[:5])
        asyncio.run(make())
    server.stop()
    yield state
    server.stop()


def test_a_state_folder_of_before_is_upgraded_at_the_next_start(old_state: Path) -> None:
    async def run() -> None:
        async with Service.started(None, "--state", str(old_state)) as service, service.client() as http:
            assert (await http.post("/v1/calls", json=a_call())).status_code == 201
            beside = await asyncio.to_thread(EmbeddedPostgres(old_state).beside)
            async with connected(beside.dsn) as db:
                users = await db.fetch(
                    "select distinct usename from pg_stat_activity where application_name like 'quito-dispatch%'"
                )
                assert [row["usename"] for row in users] == [APPLICATION]
                assert not await db.fetchval("select rolsuper from pg_roles where rolname = $1", APPLICATION)

    asyncio.run(run())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


OURS = all_migrations()
