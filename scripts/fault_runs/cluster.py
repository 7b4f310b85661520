"""Two nodes, a proxy between each of them and one PostgreSQL with known processes; faults can be injected
everywhere."""

import asyncio
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from dispatch.store.db import Pool, open_pool
from dispatch.store.embedded import EmbeddedPostgres
from dispatch.store.embedded.client import APPLICATION, SOCKET_NAME
from dispatch.store.embedded.processes import end, processes_in
from scripts.fault_runs.disk import Disk, mounted
from scripts.fault_runs.node import Node
from scripts.fault_runs.wire import Wire

NAMES = ("a", "b")
GONE_S = 10.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """`disk` None: PostgreSQL is on this machine's disk, which is not filled. `wires` in the order of `nodes`."""

    key: str
    folder: Path
    postgres: EmbeddedPostgres
    nodes: list[Node]
    wires: list[Wire]
    disk: Disk | None

    @property
    def urls(self) -> list[str]:
        return [node.url for node in self.nodes]

    @asynccontextmanager
    async def pool(self) -> AsyncIterator[Pool]:
        """Connections to the database that bypass all proxies."""
        pool = await open_pool(self.postgres.dsn, size=2)
        try:
            yield pool
        finally:
            await pool.close()

    def signal_database(self, number: signal.Signals) -> None:
        """To the server and all its processes."""
        for pid in processes_in(self.postgres.status().data):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    async def kill_database(self) -> None:
        data = self.postgres.status().data
        await asyncio.to_thread(end, lambda: processes_in(data), signal.SIGKILL, within_s=GONE_S)

    async def start_database(self) -> None:
        """As a supervisor would; no effect if it runs."""
        await asyncio.to_thread(self.postgres.start)

    async def ready(self) -> None:
        await asyncio.gather(*(node.ready() for node in self.nodes))


@asynccontextmanager
async def cluster(*, small_disk: bool = False) -> AsyncIterator[Cluster]:
    """Until the block ends. Raises NoDisk if a small disk is requested and can't be mounted."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="dispatch-faults-"))
    folder.chmod(0o711)  # noqa: ASYNC240 - it takes no time
    async with AsyncExitStack() as open_rooms:
        open_rooms.push_async_callback(asyncio.to_thread, shutil.rmtree, folder)
        place = folder / "disk"
        place.mkdir(mode=0o711)
        disk = open_rooms.enter_context(mounted(place)) if small_disk else None
        # Not `running`, which would restart at once what is killed here.
        postgres = EmbeddedPostgres(place / "state")
        open_rooms.push_async_callback(asyncio.to_thread, postgres.stop)
        await asyncio.to_thread(postgres.start)
        key, nodes, wires = secrets.token_urlsafe(24), [], []
        for name in NAMES:
            wire = await Wire.to(postgres.status().data.parent / "run" / SOCKET_NAME)
            open_rooms.push_async_callback(wire.close)
            url = f"postgresql://{APPLICATION}@127.0.0.1:{wire.port}/dispatch"
            node = Node(name, database_url=url, database_owner_url=postgres.dsn, key=key, log=folder / f"{name}.log")
            open_rooms.push_async_callback(node.end)
            nodes.append(node)
            wires.append(wire)
        await asyncio.gather(*(node.start() for node in nodes))
        yield Cluster(key, folder, postgres, nodes, wires, disk)
