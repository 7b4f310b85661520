"""The OpenAPI document has what an integrator needs, and its examples are what the service answers."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest

from dispatch.api.access import Role
from dispatch.app import create_app
from dispatch.settings import Settings
from scripts.contract_examples.recorder import Recorder
from scripts.contract_examples.scenario import record
from tests.keys import a_key
from tests.service import Service

DOCUMENT: dict[str, Any] = create_app(Settings()).openapi()
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = [operation for of in DOCUMENT["paths"].values() for operation in of.values()]
IDS = [operation["operationId"] for operation in OPERATIONS]


def check(value: Any, schema: dict[str, Any]) -> None:
    """Raises jsonschema_rs.ValidationError."""
    whole = schema | {"components": DOCUMENT["components"], "$schema": "https://json-schema.org/draft/2020-12/schema"}
    jsonschema_rs.validator_for(whole, validate_formats=True).validate(value)


def contents(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each body that is sent or answered, in each of its formats."""
    for body in (operation.get("requestBody", {}), *operation["responses"].values()):
        yield from body.get("content", {}).values()


def test_it_says_what_it_is_of() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    info = DOCUMENT["info"]
    assert info["version"] == project["version"]
    assert info["license"]["identifier"] == project["license"]
    assert info["title"] and info["description"] and DOCUMENT["servers"]
    assert DOCUMENT["openapi"].startswith("3.1")


def test_operations_have_stable_names() -> None:
    assert len(set(IDS)) == len(IDS) > 50
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+", name) for name in IDS)
    assert {"create_call", "get_incident", "list_units", "assign_units", "get_location"} <= set(IDS)


def test_schemas_have_names_of_their_own() -> None:
    assert all(re.fullmatch(r"[A-Z][A-Za-z]+", name) for name in SCHEMAS), sorted(SCHEMAS)
    references = set(re.findall(r"#/components/schemas/(\w+)", str(DOCUMENT)))
    assert references == set(SCHEMAS)


@pytest.mark.parametrize("operation", OPERATIONS, ids=IDS)
def test_an_operation_is_described(operation: dict[str, Any]) -> None:
    assert operation["summary"] and operation["description"]
    assert operation["tags"] and set(operation["tags"]) <= {tag["name"] for tag in DOCUMENT["tags"]}
    for content in contents(operation):
        assert content["schema"], content
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        if media_type == "application/json" and "devices" not in operation["tags"]:
            assert content["schema"].keys() == {"$ref"}
    for status in ("4XX", "5XX"):
        [error] = operation["responses"][status]["content"].values()
        assert error["schema"] == {"$ref": "#/components/schemas/Problem"}
    assert "422" not in operation["responses"]


def test_subjects_are_described() -> None:
    assert {tag for operation in OPERATIONS for tag in operation["tags"]} == {t["name"] for t in DOCUMENT["tags"]}
    assert all(tag["description"] for tag in DOCUMENT["tags"])


@pytest.mark.parametrize("operation", OPERATIONS, ids=IDS)
def test_an_operation_has_examples_that_its_schemas_allow(operation: dict[str, Any]) -> None:
    found = [content for content in contents(operation) if "example" in content]
    for content in found:
        check(content["example"], content["schema"])
    for parameter in operation.get("parameters", ()):
        if "example" in parameter:
            # In an address everything is text.
            assert str(parameter["example"])
    if "requestBody" in operation:
        assert any("example" in content for content in operation["requestBody"]["content"].values())
    answers = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    if any("content" in answer for answer in answers):
        assert any("example" in content for answer in answers for content in answer.get("content", {}).values())
    needed = [p for p in operation.get("parameters", ()) if p.get("required")]
    assert all("example" in parameter for parameter in needed)


def test_an_error_has_an_example() -> None:
    [example] = SCHEMAS["Problem"]["examples"]
    check(example, SCHEMAS["Problem"])


async def test_the_examples_can_be_recorded_again(module_service: Service, module_database_url: str) -> None:
    """Every operation answers as its schema says, and as its example shows."""

    async def make_key(name: str, role: str, unit: str | None) -> str:
        return await a_key(module_database_url, role, unit=unit, name=name)

    async with module_service.client() as http:
        found = await record(Recorder(http), module_service.url, module_service.key, make_key)
    assert found["operations"].keys() == set(IDS)
    by_id = dict(zip(IDS, OPERATIONS, strict=True))
    for name, example in found["operations"].items():
        answer = example["response"]
        described = by_id[name]["responses"][str(answer["status"])]
        assert ("media_type" in answer) == ("content" in described), name
        if "media_type" in answer:
            check(answer["body"], described["content"][answer["media_type"]]["schema"])
            shown = described["content"][answer["media_type"]].get("example")
            if isinstance(shown, dict):
                assert shown.keys() == answer["body"].keys(), f"{name}: run scripts/record_examples"


def asks_for(operation: dict[str, Any]) -> set[str]:
    return {role for way in operation["security"] for role in way.get("key", ())}


URL_IDS = {"call_id": "7c1c3c0e-9d5b-4f3e-8a56-0d2f1f2f9b11", "session_id": "7c1c3c0e-9d5b-4f3e-8a56-0d2f1f2f9b11"}
URL_IDS |= {"unit_id": "P001", "name": "nobody", "incident_id": "1", "item_id": "1"}


@pytest.mark.parametrize("role", list(Role))
async def test_the_roles_are_those_that_are_let_in(
    module_service: Service, module_database_url: str, role: Role
) -> None:
    unit = "P001" if role in {Role.CREW, Role.DEVICE} else None
    key = await a_key(module_database_url, role, unit=unit)
    async with module_service.client(key) as http:
        for path, of in DOCUMENT["paths"].items():
            for method, operation in of.items():
                if not operation["security"]:
                    continue
                answer = await http.request(method, path.format(**URL_IDS))
                is_refused = answer.status_code == 403 and "this needs" in answer.json()["detail"]
                is_refused |= role is Role.DEVICE and answer.status_code == 403
                assert is_refused == (role not in asks_for(operation)), (method, path, answer.text)


def test_the_schemes_are_described() -> None:
    schemes = DOCUMENT["components"]["securitySchemes"]
    assert {name for o in OPERATIONS for way in o["security"] for name in way} == schemes.keys()
    assert (schemes["key"]["type"], schemes["key"]["scheme"]) == ("http", "bearer")
    assert (schemes["session"]["in"], schemes["session"]["name"]) == ("cookie", "dispatch_session")
    open_to_all = {o["operationId"] for o in OPERATIONS if not o["security"]}
    assert open_to_all == {"sign_in", "sign_out", "get_health", "get_readiness"}


async def test_it_is_published_as_it_is_here(module_service: Service) -> None:
    async with module_service.client(key=None) as http:
        assert (await http.get("/openapi.json")).json() == httpx.Response(200, json=DOCUMENT).json()
