"""Who is allowed what. A key in the Authorization header, or the cookie of a session; never in the address."""

import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends
from fastapi.requests import HTTPConnection

from dispatch.api.guesses import Guesses
from dispatch.api.state import desk_of
from dispatch.desk.desk import Desk
from dispatch.errors import Forbidden, Unauthenticated
from dispatch.model import UnitId
from dispatch.store import access
from dispatch.store.db import connection, transaction

COOKIE = "dispatch_session"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Role(StrEnum):
    INTAKE = "intake"
    GATEWAY = "gateway"
    CREW = "crew"
    DISPATCHER = "dispatcher"
    ADMIN = "admin"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Actor:
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Device:
    """A phone or a tracker aboard of one unit: it tells where that one is, and opens nothing else."""

    name: str
    unit_id: UnitId


async def who(connection_: HTTPConnection) -> Actor:
    """Raises Unauthenticated; Forbidden for a device's key, and for a cookie that comes from another site's page."""
    desk = desk_of(connection_)
    header = connection_.headers.get("authorization", "")
    scheme, _, key = header.partition(" ")
    if header and scheme.lower() == "bearer":
        return await by_key(desk, key.strip())
    if cookie := connection_.cookies.get(COOKIE):
        _same_site(connection_)
        async with connection(desk.pool) as db:
            row = await access.by_session(db, secret=cookie, at=datetime.now(UTC))
        if row is not None:
            return Actor(row["name"], Role(row["role"]))
        raise Unauthenticated("this session has ended; sign in again")
    raise Unauthenticated("send a key in the Authorization header, or sign in")


async def by_key(desk: Desk, key: str) -> Actor:
    bootstrap = desk.settings.bootstrap_key
    if bootstrap and hmac.compare_digest(key.encode(), bootstrap.encode()):
        return Actor("bootstrap", Role.ADMIN)
    async with connection(desk.pool) as db:
        row = await access.by_key(db, secret=key)
    if row is None:
        raise Unauthenticated("no such key")
    if row["role"] == Role.DEVICE:
        raise Forbidden("a device's key opens nothing but the positions of its unit")
    return Actor(row["name"], Role(row["role"]))


async def device_by_key(desk: Desk, key: str, *, address: str, guesses: Guesses) -> Device:
    """Raises Unauthenticated; TooManyTries after many of those from one address; Forbidden for another role's key."""
    digest = access.digest(key)
    guesses.check(address, digest)
    async with connection(desk.pool) as db:
        row = await access.by_key(db, secret=key)
    if row is None:
        guesses.wrong(address, digest)
        raise Unauthenticated("no such key")
    if row["role"] != Role.DEVICE:
        raise Forbidden("this needs the key of a device")
    guesses.right(digest)
    return Device(row["name"], UnitId(row["unit_id"]))


async def by_code(desk: Desk, code: str) -> Actor:
    """The code in the link that `dispatch run` prints: whoever sees that terminal may sit down at the desk."""
    if desk.settings.sign_in_code and hmac.compare_digest(code.encode(), desk.settings.sign_in_code.encode()):
        return Actor("consola", Role.DISPATCHER)
    raise Unauthenticated("this link is no longer good; take the one printed at the last start")


async def begin_session(desk: Desk, actor: Actor) -> str:
    secret = secrets.token_urlsafe(32)
    expires_at = datetime.now(UTC) + timedelta(hours=desk.settings.session_hours)
    async with transaction(desk.pool) as db:
        await access.add_session(db, secret=secret, name=actor.name, role=actor.role, expires_at=expires_at)
    return secret


def _same_site(connection_: HTTPConnection) -> None:
    """A browser sends the cookie along with what other sites' pages ask for; it says so in Origin."""
    if connection_.scope["type"] == "http" and connection_.scope["method"] in SAFE:
        return
    origin = connection_.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != connection_.headers.get("host"):
        raise Forbidden("a page of another site may not act with this session")


def _one_of(*roles: Role) -> Callable[[HTTPConnection], Awaitable[Actor]]:
    async def allowed(connection_: HTTPConnection) -> Actor:
        actor = await who(connection_)
        if actor.role not in roles:
            raise Forbidden(f"this needs a key of {' or '.join(roles)}")
        return actor

    return allowed


Anyone = Annotated[Actor, Depends(who)]
Admin = Annotated[Actor, Depends(_one_of(Role.ADMIN))]
Dispatcher = Annotated[Actor, Depends(_one_of(Role.DISPATCHER, Role.ADMIN))]
Crew = Annotated[Actor, Depends(_one_of(Role.CREW, Role.DISPATCHER, Role.ADMIN))]
takes_calls = _one_of(Role.INTAKE, Role.GATEWAY, Role.DISPATCHER, Role.ADMIN)
Intake = Annotated[Actor, Depends(takes_calls)]
