"""The servers that a database URL names: one, or a primary and its standbys, any of which may become the primary."""

import socket
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

NAME = "quito-dispatch"
PORT = 5432
# A server that doesn't answer must not use up the time for another.
CONNECT_S = 3.0
# A network that drops everything is noticed within this time, however long a statement may take.
SILENCE_MS = 10_000
KEEP_ALIVE = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": SILENCE_MS}
# A node that hangs, or has lost the database, must not block others with its locks: the database ends its session. A
# session in the middle of a statement's messages isn't idle, hence the second setting; PostgreSQL has it from 17.
IDLE = {"idle_in_transaction_session_timeout": "5s"}
BOUNDS = IDLE | {"transaction_timeout": "30s"}
# Errors after which another server is tried.
ELSEWHERE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TargetServerAttributeNotMatched,
)


class Host(NamedTuple):
    host: str
    port: int


class Servers:
    """Connects to the server that accepts writes. The last such one is tried first, so that nobody waits again for one
    that is down. `ours`: the backends of this process's connections."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.ours: set[int] = set()
        self._hosts: list[Host | None] = [*hosts_in(url)] or [None]

    async def connect(self, *_: object, name: str = "", **options: Any) -> Connection:
        """Options as of `asyncpg.connect`; `name`: an addition to the application name. Raises the error of the last
        server."""
        settings = {"application_name": f"{NAME} {name}".strip(), "timezone": "UTC"}
        options |= {"target_session_attrs": "read-write", "timeout": CONNECT_S}
        failed: Exception | None = None
        for host in list(self._hosts):
            try:
                db = await self._connect(settings, options | (host._asdict() if host else {}))
            except ELSEWHERE as error:
                failed = error
                continue
            self._hosts.remove(host)
            self._hosts.insert(0, host)
            _keep_alive(db)
            self._note(db.get_server_pid(), db)
            return db
        assert failed is not None
        raise failed

    async def _connect(self, settings: dict[str, str], options: dict[str, Any]) -> Connection:
        try:
            return await asyncpg.connect(self.url, server_settings=settings | BOUNDS, **options)
        except asyncpg.UndefinedObjectError:
            return await asyncpg.connect(self.url, server_settings=settings | IDLE, **options)

    def _note(self, pid: int, db: Connection) -> None:
        self.ours.add(pid)
        db.add_termination_listener(lambda _: self.ours.discard(pid))


def hosts_in(url: str) -> list[Host]:
    """The servers of a URL that names several, `//a:5432,b:5432/` or `?host=a,b&port=5432`; none if there is one."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    named = unquote(parts.netloc.rpartition("@")[2]) or query.get("host", [""])[-1]
    if "," not in named:
        return []
    names, ports = named.split(","), query.get("port", [str(PORT)])[-1].split(",")
    ports = ports * len(names) if len(ports) == 1 else ports
    return [_host(name, int(port)) for name, port in zip(names, ports, strict=True)]


def _host(named: str, port: int) -> Host:
    if named.startswith("/"):
        return Host(named, port)
    name, bracket, rest = named.partition("]")
    if bracket:
        return Host(name.removeprefix("["), int(rest.removeprefix(":") or port))
    name, _, own = named.partition(":")
    return Host(name, int(own or port))


def _keep_alive(db: Connection) -> None:
    """asyncpg has no setting for it, so it is set on the transport's socket. The kernel then detects a dead network."""
    wire = db._transport.get_extra_info("socket")  # type: ignore[attr-defined]
    if wire.family == socket.AF_UNIX:
        return
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEP_ALIVE.items():
        if (option := getattr(socket, name, None)) is not None:
            wire.setsockopt(socket.IPPROTO_TCP, option, value)
