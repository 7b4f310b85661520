from pathlib import Path

import pytest

from dispatch.city import load_city
from dispatch.evaluate.places import Places, places_of
from dispatch.model.city import City
from geo import Projection, StraightLine


@pytest.fixture(scope="session")
def quito() -> City:
    return load_city(Path(__file__).parents[3] / "data" / "quito")


@pytest.fixture(scope="session")
def places(quito: City) -> Places:
    """Between which one flies: what is tested is what is done with ways, not how they are found."""
    return places_of(quito, StraightLine(Projection(quito.crs)))
