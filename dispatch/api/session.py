"""Signing in at the console."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from dispatch.api.access import COOKIE, Actor, Anyone, Role, begin_session, by_code, by_key
from dispatch.api.bodies import SignIn
from dispatch.api.state import TheDesk, ThePool
from dispatch.api.wire import Json, body_of, describes, small_body
from dispatch.errors import Unauthenticated
from dispatch.store import access
from dispatch.store.db import connection

router = APIRouter(prefix="/v1/session", tags=["session"])


@dataclass(frozen=True, slots=True)
class Me:
    name: str
    role: Role


@router.post("", response_model=Me, openapi_extra=describes(SignIn))
async def sign_in(
    request: Request, body: Annotated[SignIn, Depends(body_of(SignIn, small_body))], desk: TheDesk
) -> Response:
    actor = await _actor(body, desk)
    response = Json(Me(actor.name, actor.role))
    response.set_cookie(
        COOKIE,
        await begin_session(desk, actor),
        max_age=int(desk.settings.session_hours * 3600),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


@router.get("", response_model=Me)
async def get_session(actor: Anyone) -> Response:
    return Json(Me(actor.name, actor.role))


@router.delete("", status_code=204)
async def sign_out(request: Request, pool: ThePool) -> Response:
    if cookie := request.cookies.get(COOKIE):
        async with connection(pool) as db:
            await access.end_session(db, secret=cookie)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


async def _actor(body: SignIn, desk: TheDesk) -> Actor:
    if body.code is not None:
        return await by_code(desk, body.code)
    if body.key is not None:
        return await by_key(desk, body.key)
    raise Unauthenticated("send the code of the printed link, or a key")
