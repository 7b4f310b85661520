"""The doors for citizens' reports. What can't be read is answered with what is wrong, and kept."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter
from uuid import UUID

import structlog
from fastapi import APIRouter, Request, Response
from structlog.contextvars import bind_contextvars

from dispatch.api import metrics
from dispatch.api.access import CALL_SENDERS, Actor, Intake, Role, takes_calls
from dispatch.api.dependencies import TheDesk, ThePool, desk_of
from dispatch.api.problems import malformed
from dispatch.api.query_parameters import QUARANTINES, check_parameters
from dispatch.api.security import security_of
from dispatch.api.views import KnownCall, known_call
from dispatch.api.wire import Json, describes, raw_body
from dispatch.desk.calls.answers import Received, Refined, Taken
from dispatch.desk.calls.quarantine import keep
from dispatch.desk.calls.take_call import add_fixes, call_of, take_call
from dispatch.desk.desk import Desk
from dispatch.errors import DispatchError, Invalid, TooLarge
from dispatch.intake import json_call
from dispatch.intake.doubts import doubted
from dispatch.intake.unreadable import Unreadable
from dispatch.model import CallId, Report
from dispatch.model.sender import Sender, SenderKind
from dispatch.store.calls.quarantine import Unread
from dispatch.store.db import connection
from dispatch.telemetry import meters

log = structlog.get_logger()
router = APIRouter(tags=["calls"])

CALLS = "/v1/calls"
MOST_BYTES = 256_000
KINDS = {
    Role.INTAKE: SenderKind.INTAKE,
    Role.GATEWAY: SenderKind.GATEWAY,
    Role.DISPATCHER: SenderKind.DESK,
    Role.ADMIN: SenderKind.DESK,
}
STRICT = re.compile(r"(?:^|,)\s*handling\s*=\s*\"?strict\"?\s*(?:[,;]|$)", re.IGNORECASE)
APPLIED = {"Preference-Applied": "handling=strict"}
IDS = re.compile(r'\{"call_id":"(?P<call_id>[^"]+)","incident_id":(?P<incident_id>\d+)')


@router.post(
    CALLS,
    operation_id="create_call",
    status_code=201,
    response_model=Taken | Received,
    responses={200: {"model": Taken | Received, "description": "This report was taken before; the same answer"}},
    openapi_extra=describes(json_call.CallBody) | QUARANTINES | security_of(*CALL_SENDERS),
)
async def post_call(request: Request) -> Response:
    """Asks for all it needs itself, so that a flood can come to it by the shortcut."""
    actor = await takes_calls(request)
    desk, strict = desk_of(request), wants_strict(request)
    return await through_door(
        request,
        desk,
        actor,
        door="calls",
        parse=lambda raw: json_call.parse(raw, desk.area, now=datetime.now(UTC), strict=strict),
        strict=strict,
    )


@router.post(
    "/v1/calls/{call_id}/fixes",
    operation_id="add_call_fixes",
    status_code=201,
    response_model=Refined,
    openapi_extra=describes(json_call.FixesBody) | QUARANTINES,
)
async def post_fixes(request: Request, call_id: UUID, desk: TheDesk, actor: Intake) -> Response:
    strict = wants_strict(request)
    raw, size = await take_raw(request)
    try:
        check_parameters(request)
        report = json_call.parse_fixes(_whole(raw, size), desk.area, now=datetime.now(UTC), strict=strict)
    except (Unreadable, Invalid, TooLarge) as error:
        raise await _quarantined(request, desk, actor, "fixes", raw, size, error) from error
    sender = Sender(actor.name, kind_of(actor))
    answer = await add_fixes(desk, call_id=CallId(call_id), said=report, sender=sender)
    metrics.count_flaws("fixes", report.flaws)
    return Json(answer, 201, **APPLIED if strict else {})


@router.get("/v1/calls/{call_id}", response_model=KnownCall)
async def get_call(call_id: UUID, pool: ThePool, actor: Intake) -> Response:
    """An intake key reads its own calls only, as it sent them; a gateway none."""
    kind = kind_of(actor)
    async with connection(pool) as db:
        call = await call_of(db, CallId(call_id), Sender(actor.name, kind))
        return Json(await known_call(db, call, as_its_sender=kind is SenderKind.INTAKE))


def kind_of(actor: Actor) -> SenderKind:
    return KINDS.get(actor.role, SenderKind.INTAKE)


async def take_raw(request: Request) -> tuple[bytes, int]:
    return await raw_body(request, limit=MOST_BYTES)


async def through_door(
    request: Request,
    desk: Desk,
    actor: Actor,
    *,
    door: str,
    parse: Callable[[bytes], Report],
    read: tuple[bytes, int] | None = None,
    checks_query: bool = True,
    strict: bool = False,
) -> Response:
    """One way for every format: bytes → report → the desk. 201 is sent only after the commit.

    `read` is the body and its size where the route had to look at it before. `checks_query`: whether a query parameter
    that the route doesn't have is an error. `strict`: the client wants to be refused for what would otherwise be taken
    with flaws.

    Raises Malformed, Invalid or TooLarge, each after the report was put in quarantine; Unavailable in a flood."""
    began = perf_counter()
    raw, size = read or await take_raw(request)
    # Who can't be taken is told before he is read: in a flood most of the work would be for nothing.
    desk.queue.admit(sender=actor.name)
    try:
        if checks_query:
            check_parameters(request)
        report = parse(_whole(raw, size))
        if report.fixes_said is None and report.fixes:
            report = doubted(report, desk.area, now=datetime.now(UTC))
        bind_contextvars(report=str(report.id))
        with meters.span("take_call"):
            answer, is_new = await take_call(desk, report, sender=Sender(actor.name, kind_of(actor)), strict=strict)
    except (Unreadable, Invalid, TooLarge) as error:
        raise await _quarantined(request, desk, actor, door, raw, size, error) from error
    if is_new:
        metrics.calls_by_channel(report.channel).inc()
        metrics.taken_by_channel(report.channel).observe(perf_counter() - began)
        metrics.count_flaws(door, report.flaws)
    log.info("call_taken" if is_new else "call_repeated", door=door, flaws=len(report.flaws), **ids_of(answer))
    return Json(answer, 201 if is_new else 200, **APPLIED if strict else {})


def wants_strict(request: Request) -> bool:
    """`Prefer: handling=strict` (RFC 7240): for clients under development."""
    return "prefer" in request.headers and any(STRICT.search(each) for each in request.headers.getlist("prefer"))


def ids_of(answer: str) -> dict[str, str]:
    """Of the call and its incident, from where they stand in every answer: at its beginning."""
    found = IDS.match(answer)
    return found.groupdict() if found else {}


def _whole(raw: bytes, size: int) -> bytes:
    if size > len(raw):
        raise TooLarge(f"a report may have {MOST_BYTES:,} bytes; its beginning was kept for a person to look at")
    return raw


async def _quarantined(
    request: Request,
    desk: Desk,
    actor: Actor,
    door: str,
    raw: bytes,
    size: int,
    error: Unreadable | Invalid | TooLarge,
) -> DispatchError:
    """The error with the number of the item, or `kept` false where the sender has as many as it may."""
    unread = Unread(
        door=door,
        content_type=request.headers.get("content-type", "")[:200] or None,
        raw=raw,
        size=size,
        problem=str(error)[:2_000],
    )
    item = await keep(desk, unread, actor=actor.name)
    answer = malformed(error) if isinstance(error, Unreadable) else error
    if wants_strict(request):
        answer.headers = APPLIED
    if item is None:
        metrics.NOT_KEPT.labels(door=door).inc()
        log.warning("report_not_kept", door=door, size=size, sender=actor.name)
        answer.detail += "; it was not kept, for too many of this sender wait to be looked at"
        answer.extra["kept"] = False
    else:
        metrics.QUARANTINED.labels(door=door).inc()
        log.warning("report_quarantined", item=item.id, door=door, size=size)
        answer.extra["quarantine_id"] = item.id
    return answer
