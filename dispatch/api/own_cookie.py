"""Of all cookies only a session's reaches the application.

FastAPI reads the cookies of every request before it is known who asks, and the parser behind it takes the square of the
length of a quoted value (Python before 3.11.10 and 3.12.6): seconds for one header."""

import re
from collections.abc import Iterator

from starlette.types import ASGIApp, Receive, Scope, Send

from dispatch.api.access import COOKIE

Headers = list[tuple[bytes, bytes]]

# As it is made: by `secrets.token_urlsafe`, never quoted.
SESSION = re.compile(rb"(?:^|;) ?(%s=[A-Za-z0-9_-]{1,200})(?=;|$)" % COOKIE.encode())


class OwnCookie:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: Headers = scope.get("headers", [])
        if any(name == b"cookie" for name, _ in headers):
            scope["headers"] = list(_without_others(headers))
        await self.app(scope, receive, send)


def _without_others(headers: Headers) -> Iterator[tuple[bytes, bytes]]:
    for name, value in headers:
        if name != b"cookie":
            yield name, value
        elif found := SESSION.search(value):
            yield name, found[1]
