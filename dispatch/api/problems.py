"""Every error as an RFC 9457 problem document."""

from dataclasses import dataclass
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from dispatch.errors import (
    DispatchError,
    FieldProblem,
    Invalid,
    Malformed,
    NotFound,
    TooManyTries,
    Unauthenticated,
    Unavailable,
)
from dispatch.intake.unreadable import Unreadable
from dispatch.model import Incident, Unit
from dispatch.model.wire import encode
from dispatch.store.sign_in_links import NoLink

log = structlog.get_logger()

PROBLEM = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """An error (RFC 9457). `type` is a path that names its kind; `detail` says what happened this time; `errors`: each
    field that is wrong. Of a conflict `incident`, `unit` or `units` as they are now; of a report the `quarantine_id`
    that it is kept under, or `kept` false; of a sign-in link in `link` why it opens nothing."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[FieldProblem, ...] = ()
    incident: Incident | None = None
    unit: Unit | None = None
    units: tuple[Unit, ...] = ()
    quarantine_id: int | None = None
    kept: bool = True
    link: NoLink | None = None


def _described(meaning: str) -> dict[str, Any]:
    return {"description": meaning, "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


# For the OpenAPI document: every route may answer so, and does so in no other shape.
RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": _described("Refused: what is wrong with the request"),
    "5XX": _described("Not done for a reason of the service's own; `503` with `Retry-After`: try again"),
}
RETRY_AFTER_S = 2
TRY_AGAIN_AFTER_S = 60


def problem(error: DispatchError) -> Response:
    """What the error says, and nothing of where it came from."""
    document: dict[str, Any] = {
        "type": f"/problems/{error.type}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
    }
    if error.errors:
        document["errors"] = error.errors
    headers = dict(error.headers)
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(RETRY_AFTER_S)
    if isinstance(error, TooManyTries):
        headers["Retry-After"] = str(TRY_AGAIN_AFTER_S)
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return Response(encode(document | error.extra), error.status, headers, PROBLEM)


def malformed(error: Unreadable) -> Malformed:
    return Malformed(
        "the message breaks its format; see errors",
        errors=[FieldProblem(p.field, p.problem) for p in error.problems],
    )


def render_errors(app: FastAPI) -> None:
    @app.exception_handler(DispatchError)
    async def known(_: Request, error: DispatchError) -> Response:
        return problem(error)

    @app.exception_handler(Unreadable)
    async def unreadable(_: Request, error: Unreadable) -> Response:
        return problem(malformed(error))

    @app.exception_handler(RequestValidationError)
    async def parameters(_: Request, error: RequestValidationError) -> Response:
        errors = [FieldProblem(".".join(str(p) for p in e["loc"][1:]), e["msg"]) for e in error.errors()]
        return problem(Invalid("a parameter is not what it must be; see errors", errors=errors))

    @app.exception_handler(HTTPException)
    async def framework(_: Request, error: HTTPException) -> Response:
        if error.status_code == NotFound.status:
            return problem(NotFound("there is nothing at this address"))
        document = {"type": "about:blank", "title": error.detail, "status": error.status_code, "detail": error.detail}
        return Response(encode(document), error.status_code, error.headers, PROBLEM)

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> Response:
        log.error("unexpected_error", path=request.url.path, exc_info=error)
        return problem(DispatchError("the error has been written to the log"))
