"""A real PostgreSQL and its synchronous standby, of the embedded programs: to be killed, and promoted."""

import asyncio
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import asyncpg

from dispatch.store.embedded.account import Account
from dispatch.store.embedded.client import OWNER, answers, make_roles_and_database, url
from dispatch.store.embedded.cluster import Cluster
from dispatch.store.embedded.programs import Programs, client_programs, programs_for

SMALL = {"shared_buffers": "32MB", "max_connections": "40", "logging_collector": "off"}
START_S = 60


@dataclass
class Server:
    """Data and socket in the folder `home`."""

    home: Path
    account: Account
    programs: Programs
    process: subprocess.Popen[bytes] | None = None

    @classmethod
    def primary(cls, home: Path) -> Self:
        """Made anew, and running."""
        home.mkdir()
        home.chmod(0o711)
        cluster = Cluster(home)
        account = Account.for_data(cluster.data)
        cluster.make_folders(account)
        server = cls(home, account, programs_for(account, home))
        cluster.make_data(server.programs, account)
        server.start()
        make_roles_and_database(server.sockets)
        return server

    def standby(self, home: Path) -> Self:
        """A copy that follows this one, running; from then on nothing is committed here that isn't there."""
        home.mkdir()
        home.chmod(0o711)
        follower = type(self)(home, self.account, self.programs)
        command = [str(client_programs() / "pg_basebackup"), "--write-recovery-conf", "--checkpoint=fast"]
        command += [f"--dbname=host={self.sockets} user={OWNER}", f"--pgdata={follower.data}"]
        subprocess.run(command, check=True, capture_output=True, timeout=START_S)
        if self.account.switch:
            for path in (follower.data, *follower.data.rglob("*")):
                shutil.chown(path, self.account.uid, self.account.gid)
        follower.start()
        return follower

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def sockets(self) -> Path:
        return self.home / "run"

    def start(self) -> None:
        self.account.own_folder(self.sockets)
        settings = SMALL | {"unix_socket_directories": str(self.sockets), "listen_addresses": ""}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.home / "server.log").open("wb") as log:
            self.process = subprocess.Popen(
                [str(self.programs.postgres), "-D", str(self.data), *options],
                stderr=log,
                **self.account.popen_args(),
            )
        deadline = time.monotonic() + START_S
        while not answers(self.sockets):
            assert self.process.poll() is None and time.monotonic() < deadline, (self.home / "server.log").read_text()
            time.sleep(0.05)

    def kill(self) -> None:
        """As a machine that loses its power; its processes follow their master at once."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
            self.process = None

    async def execute(self, sql: str) -> object:
        """The first value of it."""
        db = await asyncpg.connect(url(self.sockets))
        try:
            return await db.fetchval(sql)
        finally:
            await db.close()


@dataclass(frozen=True)
class Pair:
    primary: Server
    standby: Server

    @classmethod
    @asynccontextmanager
    async def running(cls, folder: Path) -> AsyncIterator[Self]:
        """Once the standby is synchronous; until the block ends."""
        async with AsyncExitStack() as servers:
            primary = await asyncio.to_thread(Server.primary, folder / "a")
            servers.push_async_callback(asyncio.to_thread, primary.stop)
            standby = await asyncio.to_thread(primary.standby, folder / "b")
            servers.push_async_callback(asyncio.to_thread, standby.stop)
            await primary.execute("alter system set synchronous_standby_names = '*'")
            await primary.execute("select pg_reload_conf()")
            async with asyncio.timeout(START_S):
                state = "select sync_state from pg_stat_replication"
                while await primary.execute(state) != "sync":  # noqa: ASYNC110 - the database won't call
                    await asyncio.sleep(0.05)
            yield cls(primary, standby)

    @property
    def url(self) -> str:
        """Of both."""
        return f"postgresql://{OWNER}@/dispatch?host={self.primary.sockets},{self.standby.sockets}&port=5432"

    async def fail_over(self) -> None:
        """What Patroni does: the primary is gone, the standby takes its place."""
        self.primary.kill()
        assert await self.standby.execute("select pg_promote()")
