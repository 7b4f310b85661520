"""Who is allowed what. A key in the Authorization header, or the cookie of a session; never in the address."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Depends
from fastapi.requests import HTTPConnection

from dispatch.api.dependencies import identities_of
from dispatch.api.identities import MOST_KNOWN, SESSION, Proof, key_proof, session_proof
from dispatch.errors import Forbidden, Unauthenticated, Unavailable
from dispatch.model import UnitId
from dispatch.store.access import Holder

COOKIE = "dispatch_session"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Where the database doesn't answer within the one, figures are shown to who was known within the other.
ANSWERS_S, KNOWN_S = 2.0, 86_400.0


class Role(StrEnum):
    INTAKE = "intake"
    GATEWAY = "gateway"
    CREW = "crew"
    FLEET = "fleet"
    DISPATCHER = "dispatcher"
    ADMIN = "admin"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Actor:
    """`unit_id`: the one that a crew's key is bound to. `proof`: what was shown, a key or a session; `key`: digest of
    the key that stands behind it, None behind a link of the service's own; `session` and `expires_at`: of a session."""

    name: str
    role: Role
    unit_id: UnitId | None = None
    proof: Proof | None = None
    key: bytes | None = None
    session: UUID | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """A phone or a tracker aboard of one unit: it tells where that one is, and opens nothing else."""

    name: str
    unit_id: UnitId


async def who(connection_: HTTPConnection) -> Actor:
    """Raises Unauthenticated, TooManyTries, Unavailable; Forbidden for a device's key, and for a cookie that comes from
    another site's page."""
    proof = _proof(connection_)
    holder = await identities_of(connection_).holder(proof, address=address_of(connection_))
    if proof.kind == SESSION:
        refuse_foreign_page(connection_)
    return _actor(proof, holder)


async def who_measures(connection_: HTTPConnection) -> Actor:
    """As `who`; while the database is away also who was known lately. For figures alone, which are needed most then."""
    try:
        async with asyncio.timeout(ANSWERS_S):
            return await who(connection_)
    except (Unavailable, TimeoutError):
        proof = _proof(connection_)
        holder = identities_of(connection_).known(proof, within_s=KNOWN_S)
        if holder is None:
            raise Unavailable("who you are can't be found out at the moment") from None
        return _actor(proof, holder)


async def by_key(connection_: HTTPConnection, key: str) -> Actor:
    proof = key_proof(key)
    return _actor(proof, await identities_of(connection_).holder(proof, address=address_of(connection_)))


async def device_by_key(connection_: HTTPConnection, key: str) -> Device:
    """Raises Unauthenticated; TooManyTries after many of those from one address; Forbidden for another role's key."""
    holder = await identities_of(connection_).holder(key_proof(key), address=address_of(connection_))
    if holder.role != Role.DEVICE or holder.unit_id is None:
        raise Forbidden("this needs the key of a device")
    return Device(holder.name, holder.unit_id)


def address_of(connection_: HTTPConnection) -> str:
    """The client's; behind a proxy what that says, where FORWARDED_ALLOW_IPS names the proxy (uvicorn sees to it)."""
    return connection_.client.host if connection_.client else ""


def refuse_foreign_page(connection_: HTTPConnection) -> None:
    """A browser sends the cookie along with what other sites' pages ask for, and says so: every one of today in Origin;
    older ones, which may leave that out, in Referer. Who sends none of these is no page; and the cookie is same-site.

    Raises Forbidden."""
    if connection_.scope["type"] == "http" and connection_.scope["method"] in SAFE:
        return
    headers = connection_.headers
    said = headers.get("origin", headers.get("referer"))
    is_foreign = said is not None and _host(said) != headers.get("host", "").lower()
    if is_foreign or headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Forbidden("a page of another site may not act with this session")


def own_unit(actor: Actor, unit_id: str) -> None:
    """A crew acts for its own unit only. Raises Forbidden."""
    if actor.role is Role.CREW and actor.unit_id != unit_id:
        raise Forbidden(f"this key is of unit {actor.unit_id}, and of no other")


def _proof(connection_: HTTPConnection) -> Proof:
    """Raises Unauthenticated."""
    header = connection_.headers.get("authorization", "")
    scheme, _, key = header.partition(" ")
    if header and scheme.lower() == "bearer":
        return key_proof(key.strip())
    if cookie := connection_.cookies.get(COOKIE):
        return session_proof(cookie)
    raise Unauthenticated("send a key in the Authorization header, or sign in")


@lru_cache(maxsize=MOST_KNOWN)
def _actor(proof: Proof, holder: Holder) -> Actor:
    """Made once for all requests while the holder is remembered. Raises Forbidden."""
    role = Role(holder.role)
    if role is Role.DEVICE:
        raise Forbidden("a device's key opens nothing but the positions of its unit")
    if role is Role.CREW and holder.unit_id is None:
        raise Forbidden(
            "this crew's key is bound to no unit yet; an administrator does that: dispatch keys bind NAME UNIT"
        )
    return Actor(holder.name, role, holder.unit_id, proof, holder.key, holder.session, holder.expires_at)


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).netloc.lower()
    except ValueError:
        return None


# Which roles each dependency that authenticates lets pass: for the OpenAPI document, and for refusing a bad query only
# after a bad key.
GUARDS: dict[Callable[[HTTPConnection], Awaitable[Actor]], tuple[Role, ...]] = {
    who: tuple(role for role in Role if role is not Role.DEVICE)
}


def _one_of(
    *roles: Role, who: Callable[[HTTPConnection], Awaitable[Actor]] = who
) -> Callable[[HTTPConnection], Awaitable[Actor]]:
    async def allowed(connection_: HTTPConnection) -> Actor:
        actor = await who(connection_)
        if actor.role not in roles:
            raise Forbidden(f"this needs a key of {' or '.join(roles)}")
        return actor

    GUARDS[allowed] = roles
    return allowed


Anyone = Annotated[Actor, Depends(who)]
# What a system that reports for the fleet has no need of: the city, figures, where a place is.
LOOKS_ON = (Role.INTAKE, Role.GATEWAY, Role.CREW, Role.DISPATCHER, Role.ADMIN)
OnLooker = Annotated[Actor, Depends(_one_of(*LOOKS_ON))]
Measuring = Annotated[Actor, Depends(_one_of(*LOOKS_ON, who=who_measures))]
Admin = Annotated[Actor, Depends(_one_of(Role.ADMIN))]
Dispatcher = Annotated[Actor, Depends(_one_of(Role.DISPATCHER, Role.ADMIN))]
# A crew of its own unit only: see `own_unit`.
Crew = Annotated[Actor, Depends(_one_of(Role.CREW, Role.FLEET, Role.DISPATCHER, Role.ADMIN))]
CrewOrDispatcher = Annotated[Actor, Depends(_one_of(Role.CREW, Role.DISPATCHER, Role.ADMIN))]
CALL_SENDERS = (Role.INTAKE, Role.GATEWAY, Role.DISPATCHER, Role.ADMIN)
takes_calls = _one_of(*CALL_SENDERS)
Intake = Annotated[Actor, Depends(takes_calls)]
