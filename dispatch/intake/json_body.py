"""The shapes of the JSON door, as pydantic models which the API publishes in its OpenAPI document."""

import re
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from typing import Annotated, Any, Self, TypeVar, get_origin
from uuid import UUID

import msgspec
from annotated_types import MaxLen
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from dispatch.intake.json_values import MOST_FLAWS, shown
from dispatch.intake.reading import LARGEST_RADIUS_M
from dispatch.intake.text_rules import MOST_TEXT_CHARS, decoded, without_halves
from dispatch.intake.unreadable import Problem, Unreadable, printable, unreadable
from dispatch.model.report import Channel
from geo import Source

MOST_FIXES = 20

ISO_START = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")

# Lists and objects in one body, signs in texts counted too; a table of the whole fleet has less.
MOST_CONTAINERS = 20_000
# Of such a size a body can't hold so many items that it matters.
SMALL_BODY_BYTES = 4_096

Model = TypeVar("Model", bound="Body")
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_items = msgspec.json.Decoder(list[msgspec.Raw])


def _iso(value: Any) -> Any:
    """Neither a number nor a string of digits, which would be taken for seconds since 1970."""
    if isinstance(value, datetime) or (isinstance(value, str) and ISO_START.match(value)):
        return value
    raise ValueError("must be an ISO 8601 date and time with a zone")


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("is too near to the end of time for a zone") from None


def _own_id(value: UUID) -> UUID:
    """The nil and the full UUID are nobody's own: two calls with it would become one."""
    if value.int in (0, 2**128 - 1):
        raise ValueError("must be a UUID made for this call")
    return value


Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_iso), AfterValidator(_utc)]
OwnId = Annotated[UUID, AfterValidator(_own_id)]


class Body(BaseModel):
    """Strict: no value is taken for another type. Unknown fields don't cost a citizen the call: they are named."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False, extra="allow", frozen=True)

    def unknown_fields(self, path: str = "") -> list[str]:
        """One sentence for each field, at any depth, that isn't in the contract."""
        extra = islice((self.model_extra or {}).items(), MOST_FLAWS)
        own = [printable(f"{path}{name[:40]!r}: unknown field, passed over: {shown(value)}") for name, value in extra]
        return own + [flaw for where, part in self._parts(path) for flaw in part.unknown_fields(where)]

    def _parts(self, path: str) -> list[tuple[str, "Body"]]:
        parts: list[tuple[str, Body]] = []
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, Body):
                parts.append((f"{path}{name}.", value))
            elif isinstance(value, tuple):
                parts += [(f"{path}{name}.{i}.", v) for i, v in enumerate(value) if isinstance(v, Body)]
        return parts


class CellBody(Body):
    """A radio cell. Network codes are strings: `01` is not `1`."""

    mcc: str = Field(pattern=r"^[0-9]{3}$")
    mnc: str = Field(pattern=r"^[0-9]{2,3}$")
    lac: int = Field(ge=0, le=2**24 - 1)
    cid: int = Field(ge=0, le=2**36 - 1)


class FixBody(Body):
    """One measured or told position: `lat` and `lon` (degrees of WGS 84), or a `cell`, or a `parish_code`."""

    source: Source
    lat: float | None = Field(None, ge=-90, le=90)
    lon: float | None = Field(None, ge=-180, le=180)
    radius_m: float | None = Field(None, gt=0, le=LARGEST_RADIUS_M)
    confidence: float | None = Field(None, gt=0, le=1)
    at: Moment | None = None
    altitude_m: float | None = Field(None, ge=-12_000, le=100_000)
    cell: CellBody | None = None
    parish_code: str | None = Field(None, pattern=r"^[A-Za-z0-9._-]{1,12}$")

    @model_validator(mode="after")
    def _tells_where(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat and lon only tell something together")
        if self.lat is None and self.cell is None and self.parish_code is None:
            raise ValueError("needs lat and lon, or a cell, or a parish_code")
        return self


class CallerBody(Body):
    number: str | None = Field(None, max_length=40)
    name: str | None = Field(None, max_length=200)
    imei: str | None = Field(None, max_length=20)
    imsi: str | None = Field(None, max_length=20)
    language: str | None = Field(None, max_length=40)
    installation: str | None = Field(None, max_length=100)


class CallBody(Body):
    """A call. `id` is made by the client: the same id sent again gets the same answer and makes nothing new."""

    id: OwnId
    channel: Channel
    caller: CallerBody | None = None
    nature: str | None = Field(None, max_length=64)
    text: str | None = Field(None, max_length=MOST_TEXT_CHARS)
    fixes: tuple[FixBody, ...] = Field((), max_length=MOST_FIXES)


class FixesBody(Body):
    """Later, better or moved positions of a call."""

    fixes: tuple[FixBody, ...] = Field(min_length=1, max_length=MOST_FIXES)


def read(model: type[Model], body: bytes) -> Model:
    """The body as `model`. Raises Unreadable with a problem for each field that is wrong."""
    _check_counts(model, body)
    try:
        return model.model_validate_json(without_halves(decoded(body)))
    except ValidationError as error:
        raise Unreadable(_problem(each) for each in error.errors(include_url=False, include_input=False)) from None


def _check_counts(model: type[Body], body: bytes) -> None:
    """Pydantic looks at every item of a list before it finds it too long, and tells of each what is wrong: seconds for
    the largest body. What isn't JSON at all is left to it. Raises Unreadable."""
    if body.count(b"[") + body.count(b"{") > MOST_CONTAINERS:
        raise unreadable("body", f"has more than {MOST_CONTAINERS:,} lists and objects, in recursion or side by side")
    limits = _limits(model)
    if not limits or len(body) < SMALL_BODY_BYTES:
        return
    try:
        fields = _fields.decode(body)
        counts = {name: len(_items.decode(fields[name])) for name in limits.keys() & fields.keys()}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    if long := [
        Problem(name, f"has {n} items, at most {limits[name]}") for name, n in counts.items() if n > limits[name]
    ]:
        raise Unreadable(long)


@cache
def _limits(model: type[Body]) -> dict[str, int]:
    """The most items of each field that has such a limit."""
    return {
        name: rule.max_length
        for name, field in model.model_fields.items()
        for rule in field.metadata
        if isinstance(rule, MaxLen) and get_origin(field.annotation) is tuple
    }


def _problem(error: Any) -> Problem:
    field = ".".join(str(part) for part in error["loc"]) or "body"
    message = str(error["msg"]).removeprefix("Value error, ")
    return Problem(field[:120], message[:1].lower() + message[1:])
