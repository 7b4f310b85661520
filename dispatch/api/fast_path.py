"""The way of a flood: to the one route that must bear it, past FastAPI's routing and dependencies, which cost a call
more than being located does. The route stays where it is, in the same words, for the OpenAPI document."""

from collections.abc import Awaitable, Callable

from fastapi import Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dispatch.api.problems import problem
from dispatch.errors import DispatchError


class FastPath:
    """POST to `path` goes straight to `endpoint`; its errors of ours are answered here as everywhere."""

    def __init__(self, app: ASGIApp, *, path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> None:
        self.app = app
        self.path = path
        self.endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != self.path or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        scope["route"] = self
        try:
            response = await self.endpoint(Request(scope, receive))
        except DispatchError as error:
            response = problem(error)
        await response(scope, receive, send)
