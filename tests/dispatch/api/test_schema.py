"""The service keeps to the OpenAPI document that it publishes, whatever it is asked."""

import warnings
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from dispatch.app import create_app
from dispatch.settings import Settings
from tests.service import Service

schema = schemathesis.openapi.from_dict(create_app(Settings()).openapi())
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]


# Signing out with every question would be no test, and a wire of bytes has a fuzz test of its own in `intake`.
@schema.exclude(path="/v1/session", method="DELETE").parametrize()
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.filterwarnings("ignore")
def test_any_question_gets_an_answer_of_the_published_shape(case: Any, module_service: Service) -> None:
    with warnings.catch_warnings(action="ignore"):
        answer = case.call(
            base_url=module_service.url, headers={"Authorization": f"Bearer {module_service.key}"}, timeout=20
        )
        case.validate_response(answer, checks=CHECKS)
    if answer.status_code >= 400:
        assert answer.headers["content-type"][0] == "application/problem+json"
