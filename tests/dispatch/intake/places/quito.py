"""The city's area, and how a place is expected to come back."""

from pathlib import Path

import pytest

from dispatch.city import load_city
from dispatch.intake.places import area_of, find
from geo import Fix

AREA = area_of(load_city(Path("data/quito")))
HERE = (-0.1834, -78.4843)


def only(written: str) -> Fix:
    """The one fix that is read, with nothing to be told of it."""
    fixes, flaws = find(written, AREA)
    assert flaws == (), written
    assert len(fixes) == 1, written
    return fixes[0]


def is_at(fix: Fix, place: tuple[float, float] = HERE, within: float = 5e-5) -> bool:
    assert fix.point is not None
    return (fix.point.lat, fix.point.lon) == pytest.approx(place, abs=within)
