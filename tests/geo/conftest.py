import json
from pathlib import Path
from typing import Any

import pytest

from geo import Parishes

QUITO = Path(__file__).parents[2] / "data" / "quito" / "parishes.geojson"


@pytest.fixture(scope="session")
def layer() -> dict[str, Any]:
    """Quito's layer as it is committed; whoever changes it copies it first."""
    content: dict[str, Any] = json.loads(QUITO.read_text("utf-8"))
    return content


@pytest.fixture(scope="session")
def quito(layer: dict[str, Any]) -> Parishes:
    return Parishes.from_geojson(layer)
