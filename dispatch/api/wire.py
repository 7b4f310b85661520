"""Bodies in, bodies out: strict JSON, limited in size, and published in the OpenAPI document all the same."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
from fastapi import Request, Response
from starlette.requests import ClientDisconnect

from dispatch.api.dependencies import desk_of
from dispatch.errors import BrokenOff, TooLarge
from dispatch.intake.json_body import Body, read
from dispatch.model.wire import encode

log = structlog.get_logger()

Model = TypeVar("Model", bound=Body)

# A body over the limit is read on, and thrown away, so far: a client which is still sending can't hear our answer.
DRAINED_BYTES = 32_000_000
# Enough for what is read of who has not shown a key, because the key is in it.
SMALL_BYTES = 16_000


class Json(Response):
    media_type = "application/json"

    def __init__(self, value: Any, status: int = 200, **headers: str) -> None:
        super().__init__(value if isinstance(value, str) else encode(value), status, headers)


async def raw_body(request: Request, *, limit: int, read_on: int = DRAINED_BYTES) -> tuple[bytes, int]:
    """The beginning of the body, up to `limit` bytes, and the size of the whole as far as it was read: to `read_on`.

    Raises BrokenOff: half a report is none, and its sender will send it again."""
    kept, size = bytearray(), 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            kept += chunk[: limit - len(kept)]
            if size > read_on:
                break
    except ClientDisconnect as error:
        log.info("client_broke_off", path=request.url.path, size=size)
        raise BrokenOff("the client went away before it had sent all") from error
    return bytes(kept), size


async def limited_body(request: Request) -> bytes:
    """Raises TooLarge."""
    limit = desk_of(request).settings.max_body_bytes
    raw, size = await raw_body(request, limit=limit)
    if size > limit:
        raise TooLarge(f"a body may have {limit:,} bytes")
    return raw


async def small_body(request: Request) -> bytes:
    """For where the key is in the body. Raises TooLarge, before it is read where the request itself says how long it
    is, and never reads on."""
    said = request.headers.get("content-length", "")
    if not said.isdecimal() or int(said) <= SMALL_BYTES:
        raw, size = await raw_body(request, limit=SMALL_BYTES, read_on=SMALL_BYTES)
        if size <= SMALL_BYTES:
            return raw
    raise TooLarge(f"without a key in its head, a request may have a body of {SMALL_BYTES:,} bytes")


def body_of(
    model: type[Model], reads: Callable[[Request], Awaitable[bytes]] = limited_body
) -> Callable[[Request], Awaitable[Model]]:
    """A dependency that reads the request's body as `model`. Raises Unreadable, TooLarge.

    FastAPI solves dependencies in the order of a route's parameters: who asks must stand before his body."""

    async def body(request: Request) -> Model:
        return read(model, await reads(request))

    return body


# Models of bodies that routes read by themselves, by name: components of the OpenAPI document.
BODIES: dict[str, Any] = {}


def describes(model: Any, media_type: str = "application/json") -> dict[str, Any]:
    """For a route's `openapi_extra`: the body that it reads by itself, as a named component of the document.

    `model`: a pydantic model, or a dataclass. Raises ValueError where another model has its name."""
    name = model.__name__
    if BODIES.setdefault(name, model) is not model:
        raise ValueError(f"two request bodies have the name {name}")
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}}


def takes(*media_types: str) -> dict[str, Any]:
    """For a route's `openapi_extra`: a body of text or bytes in a format of its own."""
    content = {media_type: {"schema": {"type": "string"}} for media_type in media_types}
    return {"requestBody": {"required": True, "content": content}}
