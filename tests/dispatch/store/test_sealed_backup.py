"""Encrypted backups: what is damaged is refused before anything is put back, and no key is ever told to anybody."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dispatch.store import sealed
from dispatch.store.backup import dump, restore
from dispatch.store.database import Database, prepare
from dispatch.store.dump_programs import BackupError
from dispatch.store.sealed import SealError, make_identity
from tests.dispatch.store.test_rights import as_application, connected
from tests.dispatch.test_command import command
from tests.reports import a_call
from tests.service import Service

NUMBER = "0991234567"


@pytest.fixture
def key(tmp_path: Path) -> tuple[Path, str]:
    file = tmp_path / "backup.key"
    return file, make_identity(file)


async def _fill(url: str) -> None:
    async with connected(url) as db:
        await db.execute(
            "insert into unit (id, agency, kind, since, station) "
            "select 'U' || n, 'CBQ', 'engine', now(), $1 || n from generate_series(1, 3000) n",
            f"station of {NUMBER} ",
        )


async def _units(url: str) -> int:
    async with connected(url) as db:
        return int(await db.fetchval("select count(*) from unit"))


async def test_what_was_encrypted_comes_back_by_the_command(public_folder: Path) -> None:
    state, folder = public_folder / "sealed-state", public_folder / "sealed"
    folder.mkdir()
    code, public, said = await command("backup-key", str(folder / "key"))
    assert code == 0 and public.startswith("age1") and "SECRET" not in public + said
    assert stat.S_IMODE((folder / "key").stat().st_mode) == 0o600
    file = folder / "room.backup.age"
    async with Service.started(None, "--state", str(state)) as service, service.client() as http:
        answer = (await http.post("/v1/calls", json=a_call(caller={"number": NUMBER}))).json()
        code, _, said = await command("backup", str(file), "--encrypt-to", public, "--state", str(state))
        assert code == 0 and "encrypted" in said, said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not [f.name for f in folder.iterdir() if f.name not in {"key", file.name}]
    assert NUMBER.encode() not in file.read_bytes() and b"PGDMP" not in file.read_bytes()

    code, _, said = await command("restore", str(file), "--replace", "--state", str(state))
    assert code == 1 and "--identity" in said and "Traceback" not in said
    words = ("restore", str(file), "--replace", "--identity", str(folder / "key"), "--state", str(state))
    code, _, said = await command(*words)
    assert code == 0 and "1 calls" in said and "replaced purge" in said, said
    async with Service.started(None, "--state", str(state)) as service, service.client() as http:
        assert (await http.get(f"/v1/calls/{answer['call_id']}")).status_code == 200
        # Rights came back with it.
        assert (await http.post("/v1/calls", json=a_call())).status_code == 201


async def test_a_damaged_one_is_found_before_anything_is_put_back(
    database_url: str, tmp_path: Path, key: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, (identity, public) = tmp_path / "room.age", key
    await _fill(database_url)
    size = dump(database_url, file, encrypt_to=[public])
    whole = file.read_bytes()
    async with connected(database_url) as db:
        await db.execute("delete from unit")
    ran: list[object] = []
    monkeypatch.setattr("dispatch.store.dump_programs.fill", lambda *a, **k: ran.append(a))
    places = [*range(0, 200, 7), size // 2, size - 1]
    damaged = {f"byte {at}": whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in places}
    damaged |= {f"cut to {length}": whole[:length] for length in (0, 10, 100, 300, size // 2, size - 17, size - 1)}
    damaged |= {"more": whole + b"\0", "twice": whole + whole}
    for how, content in damaged.items():
        file.write_bytes(content)
        with pytest.raises((SealError, BackupError)):
            pytest.fail(f"{how}: {await restore(database_url, file, replace=True, identity=identity)}")
    assert not ran and await _units(database_url) == 0
    assert not await _databases_beside(database_url)


async def test_one_damaged_while_it_is_restored_changes_nothing(
    database_url: str, tmp_path: Path, key: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second reading is no less careful than the first."""
    file, (identity, public) = tmp_path / "room.age", key
    await _fill(database_url)
    size = dump(database_url, file, encrypt_to=[public])
    monkeypatch.setattr(sealed, "check", lambda file, by: os.truncate(file, size - 1))
    with pytest.raises(SealError, match="damaged"):
        await restore(database_url, file, replace=True, identity=identity)
    assert await _units(database_url) == 3000
    assert not await _databases_beside(database_url)


async def test_another_key_opens_nothing(database_url: str, tmp_path: Path, key: tuple[Path, str]) -> None:
    file, (identity, public) = tmp_path / "room.age", key
    second = make_identity(tmp_path / "second")
    dump(database_url, file, encrypt_to=[public, second])
    make_identity(tmp_path / "third")
    with pytest.raises(SealError, match="this key"):
        await restore(database_url, file, replace=True, identity=tmp_path / "third")
    for known in (identity, tmp_path / "second"):
        sealed.check(file, by=sealed.identities(known))


