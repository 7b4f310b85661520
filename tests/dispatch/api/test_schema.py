"""The service keeps to the OpenAPI document that it publishes, whatever it is asked, and whoever asks."""

import warnings
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dispatch.app import create_app
from dispatch.settings import Settings
from tests.callers import sent
from tests.dispatch.api.roles import OWN_UNIT, Identity, identities_of
from tests.reports import a_call
from tests.service import Service

DOCUMENT = create_app(Settings()).openapi()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
# Each is sent by every role, by key and by session: some 3,500 requests in all.
EXAMPLES = 5
OPERATIONS = [(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods]


@pytest.fixture(scope="module")
async def identities(module_service: Service, module_database_url: str) -> list[Identity]:
    return await identities_of(module_service, module_database_url)


@pytest.fixture(scope="module")
async def known(module_service: Service) -> dict[str, Any]:
    """Path parameters of things that are there."""
    async with module_service.client() as admin:
        call = a_call()
        incident_id = (await sent(admin, call))["incident_id"]
        assert (await admin.post("/v1/calls", content=b"{")).status_code == 422
        return {"call_id": call["id"], "incident_id": incident_id, "unit_id": OWN_UNIT, "item_id": 1}


def cases(method: str, path: str) -> st.SearchStrategy[Any]:
    """Requests that the document allows and, where there is anything to get wrong, those that it doesn't."""
    operation, described = SCHEMA[path][method], DOCUMENT["paths"][path][method.lower()]
    allowed: st.SearchStrategy[Any] = operation.as_strategy()
    if not described.get("parameters") and not described.get("requestBody"):
        return allowed
    return allowed | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[" ".join(o) for o in OPERATIONS])
@pytest.mark.filterwarnings("ignore")
def test_any_question_gets_an_answer_of_the_published_shape(
    method: str, path: str, module_service: Service, identities: list[Identity], known: dict[str, Any]
) -> None:
    # Who has signed out would not be asked the rest.
    askers = [who for who in identities if (method, path) != ("DELETE", "/v1/session") or not who.by_cookie]

    with requests.Session() as http:

        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(cases(method, path), st.booleans())
        def ask(case: Any, of_known: bool) -> None:
            if of_known:
                case.path_parameters |= {name: known[name] for name in case.path_parameters if name in known}
            for who in askers:
                with warnings.catch_warnings(action="ignore"):
                    answer = case.call(base_url=module_service.url, headers=who.headers, session=http, timeout=60)
                    http.cookies.clear()
                    case.validate_response(answer, checks=CHECKS)
                if answer.status_code >= 400:
                    assert answer.headers["content-type"][0] == "application/problem+json", str(who)

        ask()


def test_every_operation_is_asked() -> None:
    assert len(OPERATIONS) > 30
