"""A query parameter that a route doesn't have is refused, with the names of those it has."""

from collections.abc import Callable, Iterator
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.requests import HTTPConnection

from dispatch.api.access import GUARDS
from dispatch.errors import FieldProblem, Invalid

# For a route's `openapi_extra`. Devices and handsets are configured by others, who add parameters of their own; their
# message must get through.
ANY_PARAMETERS = {"x-any-query-parameters": True}
# A report is refused only after it was put in quarantine: such a route calls `check_parameters` itself.
QUARANTINES = {"x-quarantine": True}
MOST_NAMED, MOST_CHARS = 20, 60

_names: dict[Callable[..., Any], tuple[str, ...]] = {}


async def refuse_unknown_parameters(connection: HTTPConnection) -> None:
    """A dependency of every HTTP route. Raises Invalid; before that what the route itself raises of who asks."""
    if not connection.scope["query_string"] or connection.scope["type"] != "http":
        return
    route = connection.scope["route"]
    extra = route.openapi_extra or {}
    if extra.keys() & {*ANY_PARAMETERS, *QUARANTINES}:
        return
    try:
        check_parameters(connection)
    except Invalid:
        for guard in guards_of(route):
            await guard(connection)
        raise


def check_parameters(connection: HTTPConnection) -> None:
    """Raises Invalid for a query parameter that the route doesn't have."""
    if not connection.scope["query_string"]:
        return
    known = _known(connection.scope.get("route"))
    unknown = [name for name in connection.query_params if name not in known]
    if unknown:
        has = f"this route has {', '.join(known)}" if known else "this route has none"
        raise Invalid(
            f"no such query parameter; {has}",
            errors=[FieldProblem(name[:MOST_CHARS], "no such query parameter") for name in unknown[:MOST_NAMED]],
        )


def _known(route: Any) -> tuple[str, ...]:
    """The names of a route's query parameters; none of what isn't a route of FastAPI's."""
    dependant = getattr(route, "dependant", None)
    if dependant is None:
        return ()
    names = _names.get(route.endpoint)
    if names is None:
        found = (field.alias for part in _parts(dependant) for field in part.query_params)
        names = _names[route.endpoint] = tuple(dict.fromkeys(found))
    return names


def guards_of(route: Any) -> list[Callable[..., Any]]:
    """The dependencies of a route that authenticate."""
    return [part.call for part in _parts(route.dependant) if part.call in GUARDS]


def _parts(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for part in dependant.dependencies:
        yield from _parts(part)
