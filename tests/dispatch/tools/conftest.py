import json
from pathlib import Path

import pytest

from geo import Parishes

QUITO = Path(__file__).parents[3] / "data" / "quito"


@pytest.fixture(scope="session")
def quito() -> Parishes:
    return Parishes.from_geojson(json.loads((QUITO / "parishes.geojson").read_text("utf-8")))
