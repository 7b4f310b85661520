"""The dispatcher's page: static files, with a policy under which nothing foreign can run."""

from pathlib import Path
from posixpath import normpath

from fastapi import FastAPI, Response
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dispatch.settings import Settings

MISSING = """<!doctype html><meta charset="utf-8"><title>Despacho</title>
<p>La consola no está construida: <code>scripts/run</code> la construye.
<p>The console is not built: <code>scripts/run</code> builds it."""


def mount_console(app: FastAPI, settings: Settings) -> None:
    if (settings.console / "index.html").is_file():

        @app.get("/docs", include_in_schema=False)
        async def docs() -> Response:
            return FileResponse(settings.console / "docs.html")

        app.mount("/", StaticFiles(directory=settings.console, html=True), name="console")
        return

    @app.get("/", include_in_schema=False)
    async def missing() -> Response:
        return Response(MISSING, 503, media_type="text/html")


class Protected:
    """Headers that keep a browser from doing anything that this page doesn't need, and everybody from keeping what the
    API says: calls, incidents, where people are. What says by itself how long it is good does so: the parishes."""

    def __init__(self, app: ASGIApp, *, tiles: str | None) -> None:
        self.app = app
        sources = f" {_origin(tiles)}" if tiles else ""
        policy = (
            "default-src 'self'; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
            f"img-src 'self' data: blob:{sources}; connect-src 'self'{sources}; "
            "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        )
        self.headers = [
            (b"content-security-policy", policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"x-frame-options", b"DENY"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def protecting(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self.headers, *_kept(scope, message)]
            await send(message)

        await self.app(scope, receive, protecting if scope["type"] == "http" else send)


def _kept(scope: Scope, start: Message) -> list[tuple[bytes, bytes]]:
    """For how long, where it wasn't said yet. A file that isn't here may be at a node of another version."""
    said = start["headers"]
    if _is_hashed(scope) and start["status"] in {200, 206, 304}:
        return [(b"cache-control", b"public, max-age=31536000, immutable")]
    if str(scope["path"]).startswith("/v1/") and all(name.lower() != b"cache-control" for name, _ in said):
        return [(b"cache-control", b"no-store")]
    return []


def _is_hashed(scope: Scope) -> bool:
    """Vite names a built file by its content: it never changes."""
    path = normpath(str(scope["path"]))
    return path.startswith("/assets/") and bool(Path(path).suffix)


def _origin(url: str) -> str:
    return "/".join(url.split("/")[:3])
