"""The faults, one function each: it causes the fault, waits, and repairs it, while all clients work."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

import asyncpg

from dispatch.errors import DispatchError
from scripts.fault_runs.callers import Callers
from scripts.fault_runs.cluster import Cluster
from scripts.fault_runs.node import Node
from scripts.fault_runs.vanishing import vanishing_screens

A_WHILE_S = (0.5, 2.0)
SCREENS = 1_000
HOUR_S = 3_600.0
HEARD_S = 60.0
LOOK_S = 0.1
PATIENT_CALLS = 200
LOG_FILES = 30


class NotKept(Exception):
    """A promise that can only be checked during the fault."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The setup, and the callers."""

    cluster: Cluster
    callers: Callers
    random: Random

    async def a_while(self) -> None:
        await asyncio.sleep(self.random.uniform(*A_WHILE_S))

    def one_node(self) -> Node:
        return self.random.choice(self.cluster.nodes)

    def perhaps(self) -> bool:
        return self.random.random() < 0.5


Fault = Callable[[Scene], Awaitable[None]]


async def nothing(scene: Scene) -> None:
    """For comparison."""
    await scene.a_while()


async def service_killed(scene: Scene) -> None:
    """kill -9 of a node; another one is started in its place."""
    node = scene.one_node()
    await node.kill()
    await scene.a_while()
    await node.start()


async def all_services_killed(scene: Scene) -> None:
    """kill -9 of every node at once."""
    await asyncio.gather(*(node.kill() for node in scene.cluster.nodes))
    await scene.a_while()
    await asyncio.gather(*(node.start() for node in scene.cluster.nodes))


async def service_stopped(scene: Scene) -> None:
    """SIGSTOP of a node, SIGCONT after a while."""
    node = scene.one_node()
    node.signal(signal.SIGSTOP)
    await scene.a_while()
    node.signal(signal.SIGCONT)
    await scene.cluster.ready()


async def database_killed(scene: Scene) -> None:
    """kill -9 of every process of PostgreSQL; the nodes reconnect by themselves."""
    await scene.cluster.kill_database()
    await scene.a_while()
    await scene.cluster.start_database()
    await scene.cluster.ready()


async def database_stopped(scene: Scene) -> None:
    """SIGSTOP of every process of PostgreSQL, SIGCONT after a while."""
    scene.cluster.signal_database(signal.SIGSTOP)
    await scene.a_while()
    scene.cluster.signal_database(signal.SIGCONT)
    await scene.cluster.ready()


async def network_cut(scene: Scene) -> None:
    """Between one node, or both, and the database: connections end, new ones are refused."""
    cut = scene.random.sample(scene.cluster.wires, scene.random.randint(1, len(scene.cluster.wires)))
    await asyncio.gather(*(wire.cut() for wire in cut))
    await scene.a_while()
    await asyncio.gather(*(wire.open() for wire in cut))
    await scene.cluster.ready()


async def black_hole(scene: Scene) -> None:
    """Between a node and the database everything is accepted and nothing forwarded: callers must be told to try again.
    Half of the time only the database's answers are lost, so that a commit isn't known to the node."""
    place = scene.random.randrange(len(scene.cluster.nodes))
    wire = scene.cluster.wires[place]
    await wire.swallow(asks=scene.perhaps())
    try:
        await _told_to_try_again(scene, place)
    finally:
        await wire.release(forget=scene.perhaps())
    await scene.cluster.ready()


async def clock_wrong(scene: Scene) -> None:
    """A node restarts with a clock an hour ahead, or behind, runs so for a while, and restarts with the right one."""
    node = scene.one_node()
    for skew_s in (scene.random.choice((-HOUR_S, HOUR_S)), 0.0):
        await node.kill()
        node.skew_s = skew_s
        await node.start()
        await scene.a_while()


async def screens_vanish(scene: Scene) -> None:
    """A thousand screens of one node disappear at once: their resources must be released."""
    node = scene.one_node()
    before = node.open_files()
    try:
        async with vanishing_screens(node.url, scene.cluster.key, count=SCREENS):
            if node.open_files() < before + SCREENS:
                raise NotKept(f"node {node.name} has {node.open_files()} files open and not {SCREENS} screens")
    except (OSError, TimeoutError) as error:
        raise NotKept(f"node {node.name} does not take {SCREENS} screens: {error!r}") from error
    for _ in range(int(HEARD_S / LOOK_S)):
        if node.open_files() < before + SCREENS / 10:
            return
        await asyncio.sleep(LOOK_S)
    raise NotKept(f"node {node.name} still holds {node.open_files() - before} connections of screens that are gone")


async def disk_full(scene: Scene) -> None:
    """No space is left for PostgreSQL: callers must be told to try again. Half of the time its own log is affected,
    which it doesn't survive; then it is restarted when there is space again."""
    assert scene.cluster.disk is not None
    scene.cluster.disk.fill()
    try:
        if scene.perhaps():
            await _exhaust_wal(scene.cluster)
        await _told_to_try_again(scene, scene.random.randrange(len(scene.cluster.nodes)))
    finally:
        scene.cluster.disk.free()
    await scene.cluster.start_database()
    await scene.cluster.ready()


FAULTS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (
        nothing,
        service_killed,
        all_services_killed,
        service_stopped,
        database_killed,
        database_stopped,
        network_cut,
        black_hole,
        clock_wrong,
        screens_vanish,
    )
}
ON_SMALL_DISK: dict[str, Fault] = {disk_full.__name__: disk_full}


async def _told_to_try_again(scene: Scene, node: int) -> None:
    """Raises NotKept if a waiting caller at this node gets no such answer."""
    for _ in range(PATIENT_CALLS):
        sent = await scene.callers.call_patiently(node, patience_s=HEARD_S)
        if sent.status == 503:
            return
        if sent.status == 0:
            raise NotKept(f"node {scene.cluster.nodes[node].name} hung: no answer to a call within {HEARD_S:g} s")
    raise NotKept(f"node {scene.cluster.nodes[node].name} still took calls, {PATIENT_CALLS} of them")


async def _exhaust_wal(cluster: Cluster) -> None:
    """Until PostgreSQL has no space for its next log file, or has found some often enough."""
    try:
        async with cluster.pool() as pool:
            for _ in range(LOG_FILES):
                await pool.execute("select pg_logical_emit_message(false, 'faults', 'x'), pg_switch_wal()")
    except (OSError, DispatchError, asyncpg.PostgresError, asyncpg.InterfaceError):
        pass
