"""The OpenAPI document: what FastAPI knows of the routes, with named request bodies, words, security and examples.

It is made when it is first asked for, so that it costs the start of the service nothing."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from dispatch.api.access import GUARDS
from dispatch.api.contract.examples import examples
from dispatch.api.contract.schemas import components, merge
from dispatch.api.contract.words import words
from dispatch.api.figures import VERSION
from dispatch.api.problems import Problem
from dispatch.api.query_parameters import ANY_PARAMETERS, QUARANTINES, guards_of
from dispatch.api.security import KEY, SCHEMES, security_of
from dispatch.api.wire import BODIES

TITLE = "Quito dispatch"
LICENSE = {"name": "Apache License 2.0", "identifier": "Apache-2.0"}
SERVERS = [{"url": "/", "description": "The service that this document comes from"}]
METHODS = ("get", "put", "post", "patch", "delete")
ANY_NOTE = "Query parameters that are not named here are passed over: others configure what is sent here."
QUARANTINE_NOTE = (
    "A report that is refused with 422 or 413 is kept in quarantine for a dispatcher to read; the problem document has "
    "its `quarantine_id`."
)


def publish(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """`app.openapi()` is the document from now on. `routes`: all that may be in it."""

    @cache
    def document() -> dict[str, Any]:
        return _document([route for route in routes if isinstance(route, APIRoute)], app)

    app.openapi = document  # type: ignore[method-assign]


def _document(routes: Sequence[APIRoute], app: FastAPI) -> dict[str, Any]:
    made = get_openapi(
        title=TITLE,
        version=VERSION,
        description=words().about,
        license_info=LICENSE,
        servers=SERVERS,
        tags=[{"name": name, "description": text} for name, text in words().tags.items()],
        routes=app.routes,
    )
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    merge(schemas, components([Problem], mode="serialization"))
    merge(schemas, components(BODIES.values(), mode="validation"))
    schemas["Problem"]["examples"] = [examples()["problem"]]
    made["components"]["schemas"] = dict(sorted(schemas.items()))
    made["components"]["securitySchemes"] = SCHEMES
    for route in routes:
        for method in (route.methods or ()) if route.include_in_schema else ():
            _complete(made["paths"][route.path_format][method.lower()], route)
    return made


def _complete(operation: dict[str, Any], route: APIRoute) -> None:
    name = operation["operationId"] = route.operation_id or route.name
    operation.setdefault("security", _security(route))
    summary, text = words().operations[name]
    operation["summary"] = summary
    operation["description"] = "\n\n".join([text, *_notes(operation)])
    # FastAPI's own shape of an error, which no route answers with.
    operation["responses"].pop("422", None)
    if example := examples()["operations"].get(name):
        _add_example(operation, example)


def _security(route: APIRoute) -> list[dict[str, list[str]]]:
    guards = guards_of(route)
    ways: list[dict[str, list[str]]] = security_of(*GUARDS[guards[0]])["security"] if guards else []
    return ways


def _notes(operation: dict[str, Any]) -> Iterable[str]:
    if roles := [role for way in operation["security"] for role in way.get(KEY, [])]:
        yield f"Roles: {', '.join(f'`{role}`' for role in roles)}."
    elif not operation["security"]:
        yield "Needs no key."
    if operation.keys() & ANY_PARAMETERS.keys():
        yield ANY_NOTE
    if operation.keys() & QUARANTINES.keys():
        yield QUARANTINE_NOTE


def _add_example(operation: dict[str, Any], example: dict[str, Any]) -> None:
    """Where the operation has a place for it: test_examples holds each example to its schema."""
    for parameter in operation.get("parameters", []):
        if (value := example["parameters"].get(parameter["name"])) is not None:
            parameter["example"] = value
    if sent := example.get("request"):
        operation["requestBody"]["content"][sent["media_type"]]["example"] = sent["body"]
    answer = example["response"]
    if "media_type" in answer:
        content = operation["responses"][str(answer["status"])]["content"]
        content[answer["media_type"]]["example"] = answer["body"]
