"""A newer node changes the schema while an older one works: nothing fails there; and what a migration may do."""

import asyncio
import re
from random import Random

import httpx
import pytest

from dispatch.store import migrate as migrations
from dispatch.store.db import Connection
from dispatch.store.migrate import CONTRACT, Migration, MigrationError, all_migrations, migrate
from tests.dispatch.operations.waiting import beside, until
from tests.dispatch.test_command import command
from tests.reports import a_call, a_fix
from tests.screens import Screen
from tests.service import Service

# All that is old enough to have been applied before there was a rule.
BEFORE_THE_RULE = 4

TABLES = [
    *("call", "unit", "report", "journal", "journal_head", "assignment", "unit_position", "unit_latest"),
    *("quarantine", "api_key", "session"),
]
NEWER = [
    Migration(
        9001,
        "9001_columns.sql",
        "alter table incident add more json not null default '[]';"
        + "".join(f"alter table {table} add more text;" for table in TABLES),
    ),
    Migration(9002, "9002_table.sql", "create table later (id bigint primary key, call_id uuid references call);"),
    Migration(
        9003,
        "9003_index.sql",
        "drop index concurrently if exists call_language;\n"
        "create index concurrently call_language on call (language) where language is not null;\n",
    ),
]
TAKEN_AWAY = Migration(9004, f"9004{CONTRACT}words.sql", "alter table call drop column text;")

FORBIDDEN = {
    "drops": r"\bdrop (?!constraint\b|index\b|not null\b)",
    "renames": r"\brename\b",
    "changes a type": r"\balter (column )?\w+ (set data )?type\b",
    "asks more of what is there": r"\bset not null\b",
    "adds what older nodes don't fill in": r"\badd (column )?(?!constraint\b)\w+ [^,]*\bnot null\b(?![^,]*\bdefault\b)",
    "locks a table while it makes an index": r"\bcreate (unique )?index (?!concurrently\b)",
    "checks all rows while nobody may write": r"\badd constraint\b(?!.*\bnot valid\b)",
}


def faults(migration: Migration) -> list[str]:
    """What a running older node would not survive, but in a migration that says so in its name."""
    if CONTRACT in migration.name:
        return []
    text = re.sub(r"--[^\n]*", "", migration.sql).lower()
    # What stands in a function is not done by the migration that makes it.
    text = re.sub(r"(\bcreate (?:or replace )?function\b[^;]*?)(\$\w*\$).*?\2", r"\1", text, flags=re.DOTALL)
    statements = [" ".join(statement.split()) for statement in text.split(";")]
    made_here = {found[1] for s in statements if (found := re.match(r"create table (?:if not exists )?(\w+)", s))}
    return [
        f"{name}: {statement}"
        for statement in statements
        if not (found := re.search(r"\b(?:on|table) (\w+)", statement)) or found[1] not in made_here
        for name, pattern in FORBIDDEN.items()
        if not statement.startswith("create table") and re.search(pattern, statement)
    ]


def test_older_nodes_survive_every_migration() -> None:
    assert [fault for m in all_migrations() if m.version > BEFORE_THE_RULE for fault in faults(m)] == []


@pytest.mark.parametrize(
    "sql",
    [
        "alter table call drop column text",
        "drop table call",
        "alter table call rename column text to words",
        "alter table call alter column text type varchar(10)",
        "alter table call alter text set data type varchar(10)",
        "alter table call alter column text set not null",
        "alter table call add column more text not null",
        "alter table call add more text, add still_more integer not null check (still_more > 0)",
        "create index call_text on call (text)",
        "alter table call add constraint short check (length(text) < 10)",
    ],
)
def test_what_they_would_not_survive_is_noticed(sql: str) -> None:
    assert faults(Migration(9000, "9000_planted.sql", f"-- harmless\n{sql};"))
    assert not faults(Migration(9000, f"9000{CONTRACT}planted.sql", sql))


@pytest.mark.parametrize("migration", NEWER, ids=lambda m: m.name)
def test_what_they_survive_is_allowed(migration: Migration) -> None:
    assert faults(migration) == []
    assert not faults(Migration(9000, "9000_new.sql", "create table t (a int not null); create index t_a on t (a);"))
    body = "$$ begin drop table a; end $$"
    assert not faults(Migration(9000, "9000_new.sql", f"create function f() returns void language plpgsql as {body};"))
    assert faults(Migration(9000, "9000_new.sql", f"do {body};"))


