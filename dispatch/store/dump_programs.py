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

# What these ask for, the programs of the wheel can't: they are built without TLS.
TLS = {"require", "verify-ca", "verify-full"}


class BackupError(DispatchError):
    """What PostgreSQL's program said; nothing was changed by it."""


def dump(url: str, file: Path, *, through: Callable[[IO[bytes], IO[bytes]], None] | None) -> None:
    """pg_dump into a file, `through` something that reads what it says and writes the file. Raises BackupError,
    Unavailable, OSError."""
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
    """pg_restore into an empty database, whole or not at all; of a file, or of what `through` writes into its input.

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
    """The password goes by the environment: a command line is for everybody to see."""
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
            program.kill()  # before it sees the end of its input, and takes it for all
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
    """Why it ended too early it says itself."""
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
    what = "the backup" if program == "pg_dump" else "restoring"
    advice = "; DISPATCH_DATABASE_OWNER_URL is the role for this" if "permission denied" in said else ""
    raise BackupError(f"{what} failed, and nothing was changed: {said}{advice}")


def _program(name: str, url: str) -> Path:
    mode = parse_qs(urlsplit(url).query).get("sslmode", ["prefer"])[-1]
    if mode not in TLS:
        return client_programs() / name
    found = shutil.which(name)
    if found is None:
        raise BackupError(
            f"sslmode={mode} needs a {name} that speaks TLS, of the server's version or newer, in the PATH: "
            "install the package postgresql-client"
        )
    return Path(found)
