"""Every line of the cases: a place in somebody's message, and where it is."""

import csv
from pathlib import Path

import pytest

from dispatch.intake.places import find
from tests.dispatch.intake.places.quito import AREA, is_at

CASES = Path("tests/data/places_as_written.tsv")
# Exact notations come back to a metre, words and few digits to fifty.
WITHIN_DEG = 5e-4


def cases() -> list[dict[str, str]]:
    with CASES.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize("case", cases(), ids=lambda case: str(case["text"])[:60])
def test_a_line_of_the_cases(case: dict[str, str]) -> None:
    fixes, flaws = find(case["text"], AREA)
    places = [(float(case["lat"]), float(case["lon"]))] if case["lat"] else []
    assert len(fixes) == len(places)
    assert all(is_at(fix, place, WITHIN_DEG) for fix, place in zip(fixes, places, strict=True))
    assert bool(flaws) == (case["flaw"] == "yes"), flaws


def test_the_cases_are_there() -> None:
    assert len(cases()) == 37
