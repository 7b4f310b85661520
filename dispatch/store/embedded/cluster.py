"""The folders of one PostgreSQL: data made by initdb, log, the socket's folder, and the server's settings."""

import contextlib
import hashlib
import os
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dispatch.store.embedded.account import Account
from dispatch.store.embedded.client import OWNER, SOCKET_NAME
from dispatch.store.embedded.errors import EmbeddedPostgresError
from dispatch.store.embedded.programs import Programs

SHORT_PLACE = Path("/tmp")  # noqa: S108 - the folder made in it is checked
SOCKET_PATH_MAX_BYTES = 107  # sun_path of unix(7), minus the terminating zero

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    # The log must not contain personal data, which is in the DETAIL and CONTEXT of errors, in statements and their
    # parameters. The error and its constraint are still logged.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_file_mode": "0600",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """`data` and `log` belong to the account that runs the server; `home`, above them, to the service."""

    home: Path

    @classmethod
    def below(cls, state: Path) -> "Cluster":
        return cls(state.resolve() / "postgres")

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "log"

    @property
    def start_log(self) -> Path:
        return self.home / "start.log"

    def make_folders(self, account: Account) -> None:
        """Make missing folders. Raises `EmbeddedPostgresError` naming a folder that `account` can't access."""
        if not self.home.is_dir():
            self.home.mkdir()
            self.home.chmod(0o711)
        refused = account.first_refused("-x", [*reversed(self.home.parents), self.home])
        if refused:
            raise EmbeddedPostgresError(
                f"PostgreSQL runs as the OS user {account.name}, which has no access to {refused}; "
                f"allow it (chmod o+x {refused}) or choose another place with --state"
            )
        account.own_folder(self.log)
        self._close_to_others()

    def _close_to_others(self) -> None:
        """Close what was opened to others since it was made, by a copy or manually, and what older versions left
        open."""
        for path in (self.data, self.log, self.home / "run", self.start_log, *self.log.glob("*")):
            with contextlib.suppress(FileNotFoundError):
                mode = path.lstat().st_mode
                if not stat.S_ISLNK(mode) and stat.S_IMODE(mode) & 0o077:
                    path.chmod(stat.S_IMODE(mode) & 0o700)

    def open_start_log(self) -> BinaryIO:
        """The server's output before it has its log."""
        return os.fdopen(os.open(self.start_log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb")

    def make_data(self, programs: Programs, account: Account) -> None:
        """Run initdb unless it was done; in a temporary folder that is renamed, so that an interruption leaves nothing
        incomplete."""
        if self.data.is_dir():
            self._check_version(programs)
            return
        for leftover in self.home.glob("data.new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        making = Path(tempfile.mkdtemp(prefix="data.new-", dir=self.home))
        if account.switch:
            os.chown(making, account.uid, account.gid)
        command = [str(programs.initdb), "--pgdata", str(making), "--username", OWNER, "--data-checksums"]
        command += ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        command += ["--auth-local=trust", "--auth-host=reject"]  # access is limited by the socket's folder, 0700
        ran = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **account.popen_args()
        )
        if ran.returncode:
            shutil.rmtree(making, ignore_errors=True)
            raise EmbeddedPostgresError(f"PostgreSQL's initdb failed: {ran.stdout.decode('utf-8', 'replace').strip()}")
        making.rename(self.data)

    def _check_version(self, programs: Programs) -> None:
        made_by = (self.data / "PG_VERSION").read_text("utf-8").strip()
        if made_by != str(programs.major):
            raise EmbeddedPostgresError(
                f"{self.data} was created by PostgreSQL {made_by}, but PostgreSQL {programs.major} is installed; "
                "dump it with the old version and restore it with the new one, or choose another --state"
            )

    def socket_folder(self, account: Account) -> Path:
        """The folder of the socket, 0700 and owned by `account`; in a short path if the one in the state folder is too
        long."""
        folder = self.home / "run"
        too_long = len(os.fsencode(folder / SOCKET_NAME)) > SOCKET_PATH_MAX_BYTES
        if too_long or "," in str(folder):  # a comma separates hosts in a connection URL
            name = f"quito-dispatch-{hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]}"
            folder = SHORT_PLACE / name
        account.own_folder(folder)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or stat.S_IMODE(found.st_mode) & 0o077:
            raise EmbeddedPostgresError(
                f"{folder}, the place for PostgreSQL's socket, is not a private folder of this user"
            )
        return folder

    def forget_short_socket_folder(self, folder: Path | None) -> None:
        """Remove a socket folder outside the state folder; one that is not empty stays."""
        if folder and not folder.is_relative_to(self.home):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def command(self, programs: Programs, sockets: Path) -> list[str]:
        """The server's command line; these settings take precedence over the files in the data folder."""
        settings = SETTINGS | {"unix_socket_directories": f'"{sockets}"', "log_directory": str(self.log)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(programs.postgres), "-D", str(self.data), *options]