async def test_a_file_of_recipients_will_do(database_url: str, tmp_path: Path, key: tuple[Path, str]) -> None:
    file, listed = tmp_path / "room.age", tmp_path / "recipients"
    listed.write_text(f"# the vault\n{key[1]}\n\n{make_identity(tmp_path / 'second')}\n")
    dump(database_url, file, encrypt_to=[str(listed)])
    sealed.check(file, by=sealed.identities(tmp_path / "second"))


async def test_keys_are_never_told(tmp_path: Path, key: tuple[Path, str]) -> None:
    secret = key[0].read_text().splitlines()[-1]
    assert secret.startswith(sealed.SECRET)
    broken = tmp_path / "broken"
    broken.write_text(secret[:-3] + "\n")
    for words in (
        ["backup", str(tmp_path / "b"), "--encrypt-to", secret],
        ["backup", str(tmp_path / "b"), "--encrypt-to", secret.lower()],
        ["backup", str(tmp_path / "b"), "--encrypt-to", str(key[0])],
        ["restore", str(tmp_path / "b"), "--identity", str(broken)],
        ["backup-key", str(key[0])],
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DISPATCH_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
            code, out, said = await command(*words)
        assert code == 1 and "Traceback" not in said, said
        assert secret[20:40].lower() not in (out + said).lower()
    with pytest.raises(SealError, match="not a secret age key"):
        sealed.identities(broken)
    with pytest.raises(SealError, match="not a public age key"):
        sealed.recipients(["age1nothing"])
    assert key[0].read_text().endswith(f"{secret}\n")


def test_a_backup_that_fails_leaves_the_last_one_alone(
    database_url: str, tmp_path: Path, key: tuple[Path, str]
) -> None:
    file = tmp_path / "room.age"
    file.write_text("yesterday's")
    with pytest.raises(Exception, match="no_such"):
        dump(database_url.replace("/test_", "/no_such_"), file, encrypt_to=[key[1]])
    assert file.read_text() == "yesterday's"
    assert sorted(f.name for f in tmp_path.iterdir()) == ["backup.key", "room.age"]


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """In a process of its own: the peak is of all that ran before."""
    script = """
import resource, sys
from pathlib import Path
from dispatch.store import sealed
folder, megabytes = Path(sys.argv[1]), int(sys.argv[2])
public = sealed.make_identity(folder / f"key{megabytes}")
class Zeros:
    left = megabytes << 20
    def read(self, n=-1):
        n = min(self.left, 65536 if n is None or n < 0 else n); self.left -= n
        return bytes(n)
with (folder / f"{megabytes}").open("wb") as out:
    sealed.seal(Zeros(), out, to=sealed.recipients([public]))
sealed.check(folder / f"{megabytes}", by=sealed.identities(folder / f"key{megabytes}"))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""

    def peak_kb(megabytes: int) -> int:
        command = [sys.executable, "-c", script, str(tmp_path), str(megabytes)]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert peak_kb(96) - peak_kb(1) < 16 << 10


async def test_what_a_restore_left_aside_is_listed_and_purged(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prepare(Database(as_application(database_url), database_url))
    file = tmp_path / "room.backup"
    dump(database_url, file)
    old = await restore(database_url, file, replace=True)
    assert old is not None
    name = old.partition("_before_")[0]
    async with connected(database_url) as db:
        await db.execute(f"create database {name}_restoring_20260101_000000")
        await db.execute(f"create database {name}_before_long")
        await db.execute(f"create database {name}0_before_20260101_000000")
    monkeypatch.setenv("DISPATCH_DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "160")
    code, out, said = await command("replaced", "list")
    assert code == 0 and old in out and f"{name}_restoring_20260101_000000" in out and "interrupted" in out, said
    assert "_before_long" not in out and f"{name}0_" not in out

    for not_one in (name, f"{name}_before_long", f"{name}0_before_20260101_000000", "postgres", f'{name}"; --'):
        code, _, said = await command("replaced", "purge", not_one)
        assert code == 1 and "replaced list" in said.replace("\n", " "), said
    async with connected(database_url.replace(f"/{name}?", f"/{old}?")):
        code, _, said = await command("replaced", "purge", old)
        assert code == 1 and "has connections" in said
    assert (await command("replaced", "purge", old))[0] == 0
    code, out, _ = await command("replaced", "list")
    assert code == 0 and old not in out
    assert f"{name}_before_long" in await _databases_beside(database_url)


async def _databases_beside(url: str) -> list[str]:
    async with connected(url) as db:
        rows = await db.fetch(
            "select datname from pg_database where datname like current_database() || '\\_%' order by 1"
        )
    return [row["datname"] for row in rows]
