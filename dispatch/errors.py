"""Everything that can be wrong, once.

DispatchError
├── Invalid            422  the request can be read but not done as asked
│   └── Malformed      422  it can't be read; where it was a citizen's report it is in quarantine
├── TooLarge           413
├── Unauthenticated    401
├── Forbidden          403
├── NotFound           404
├── Conflict           409  lost a race, or not allowed in this state
├── PreconditionRequired 428  say which version it is that you change
├── TooManyTries       429  wrong keys, one after the other
├── BrokenOff          499  the client went away in the midst of its request; nobody hears of it
└── Unavailable        503  the database is away; try again
    └── SchemaChanged  503  a newer node is changing its schema at this very moment

Each knows its HTTP status; one handler in `api` renders them all as RFC 9457 problem documents.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldProblem:
    field: str
    problem: str


class DispatchError(Exception):
    status: ClassVar[int] = 500
    type: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong on our side"

    def __init__(self, detail: str, *, errors: Sequence[FieldProblem] = (), **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.extra = extra
        self.headers: Mapping[str, str] = {}


class Invalid(DispatchError):
    status = 422
    type = "invalid"
    title = "The request can't be done as asked"


class Malformed(Invalid):
    type = "malformed"
    title = "The message can't be read"


class TooLarge(DispatchError):
    status = 413
    type = "too-large"
    title = "The message is too large"


class Unauthenticated(DispatchError):
    status = 401
    type = "unauthenticated"
    title = "Who are you?"


class Forbidden(DispatchError):
    status = 403
    type = "forbidden"
    title = "Not allowed with this key"


class NotFound(DispatchError):
    status = 404
    type = "not-found"
    title = "No such thing"


class Conflict(DispatchError):
    status = 409
    type = "conflict"
    title = "The room has changed meanwhile"


class PreconditionRequired(DispatchError):
    status = 428
    type = "precondition-required"
    title = "Say which version you saw"


class TooManyTries(DispatchError):
    status = 429
    type = "too-many-tries"
    title = "Too many wrong keys"


class BrokenOff(DispatchError):
    status = 499
    type = "broken-off"
    title = "The client went away"


class Unavailable(DispatchError):
    status = 503
    type = "unavailable"
    title = "Not able to do this right now; try again"


class SchemaChanged(Unavailable):
    """Prepared statements have become invalid, and are prepared anew when this act is tried again."""
