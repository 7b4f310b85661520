from pathlib import Path

import pytest

from dispatch.city import load_city
from dispatch.model.city import City


@pytest.fixture(scope="session")
def quito() -> City:
    return load_city(Path(__file__).parents[3] / "data" / "quito")
