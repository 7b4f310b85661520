"""One embedded PostgreSQL server: started, taken over if it outlived its service, stopped."""

import asyncio
import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import structlog

from dispatch.store.embedded import client
from dispatch.store.embedded.account import Account
from dispatch.store.embedded.cluster import Cluster
from dispatch.store.embedded.errors import EmbeddedPostgresError
from dispatch.store.embedded.processes import PAUSE_S, command_of, end, gone, postmaster_of, processes_in
from dispatch.store.embedded.programs import Programs, programs_for
from dispatch.store.embedded.state import StateLock, make_state

ADOPTION_S = 20.0
RECOVERY_S = 300.0
FAST_STOP_S = 30.0
IMMEDIATE_STOP_S = 5.0
ORPHANS_LEAVE_S = 2.0
LOOK_S = 1.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Status:
    """What runs on a state folder now; `pid` is the server's, None if there is none."""

    running: bool
    pid: int | None
    data: Path


class EmbeddedPostgres:
    """The PostgreSQL of one state folder.

    Its methods block (a cold start takes seconds): in a coroutine use `running`, or `asyncio.to_thread`."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self._cluster = Cluster.below(state)
        self._lock = StateLock(state)
        self._turn = threading.RLock()  # a stop during a start waits for it
        self._child: subprocess.Popen[bytes] | None = None
        self._sockets: Path | None = None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Start in a thread, yield the server, keep it running, stop it at the end of the block."""
        try:
            await asyncio.to_thread(self.start)
            ended = asyncio.Event()
            keeping = asyncio.create_task(self._keep(ended), name="embedded-postgres")
            try:
                yield self
            finally:
                ended.set()
                await keeping
        finally:
            await asyncio.to_thread(self.stop)

    async def _keep(self, ended: asyncio.Event) -> None:
        """Restart a server that died, as often as it dies."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), LOOK_S)
            if ended.is_set():
                return
            if self.status().running:
                continue
            log.error("database_died", state=str(self.state))
            try:
                await asyncio.to_thread(self.start)
            except (EmbeddedPostgresError, OSError) as error:
                log.error("database_not_started", error=str(error))
            else:
                log.info("database_started_again")

    @property
    def dsn(self) -> str:
        """URL of the database for `asyncpg.connect`, as its owner, a superuser. Raises `EmbeddedPostgresError` before
        the first start."""
        return self._url(client.OWNER)

    @property
    def application_dsn(self) -> str:
        """The same with the service's role, which has only the rights that it needs."""
        return self._url(client.APPLICATION)

    def _url(self, role: str) -> str:
        if self._sockets is None:
            raise EmbeddedPostgresError("the embedded PostgreSQL has not been started")
        return client.url(self._sockets, role=role)

    def status(self) -> Status:
        """Look at the process table; sends nothing to the server."""
        pid = postmaster_of(self._cluster.data)
        return Status(pid is not None, pid, self._cluster.data)

    def start(self) -> Self:
        """Make sure that the server runs and answers: take over a running one, else start one on the existing data.

        May be called again, also after the server died. Raises `StateInUse` if another live service has the state
        folder, `EmbeddedPostgresError` with advice if it fails."""
        with self._turn:
            make_state(self.state)
            self._lock.acquire()
            try:
                self._start()
            except BaseException as error:
                self.stop()
                if isinstance(error, OSError):
                    raise EmbeddedPostgresError(f"the embedded PostgreSQL can't be started: {error}") from error
                raise
        return self

    def beside(self) -> Self:
        """Connect to the server that another live process runs on this state folder: nothing is started or stopped.

        Raises `EmbeddedPostgresError` if none answers."""
        sockets = self._cluster.socket_folder(Account.for_data(self._cluster.data))
        if not client.answers(sockets):
            raise EmbeddedPostgresError(f"the PostgreSQL in {self.state} does not answer")
        client.make_roles_and_database(sockets)
        self._sockets = sockets
        return self

    def stop(self) -> None:
        """Stop the server with all its processes and unlock the state folder; no effect if it is done already."""
        with self._turn:
            if self._lock.held:
                self._end_server()
                self._cluster.forget_short_socket_folder(self._sockets)
                self._lock.release()

    def _start(self) -> None:
        account = Account.for_data(self._cluster.data)
        self._cluster.make_folders(account)
        programs = programs_for(account, self._cluster.home)
        self._cluster.make_data(programs, account)
        self._sockets = self._cluster.socket_folder(account)
        if not self._adopt(programs, self._sockets):
            self._end_server()
            self._launch(programs, account, self._sockets)
        client.make_roles_and_database(self._sockets)

    def _adopt(self, programs: Programs, sockets: Path) -> bool:
        """Whether a server of exactly these programs and settings runs here and answers (it may be recovering from a
        crash)."""
        pid = postmaster_of(self._cluster.data)
        if pid is None or os.path.realpath(f"/proc/{pid}/exe") != os.path.realpath(programs.postgres):
            return False
        if command_of(pid) != self._cluster.command(programs, sockets):
            return False
        return self._answers(sockets, within_s=ADOPTION_S)

    def _launch(self, programs: Programs, account: Account, sockets: Path) -> None:
        self._remove_leftovers(sockets)
        with self._cluster.open_start_log() as log:
            self._child = subprocess.Popen(
                self._cluster.command(programs, sockets),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **account.popen_args(),
            )
        if not self._answers(sockets, within_s=RECOVERY_S):
            self._end_server()
            said = self._cluster.start_log.read_text("utf-8", "replace").strip()[-2000:]
            raise EmbeddedPostgresError(f"PostgreSQL did not start: {said or 'no message'} (see {self._cluster.log})")

    def _answers(self, sockets: Path, *, within_s: float) -> bool:
        deadline = time.monotonic() + within_s
        while not client.answers(sockets):
            if time.monotonic() > deadline or not (self._child_lives() or self.status().running):
                return False
            time.sleep(PAUSE_S)
        return True

    def _child_lives(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def _pids(self) -> set[int]:
        self._child_lives()  # reaps it if it is dead
        return processes_in(self._cluster.data)

    def _end_server(self) -> None:
        """A fast shutdown, which saves everything; stronger signals only if that hangs, because recovery repairs their
        effect."""
        pid = postmaster_of(self._cluster.data)
        if pid is not None:
            ended = end(lambda: {pid} & self._pids(), signal.SIGINT, within_s=FAST_STOP_S)
            if not ended:
                end(self._pids, signal.SIGQUIT, within_s=IMMEDIATE_STOP_S)
        # Remaining processes of a dead server notice and exit; if not, they have nothing to save.
        if not gone(self._pids, within_s=ORPHANS_LEAVE_S):
            end(self._pids, signal.SIGKILL, within_s=IMMEDIATE_STOP_S)
        if self._child is not None:
            self._child.wait(IMMEDIATE_STOP_S)
            self._child = None

    def _remove_leftovers(self, sockets: Path) -> None:
        """Lock files of a dead server: the process id in them, which PostgreSQL trusts, may belong to another
        program."""
        for leftover in (self._cluster.data / "postmaster.pid", sockets / f"{client.SOCKET_NAME}.lock"):
            leftover.unlink(missing_ok=True)
