"""The state folder: its default place, and the lock that keeps a second service out of it."""

import fcntl
import os
from pathlib import Path
from typing import Self

from dispatch.store.embedded.errors import EmbeddedPostgresError, StateInUse

APP = "quito-dispatch"
# The first administrator's key, if none was given.
KEY_FILE = "admin.key"


def default_state() -> Path:
    """Default place of the state.

    Root: `/var/lib/quito-dispatch`, because root's home is often closed to the OS user that runs PostgreSQL. Other
    users: the XDG state folder. Does not create it."""
    if os.geteuid() == 0:
        return Path("/var/lib") / APP
    xdg = Path(os.environ.get("XDG_STATE_HOME", ""))
    base = xdg if xdg.is_absolute() else Path.home() / ".local" / "state"
    return base / APP


def make_state(state: Path) -> None:
    """Create the folder, so that others can pass through it (PostgreSQL's OS user must) but not list it.

    An existing folder keeps its mode. Raises `EmbeddedPostgresError` if it can't be created or written to."""
    try:
        if not state.is_dir():
            state.parent.mkdir(parents=True, exist_ok=True)
            state.mkdir()
            state.chmod(0o711)
    except OSError as error:
        raise EmbeddedPostgresError(
            f"the state folder {state} can't be made ({error.strerror}: {error.filename}); choose another with --state"
        ) from error
    if not os.access(state, os.W_OK | os.X_OK):
        raise EmbeddedPostgresError(
            f"the state folder {state} can't be written by this user (uid {os.geteuid()}); choose another with --state"
        )


def write_secret(file: Path, text: str) -> None:
    """Readable by its owner only, from its first byte on, and regardless of an existing file's mode. Raises OSError."""
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "w") as writing:
        writing.write(text)


class StateLock:
    """An advisory lock that the kernel releases when its holder dies."""

    def __init__(self, state: Path) -> None:
        self.path = state / "service.lock"
        self._fd: int | None = None

    @property
    def held(self) -> bool:
        return self._fd is not None

    def acquire(self) -> Self:
        """Take the lock, or keep it if this object has it. Raises `StateInUse` if a live process holds it."""
        if self._fd is not None:
            return self
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(fd, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(fd)
            raise StateInUse(
                f"another service (process {holder}) is using the state folder {self.path.parent}; "
                "stop it, or give this one its own with --state"
            ) from None
        os.fchmod(fd, 0o600)
        os.truncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._fd = fd
        return self

    def release(self) -> None:
        """Release the lock; no effect if it is not held."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
