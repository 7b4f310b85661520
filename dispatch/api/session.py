"""Signing in at the console, by a link that is good once or by a key; and the sessions that this makes."""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from dispatch.api.access import COOKIE, Actor, Admin, Anyone, Role, address_of, by_key, refuse_foreign_page
from dispatch.api.bodies import SignIn
from dispatch.api.dependencies import TheDesk, TheIdentities, ThePool, identities_of
from dispatch.api.identities import session_proof
from dispatch.api.wire import Json, body_of, describes, small_body
from dispatch.desk.desk import Desk
from dispatch.desk.first_access import make_link
from dispatch.errors import NotFound, Unauthenticated
from dispatch.model.secret import CONSOLE
from dispatch.store import sessions, sign_in_links
from dispatch.store.access import digest
from dispatch.store.db import Connection, connection, transaction
from dispatch.store.sessions import SessionRow
from dispatch.store.sign_in_links import Link, NoLink

router = APIRouter(prefix="/v1", tags=["session"])

REFUSED = {
    NoLink.USED: "this link has been used already, and each is good once; ask for another",
    NoLink.EXPIRED: "this link has expired; ask for another",
    NoLink.UNKNOWN: "there is no such link; ask for another",
}


@dataclass(frozen=True, slots=True)
class Me:
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class NewLink:
    """`path` at the address of the console; `code` as `POST /v1/session` takes it, once, until `expires_at`."""

    code: str
    path: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SessionPage:
    """`current`: the one that asks, where it is one."""

    items: list[SessionRow]
    current: UUID | None
    next: None = None


@router.post("/session", response_model=Me, openapi_extra=describes(SignIn))
async def sign_in(
    request: Request, body: Annotated[SignIn, Depends(body_of(SignIn, small_body))], desk: TheDesk
) -> Response:
    refuse_foreign_page(request)
    if body.code is None and body.key is None:
        raise Unauthenticated("send the code of a sign-in link, or a key")
    cookie = secrets.token_urlsafe(32)
    if body.code is not None:
        me = await _by_code(request, desk, body.code, cookie)
    else:
        actor = await by_key(request, body.key or "")
        async with transaction(desk.pool) as db:
            await _begin(db, desk, cookie, name=actor.name, role=actor.role, key=actor.key)
        me = Me(actor.name, actor.role)
    response = Json(me)
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=int(desk.settings.session_hours * 3600),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


@router.get("/session", response_model=Me)
async def get_session(actor: Anyone) -> Response:
    return Json(Me(actor.name, actor.role))


@router.delete("/session", status_code=204)
async def sign_out(request: Request, pool: ThePool, identities: TheIdentities) -> Response:
    """Its WebSockets end with it, at every node. A cookie of no session ends nothing, and counts as a wrong key."""
    if cookie := request.cookies.get(COOKIE):
        refuse_foreign_page(request)
        proof = session_proof(cookie)
        with suppress(Unauthenticated):
            await identities.holder(proof, address=address_of(request))
            async with transaction(pool) as db:
                await sessions.end(db, digests=[proof.digest])
            identities.changed()
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


@router.post("/session/links", operation_id="add_sign_in_link", status_code=201, response_model=NewLink)
async def add_link(actor: Admin, desk: TheDesk) -> Response:
    """A link that signs in at the console, as a dispatcher, once."""
    code, expires_at = await make_link(desk.pool, minutes=desk.settings.sign_in_link_minutes, key=actor.key)
    return Json(NewLink(code, f"/#code={code}", expires_at), 201)


@router.get("/sessions", response_model=SessionPage)
async def list_sessions(actor: Anyone, pool: ThePool) -> Response:
    """One's own: this one, and those that were made with the same key; to an administrator, all."""
    return Json(SessionPage(await _sessions(actor, pool), actor.session))


@router.delete("/sessions/{session_id}", status_code=204)
async def end_session(session_id: UUID, actor: Anyone, pool: ThePool, identities: TheIdentities) -> Response:
    """One's own, or as an administrator anybody's; with its WebSockets, at every node."""
    if all(one.id != session_id for one in await _sessions(actor, pool)):
        raise NotFound("no such session, or not one of yours")
    async with transaction(pool) as db:
        await sessions.end(db, ids=[session_id])
    identities.changed()
    return Response(status_code=204)


async def _sessions(actor: Actor, pool: ThePool) -> list[SessionRow]:
    now = datetime.now(UTC)
    async with connection(pool) as db:
        if actor.role is Role.ADMIN:
            return await sessions.page(db, at=now)
        # Who came by a link shares nothing with the others whom its maker let in.
        key = actor.key if actor.name != CONSOLE else None
        if key is None and actor.session is None:
            return []
        return await sessions.page(db, at=now, key=key, session=actor.session)


async def _by_code(request: Request, desk: Desk, code: str, cookie: str) -> Me:
    """Raises Unauthenticated, TooManyTries."""
    guesses, address = identities_of(request).guesses, address_of(request)
    guesses.check(address, digest(code))
    async with transaction(desk.pool) as db:
        link = await sign_in_links.use(db, code=code, at=datetime.now(UTC))
        if isinstance(link, Link):
            await _begin(db, desk, cookie, name=CONSOLE, role=Role.DISPATCHER, key=link.key)
            return Me(CONSOLE, Role.DISPATCHER)
    if link is NoLink.UNKNOWN:
        guesses.wrong(address, digest(code))
    raise Unauthenticated(REFUSED[link], link=link)


async def _begin(db: Connection, desk: Desk, cookie: str, *, name: str, role: Role, key: bytes | None) -> None:
    now = datetime.now(UTC)
    expires_at = now + timedelta(hours=desk.settings.session_hours)
    await sessions.add(db, session=digest(cookie), name=name, role=role, key=key, at=now, expires_at=expires_at)
