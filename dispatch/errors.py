"""The exceptions of the service, with their HTTP status.

DispatchError
├── Invalid            422  the request is readable but asks for something impossible
│   └── Malformed      422  it can't be parsed; a citizen's report is kept in quarantine
├── TooLarge           413
├── Unauthenticated    401
├── Forbidden          403
├── NotFound           404
├── Conflict           409  changed by somebody else meanwhile, or not allowed in this state
├── PreconditionRequired 428  the request must state the version that it changes
├── TooManyTries       429  too many wrong keys in a row
├── BrokenOff          499  the client disconnected during its request; nobody receives the answer
└── Unavailable        503  the database is unreachable, or the service is overloaded; try again
    └── SchemaChanged  503  a newer node is migrating the schema at this moment

Each class knows its HTTP status. One handler in `api` renders them as RFC 9457 problem documents. `type` is stable:
clients may compare it. `title` is the same for all errors of a type; `detail` says what happened this time.
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
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str, *, errors: Sequence[FieldProblem] = (), **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.extra = extra
        self.headers: Mapping[str, str] = {}


class Invalid(DispatchError):
    status = 422
    type = "invalid"
    title = "Invalid request"


class Malformed(Invalid):
    type = "malformed"
    title = "Unreadable message"


class TooLarge(DispatchError):
    status = 413
    type = "too-large"
    title = "Message too large"


class Unauthenticated(DispatchError):
    status = 401
    type = "unauthenticated"
    title = "Authentication required"


class Forbidden(DispatchError):
    status = 403
    type = "forbidden"
    title = "Not allowed for this key"


class NotFound(DispatchError):
    status = 404
    type = "not-found"
    title = "Not found"


class Conflict(DispatchError):
    status = 409
    type = "conflict"
    title = "Conflict with the current state"


class PreconditionRequired(DispatchError):
    status = 428
    type = "precondition-required"
    title = "Version required"


class TooManyTries(DispatchError):
    status = 429
    type = "too-many-tries"
    title = "Too many failed sign-ins"


class BrokenOff(DispatchError):
    status = 499
    type = "broken-off"
    title = "Client disconnected"


class Unavailable(DispatchError):
    status = 503
    type = "unavailable"
    title = "Temporarily unavailable, try again"


class SchemaChanged(Unavailable):
    """Prepared statements have become invalid. They are prepared again when the transaction is retried."""
