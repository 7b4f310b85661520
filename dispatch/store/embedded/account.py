"""The OS user that PostgreSQL runs as: PostgreSQL refuses to be root."""

import contextlib
import fcntl
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

NAME = "quito-dispatch"
MAKING = Path("/run/quito-dispatch.account.lock")


@dataclass(frozen=True, slots=True)
class Account:
    """An OS user; `switch` is whether this process is root and must become it."""

    uid: int
    gid: int
    name: str
    switch: bool

    @classmethod
    def for_data(cls, data: Path) -> Self:
        """This user if not root; else the owner of `data`, else the dedicated system user, created if it doesn't
        exist."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), f"uid {os.geteuid()}", switch=False)
        if data.exists() and (owner := data.stat()).st_uid != 0:
            return cls(owner.st_uid, owner.st_gid, f"uid {owner.st_uid}", switch=True)
        user = system_user(NAME) or pwd.getpwnam("nobody")
        return cls(user.pw_uid, user.pw_gid, user.pw_name, switch=True)

    def popen_args(self) -> dict[str, Any]:
        """Keywords for `subprocess`: as this user, not reached by the terminal's Ctrl-C, without the service's secrets
        in the environment."""
        keep = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        args: dict[str, Any] = {"start_new_session": True, "umask": 0o077, "cwd": "/", "env": keep | {"LC_ALL": "C"}}
        return args | ({"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {})

    def first_refused(self, test: str, paths: Iterable[Path]) -> Path | None:
        """The first of `paths` on which the shell's `test -r` or `-x` fails for this user: the kernel decides."""
        script = 'for path; do test "$0" "$path" || { printf %s "$path"; exit 1; }; done'
        command = ["/bin/sh", "-c", script, test, *map(os.fspath, paths)]
        asked = subprocess.run(command, stdout=subprocess.PIPE, check=False, **self.popen_args())
        return Path(os.fsdecode(asked.stdout)) if asked.returncode else None

    def own_folder(self, folder: Path) -> None:
        """Make `folder`, 0700 and owned by this user; an existing one keeps its content."""
        if not folder.is_dir():
            folder.mkdir(mode=0o700)
            if self.switch:
                os.chown(folder, self.uid, self.gid)


def system_user(name: str) -> pwd.struct_passwd | None:
    """Found or created; None if it can't be created."""
    if user := _find(name):
        return user
    with _alone():
        return _find(name) or _make(name)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One process at a time: of two concurrent useradds, the second would give the name another number, and the first
    one's would be nobody's. If there is no place for the lock, a user can hardly be created either."""
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):
            fd = os.open(MAKING, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            held.callback(os.close, fd)
            fcntl.flock(fd, fcntl.LOCK_EX)
        yield


def _find(name: str) -> pwd.struct_passwd | None:
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        return None
    return user if user.pw_uid != 0 else None


def _make(name: str) -> pwd.struct_passwd | None:
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    ways = (
        [
            "useradd",
            "--system",
            "--user-group",
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            "/bin/false",
        ],
        ["adduser", "-S", "-D", "-H", "-h", "/nonexistent", "-s", "/bin/false"],  # BusyBox
    )
    for command, *options in ways:
        if program := shutil.which(command, path=path):
            subprocess.run([program, *options, name], capture_output=True, check=False)
            if user := _find(name):
                return user
    return None
