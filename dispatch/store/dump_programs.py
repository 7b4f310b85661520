"""pg_dump and pg_restore, run on a database's URL."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

from dispatch.errors import DispatchError, Unavailable
from dispatch.store.embedded.programs import client_programs

# The programs in the wheel are built without TLS and can't do these.
TLS = {"require", "verify-ca", "verify-full"}


class BackupError(DispatchError):
    """The message of PostgreSQL's program; it changed nothing."""


def dump(url: str, file: Path, *, through: Callable[[IO[bytes], IO[bytes]], None] | None) -> None:
    """pg_dump into a file; `through` reads its output and writes the file. Raises BackupError, Unavailable, OSError."""
    command = ["pg_dump", "--format=custom", "--no-owner", "--no-acl"]
    with file.open("wb") as into:
        if through is None:
            _run(command, url, stdout=into)
        else:
            out = through  # for the type checker: it isn't None in the closure either
            _run(command, url, stdout=subprocess.PIPE, piped=lambda program: out(_pipe(program.stdout), into))
        into.flush()
        os.fsync(into.fileno())


def fill(url: str, file: Path, *, through: Callable[[IO[bytes]], None] | None) -> None:
    """pg_restore into an empty database, completely or not at all; of a file, or of what `through` writes into its
    input.

    Raises BackupError, Unavailable, and what `through` raises."""
    command = ["pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--no-acl"]
    if through is None:
        _run([*command, str(file)], url)
    else:
        out = through
        _run(command, url, stdin=subprocess.PIPE, piped=lambda program: out(_pipe(program.stdin)))


def _run(
    command: list[str], url: str, *, piped: Callable[[subprocess.Popen[bytes]], None] | None = None, **streams: Any
) -> None:
    """The password is passed by the environment, because command lines are visible to all users."""
    place = urlsplit(url)
    host = place.netloc.rpartition("@")[2]
    bare = urlunsplit(place._replace(netloc=f"{place.username}@{host}" if place.username else host))
    env: dict[str, Any] = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "HOME") if name in os.environ}
    if place.password:
        env["PGPASSWORD"] = unquote(place.password)
    words = [str(_program(command[0], url)), *command[1:], f"--dbname={bare}"]
    with tempfile.TemporaryFile() as said:
        program = subprocess.Popen(words, stderr=said, env=env | {"LC_ALL": "C"}, **streams)
        try:
            if piped is not None:
                _while_it_listens(piped, program)
        except BaseException:
            program.kill()  # before the end of its input, which it would take for a complete dump
            raise
        finally:
            for stream in (program.stdin, program.stdout):
                if stream is not None:
                    with suppress(BrokenPipeError):
                        stream.close()
            program.wait()
        said.seek(0)
        if program.returncode:
            _tell(command[0], said.read().decode("utf-8", "replace").strip()[-1_000:])


def _while_it_listens(piped: Callable[[subprocess.Popen[bytes]], None], program: subprocess.Popen[bytes]) -> None:
    """If it ends too early, its own message says why."""
    try:
        piped(program)
    except BrokenPipeError:
        if not program.wait():
            raise


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def _tell(program: str, said: str) -> None:
    if "connection to server" in said:
        raise Unavailable(f"the database is not reachable: {said}")
    what = "backup" if program == "pg_dump" else "restore"
    advice = (
        "; set DISPATCH_DATABASE_OWNER_URL to a URL with the role that owns the tables"
        if "permission denied" in said
        else ""
    )
    raise BackupError(f"{what} failed; nothing was changed: {said}{advice}")


def _program(name: str, url: str) -> Path:
    mode = parse_qs(urlsplit(url).query).get("sslmode", ["prefer"])[-1]
    if mode not in TLS:
        return client_programs() / name
    found = shutil.which(name)
    if found is None:
        raise BackupError(
            f"sslmode={mode} needs a {name} with TLS, of the server's version or newer, in the PATH; "
            "install the package postgresql-client"
        )
    return Path(found)
