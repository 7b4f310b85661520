"""The service keeps to the OpenAPI document that it publishes, whatever it is asked."""

import warnings
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from dispatch.app import create_app
from dispatch.settings import Settings
from tests.service import Service

DOCUMENT = create_app(Settings()).openapi()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
# Signing out with every question would be no test.
OPERATIONS = [
    (method.upper(), path)
    for path, methods in DOCUMENT["paths"].items()
    for method in methods
    if (method, path) != ("delete", "/v1/session")
]


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[" ".join(o) for o in OPERATIONS])
@pytest.mark.filterwarnings("ignore")
def test_any_question_gets_an_answer_of_the_published_shape(method: str, path: str, module_service: Service) -> None:
    @settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(SCHEMA[path][method].as_strategy())
    def ask(case: Any) -> None:
        with warnings.catch_warnings(action="ignore"):
            answer = case.call(
                base_url=module_service.url, headers={"Authorization": f"Bearer {module_service.key}"}, timeout=20
            )
            case.validate_response(answer, checks=CHECKS)
        if answer.status_code >= 400:
            assert answer.headers["content-type"][0] == "application/problem+json"

    ask()


def test_every_operation_is_asked() -> None:
    assert len(OPERATIONS) > 30
