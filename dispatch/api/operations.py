"""For those who keep it running."""

from dataclasses import dataclass
from time import perf_counter
from typing import Any, ClassVar, Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dispatch.api import interval_metrics, metrics
from dispatch.api.access import Measuring
from dispatch.api.dependencies import TheDesk, TheHub, TheWriter
from dispatch.api.figures import Figures
from dispatch.api.health import health
from dispatch.api.wire import Json

router = APIRouter(tags=["operations"])
State = Literal["ready", "degraded", "not ready", "draining"]


@dataclass(frozen=True, slots=True)
class Alive:
    status: Literal["ok"]


@dataclass(frozen=True, slots=True)
class Readiness:
    """`failed`: checks for whose sake no more calls should be sent here; `degraded`: what suffers although calls can be
    taken; `checks`: each check with `ok` and its figures."""

    status: State
    failed: list[str]
    degraded: list[str]
    checks: dict[str, dict[str, Any]]


@router.get("/healthz", operation_id="get_health", response_model=Alive)
async def healthz() -> Response:
    """The process lives."""
    return Json(Alive("ok"))


@router.get(
    "/readyz",
    operation_id="get_readiness",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "No more calls should be sent here"}},
)
async def readyz(request: Request, desk: TheDesk, writer: TheWriter) -> Response:
    """It can take a call: the database answers, the picture is not behind the journal, and we aren't about to end."""
    draining = request.app.state.draining
    found = await health(desk, writer, request.app.state.probe, draining=draining)
    status: State = "ready"
    if draining or found.failed or found.degraded:
        status = "draining" if draining else "not ready" if found.failed else "degraded"
    return Json(Readiness(status, found.failed, found.degraded, found.checks), 503 if found.failed else 200)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def get_metrics(request: Request, desk: TheDesk, hub: TheHub, writer: TheWriter, _: Measuring) -> Response:
    found = await request.app.state.probe.ask()
    lag = max(0, found.head - desk.feed.seq) if found else None
    room = desk.picture.room
    interval_metrics.count(room.incidents.values(), room.units.values(), desk.city.agencies_by_code)
    figures = Figures(desk, hub, writer, lag, Timed.running, request.app.state.draining)
    return Response(generate_latest(REGISTRY) + generate_latest(figures), media_type=CONTENT_TYPE_LATEST)


class Timed:
    """Every request's time, by its route and not by its address, so that the labels stay few. Who keeps a connection
    open to a node that is about to end is told to make the next one elsewhere."""

    running: ClassVar[int] = 0

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = perf_counter(), "500"
        Timed.running += 1

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
                if scope["app"].state.draining:
                    message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            Timed.running -= 1
            route = getattr(scope.get("route"), "path", "other")
            taken = perf_counter() - began
            metrics.requests_by(scope["method"], route, status).observe(taken)
