"""A backup is taken while the room works, and brings back all that was acknowledged before it began."""

import shutil
import stat
from pathlib import Path

import asyncpg
import pytest

from dispatch.errors import Conflict, Unavailable
from dispatch.store.backup import Contents, contents, dump, restore
from dispatch.store.db import Connection
from dispatch.store.dump_programs import BackupError
from tests.dispatch.test_command import command
from tests.reports import a_call
from tests.service import Service


async def test_all_is_back_after_the_database_was_destroyed(public_folder: Path) -> None:
    state, file = public_folder / "backed-up", public_folder / "room.backup"
    async with Service.started(None, "--state", str(state)) as service, service.client() as http:
        answers = [(await http.post("/v1/calls", json=a_call())).json() for _ in range(5)]
        code, _, said = await command("backup", str(file), "--state", str(state))
        assert code == 0, said
        after = (await http.post("/v1/calls", json=a_call())).json()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    shutil.rmtree(state / "postgres")

    code, _, said = await command("restore", str(file), "--state", str(state))
    assert code == 0 and "5 calls" in said and "without a gap" in said, said
    async with Service.started(None, "--state", str(state)) as service, service.client() as http:
        for answer in answers:
            assert (await http.get(f"/v1/calls/{answer['call_id']}")).json()["incident_id"] == answer["incident_id"]
        assert (await http.get(f"/v1/calls/{after['call_id']}")).status_code == 404
        assert (await http.post("/v1/calls", json=a_call())).status_code == 201


async def test_nothing_is_put_over_what_is_there_unless_told(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "room.backup"
    dump(database_url, file)
    await _at(database_url, "update journal_head set seq = 0")
    with pytest.raises(Conflict, match="is not empty"):
        await restore(database_url, file, replace=False)

    await _at(database_url, "insert into unit (id, agency, kind, since) values ('LATER', 'CBQ', 'engine', now())")
    old = await restore(database_url, file, replace=True)
    assert old is not None
    assert (await _contents(database_url)).units == 0
    kept = database_url.replace(database_url.rpartition("/")[2].split("?")[0], old)
    assert (await _contents(kept)).units == 1


async def test_who_uses_the_database_isnt_cut_off(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "room.backup"
    dump(database_url, file)
    db = await asyncpg.connect(database_url)
    with pytest.raises(Conflict, match="stop its services"):
        await restore(database_url, file, replace=True)
    await db.close()


async def test_a_file_that_is_no_backup_changes_nothing(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "not.backup"
    file.write_text("PGDMP but nothing behind it")
    with pytest.raises(BackupError, match="nothing was changed"):
        await restore(database_url, file, replace=True)
    file.write_text("a shopping list")
    with pytest.raises(BackupError, match="not a backup"):
        await restore(database_url, file, replace=True)
    with pytest.raises(BackupError, match="can't be read"):
        await restore(database_url, tmp_path / "absent", replace=True)
    assert (await _contents(database_url)).seq == 0


def test_a_backup_that_fails_leaves_the_last_one_alone(tmp_path: Path, database_url: str) -> None:
    file = tmp_path / "room.backup"
    file.write_text("yesterday's")
    with pytest.raises(Unavailable, match="no_such"):
        dump(database_url.replace("/test_", "/no_such_"), file)
    assert file.read_text() == "yesterday's"
    assert [f.name for f in tmp_path.iterdir()] == ["room.backup"]


async def _at(url: str, sql: str) -> None:
    db = await asyncpg.connect(url)
    await db.execute(sql)
    await db.close()


async def _contents(url: str) -> Contents:
    db: Connection = await asyncpg.connect(url)
    try:
        return await contents(db)
    finally:
        await db.close()