async def at_work(http: httpx.AsyncClient, random: Random, until_set: asyncio.Event) -> int:
    """Calls, some by phones that called before; units sent and moved. Returns how many calls were taken."""
    count = 0
    while not until_set.is_set():
        number = f"09900012{random.randrange(30):02}"
        place = a_fix(-0.2 + random.uniform(-0.05, 0.05), -78.5)
        taken = await http.post("/v1/calls", json=a_call(place, caller={"number": number}, channel="aml"))
        assert taken.status_code == 201, taken.text
        count += 1
        here = {"unit_id": "P001", "lat": -0.2, "lon": -78.5, "at": "2026-03-01T12:00:00Z"}
        assert (await http.post("/v1/units/positions", json={"positions": [here]})).status_code == 200
        unit = f"P{random.randrange(1, 12):03}"
        sent = await http.post(f"/v1/incidents/{taken.json()['incident_id']}/assignments", json={"unit_ids": [unit]})
        assert sent.status_code in {201, 409, 422, 428}, sent.text
    return count


async def test_a_newer_node_changes_the_schema_while_an_older_one_works(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "all_migrations", lambda: [*OURS, *NEWER])
    done = asyncio.Event()
    async with Service.started(database_url) as older, older.client() as http, Screen.on(older) as screen:
        work = [asyncio.create_task(at_work(http, Random(seed), done)) for seed in range(4)]
        async with beside(database_url) as db:
            await until(lambda: some_calls(db, 20))
            assert await migrate(db) == [m.name for m in NEWER]
            before = await db.fetchval("select count(*) from report")
            await until(lambda: some_calls(db, before + 20))
            done.set()
            counts = await asyncio.gather(*work)
            assert sum(counts) == await db.fetchval("select count(*) from report")
            last = await db.fetchval("select seq from journal_head")
        await screen.until(lambda: screen.room.seq == last)
        # A node that is older than its database starts all the same.
        async with Service.started(database_url) as another, another.client() as http:
            assert (await http.post("/v1/calls", json=a_call())).status_code == 201


async def some_calls(db: Connection, count: int) -> bool:
    return bool(await db.fetchval("select count(*) >= $1 from report", count))


async def test_a_statement_that_became_invalid_is_prepared_anew(database_url: str) -> None:
    """The rule forbids it; a call survives it all the same."""
    async with Service.started(database_url) as service, service.client() as http, beside(database_url) as db:
        for kind in ("varchar(64)", "text"):
            for _ in range(12):
                body = a_call(channel="aml", caller={"number": "0990001234"})
                assert (await http.post("/v1/calls", json=body)).status_code == 201
            await db.execute(f"alter table call alter column language type {kind}")
        assert (await http.post("/v1/calls", json=a_call(caller={"number": "0990001234"}))).status_code == 201


async def test_a_migration_that_finds_its_table_in_use_lets_others_pass(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "all_migrations", lambda: [*OURS, NEWER[0]])
    monkeypatch.setattr(migrations, "LOCKED_OUT_MS", 100)
    async with beside(database_url) as db, beside(database_url) as reader, beside(database_url) as caller:
        async with reader.transaction():
            await reader.fetch("select 1 from call")
            applying = asyncio.create_task(migrate(db))
            for _ in range(10):
                await caller.fetch("select text from call limit 1", timeout=5)
                await asyncio.sleep(0.05)
            assert not applying.done()
        assert await applying == [NEWER[0].name]


async def test_a_node_that_can_not_live_with_its_database_says_why(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "all_migrations", lambda: [*OURS, TAKEN_AWAY])
    async with beside(database_url) as db:
        assert await migrate(db) == [TAKEN_AWAY.name]
        monkeypatch.setattr(migrations, "all_migrations", lambda: OURS)
        with pytest.raises(MigrationError, match=TAKEN_AWAY.name):
            await migrate(db)
    monkeypatch.setenv("DISPATCH_DATABASE_URL", database_url)
    code, _, said = await command("run", "--no-demo")
    assert code == 1 and TAKEN_AWAY.name in said and "Traceback" not in said


OURS = all_migrations()
