"""The parser of the AsyncAPI Initiative finds nothing against the document."""

import json

import httpx

from tests.clients.conftest import Node
from tests.service import Service


def validate(node: Node, document: str) -> dict[str, object]:
    said: dict[str, object] = json.loads(node.run(["node", "validate_asyncapi.js"], cwd=node.folder, said=document))
    return said


def test_the_published_asyncapi_document_is_valid(node: Node, module_service: Service) -> None:
    document = httpx.get(f"{module_service.url}/asyncapi.json", timeout=60).raise_for_status().text
    assert validate(node, document) == {"valid": True, "against": []}
    broken = document.replace("#/channels/live/messages/pulse", "#/channels/live/messages/puls")
    assert broken != document and validate(node, broken)["against"]
