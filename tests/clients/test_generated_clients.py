"""Clients that generators make of the published document call the real service."""

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.clients.conftest import SEARCH, Node, project_of
from tests.service import Service

CONFIG = Path(__file__).with_name("python.yaml")
CALL = """
import json, os
from datetime import datetime
from uuid import UUID
from client import AuthenticatedClient
from client.api.calls import create_call
from client.api.incidents import get_incident
from client.models import CallBody, Channel, FixBody, IncidentView, Problem, Source, Taken

fix = FixBody(source=Source.GNSS, lat=-0.2201, lon=-78.5123, radius_m=15.0)
body = CallBody(id=UUID(os.environ["CALL_ID"]), channel=Channel.APP, nature="crash_injured", fixes=[fix])
with AuthenticatedClient(base_url=os.environ["SERVICE_URL"], token=os.environ["SERVICE_KEY"], timeout=60) as client:
    taken = create_call.sync(client=client, body=body)
    assert isinstance(taken, Taken), taken
    seen = get_incident.sync(taken.incident_id, client=client)
    assert isinstance(seen, IncidentView), seen
    assert isinstance(seen.incident.opened_at, datetime)
    refused = get_incident.sync(999_999, client=client)
    assert isinstance(refused, Problem), refused
    print(json.dumps({"call_id": str(taken.call_id), "parish": taken.location.parish.name,
                      "calls": [str(call.id) for call in seen.calls], "refused": refused.status}))
"""


@pytest.fixture
def document(module_service: Service, tmp_path: Path) -> Path:
    """The document as the service publishes it."""
    file = tmp_path / "openapi.json"
    file.write_bytes(httpx.get(f"{module_service.url}/openapi.json", timeout=60).raise_for_status().content)
    return file


def settings(service: Service, call_id: str) -> dict[str, str]:
    return {"SERVICE_URL": service.url, "SERVICE_KEY": service.key, "CALL_ID": call_id}


def check(printed: str, call_id: str) -> None:
    said = json.loads(printed)
    # The other test's call is of the same incident.
    assert call_id in said.pop("calls")
    assert said == {"call_id": call_id, "parish": "Centro Histórico", "refused": 404}


def test_a_generated_typescript_client_calls_the_service(
    node: Node, module_service: Service, document: Path, tmp_path: Path
) -> None:
    project, call_id = project_of(node, tmp_path), str(uuid4())
    node.run(["npx", "--no-install", "openapi-typescript", document.name, "-o", "api.d.ts"], cwd=project)
    node.run(["npx", "--no-install", "tsc", "-p", "."], cwd=project)
    check(node.run(["node", "client.js"], cwd=project, **settings(module_service, call_id)), call_id)


def test_a_generated_python_client_calls_the_service(module_service: Service, document: Path, tmp_path: Path) -> None:
    call_id = str(uuid4())
    generator = Path(sys.executable).with_name("openapi-python-client")
    options = ["--path", str(document), "--output-path", str(tmp_path / "client"), "--meta=none"]
    generated = subprocess.run(
        [generator, "generate", *options, "--config", str(CONFIG), "--fail-on-warning"],
        capture_output=True,
        text=True,
        env=os.environ | {"PATH": SEARCH},
        check=False,
    )
    # Every operation, or there is a warning.
    assert generated.returncode == 0, generated.stdout + generated.stderr
    operations = sum(len(of) for of in json.loads(document.read_text())["paths"].values())
    modules = [file for file in (tmp_path / "client" / "api").glob("*/*.py") if file.name != "__init__.py"]
    assert len(modules) == operations > 50
    called = subprocess.run(
        [sys.executable, "-c", CALL],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ | settings(module_service, call_id),
        check=False,
    )
    assert called.returncode == 0, called.stderr
    check(called.stdout, call_id)
