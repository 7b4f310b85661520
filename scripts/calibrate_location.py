"""Measures the calibration of parish probabilities: true places, fixes with matching errors, and the resulting claims.

True places are uniform over the city and three kilometres around it, which is what the probabilities assume, or
(--people) distributed over the parishes by census population, which they don't know."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import log, sqrt
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo import Fix, Parishes, Pdf, Point, Source, locate

LAYER = Path(__file__).parents[1] / "data" / "quito" / "parishes.geojson"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BINS = np.linspace(0, 1, 11)
AROUND_M = 3000.0
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Claims:
    """The stated probability of the most probable parish of each place, and whether it was the true one."""

    probability: Floats
    right: NDArray[np.bool_]

    def table(self) -> list[tuple[float, float, int, float, float]]:
        """For each tenth with a claim in it: from, to, count, mean claim, share right."""
        tenth = np.clip(np.digitize(self.probability, BINS) - 1, 0, 9)
        filled = [(n, tenth == n) for n in range(10) if (tenth == n).any()]
        return [
            (BINS[n], BINS[n + 1], int(here.sum()), self.probability[here].mean(), self.right[here].mean())
            for n, here in filled
        ]

    @property
    def error(self) -> float:
        """Expected calibration error: mean distance of claim and share right, weighted by the number of claims."""
        table = self.table()
        return sum(count * abs(said - right) for _, _, count, said, right in table) / sum(row[2] for row in table)


def simulate(parishes: Parishes, places: int, seed: int = 1, people: bool = False) -> Claims:
    random = np.random.default_rng(seed)
    truths = where_people_live(parishes, places, random) if people else evenly(parishes, places, random)
    codes = [parish.code for parish in parishes]
    lat, lon = parishes.projection.inverse(*truths.T)
    true = [codes[n] if n >= 0 else None for n in parishes.find_many(lat, lon).tolist()]
    said, right = [], []
    for (x, y), code in zip(truths.tolist(), true, strict=True):
        location = locate(list(honest_fixes(parishes, x, y, random)), parishes, at=NOW)
        if location.candidates:
            said.append(location.candidates[0].probability)
            right.append(location.candidates[0].code == code)
    return Claims(np.array(said), np.array(right))


def evenly(parishes: Parishes, count: int, random: np.random.Generator) -> Floats:
    """Places (count, 2) in projected metres."""
    region = parishes.outline.buffer(AROUND_M)
    return within(region, count, random)


def where_people_live(parishes: Parishes, count: int, random: np.random.Generator) -> Floats:
    people = np.array([parish.population for parish in parishes], float)
    counts = random.multinomial(count, people / people.sum())
    return np.vstack([within(parishes.projected[n], size, random) for n, size in enumerate(counts.tolist())])


def within(region: BaseGeometry, count: int, random: np.random.Generator) -> Floats:
    shapely.prepare(region)
    west, south, east, north = region.bounds
    found = np.empty((0, 2))
    while len(found) < count:
        drawn = random.uniform((west, south), (east, north), (4 * count + 100, 2))
        found = np.vstack([found, drawn[shapely.contains_xy(region, *drawn.T)]])
    return found[:count]


def honest_fixes(parishes: Parishes, x: float, y: float, random: np.random.Generator) -> Iterator[Fix]:
    """GNSS or Wi-Fi or a cell or both of the latter, with errors that match their stated uncertainty, at various
    confidences."""
    kind = random.integers(0, 4)
    if kind == 0:
        yield gaussian(parishes, Source.GNSS, x, y, 10 ** random.uniform(1, 2), random)
    if kind in (1, 3):
        yield gaussian(parishes, Source.WIFI, x, y, 10 ** random.uniform(1.5, 3), random)
    if kind == 2:
        radius, angle = 10 ** random.uniform(2.5, 3.6), random.uniform(0, 2 * np.pi)
        away = radius * sqrt(random.random())
        point = Point(*parishes.projection.inverse(x + away * np.cos(angle), y + away * np.sin(angle)))
        confidence = float(random.choice([0.5, 0.75, 0.95]))
        yield Fix(Source.CELL, point, radius * sqrt(confidence), confidence, pdf=Pdf.RECTANGULAR)
    if kind == 3:
        yield gaussian(parishes, Source.CELL, x, y, 10 ** random.uniform(2.5, 3.3), random)


def gaussian(
    parishes: Parishes, source: Source, x: float, y: float, sigma_m: float, random: np.random.Generator
) -> Fix:
    confidence = float(random.choice([0.5, 0.68, 0.9, 0.95]))
    east, north = random.normal(size=2) * sigma_m
    point = Point(*parishes.projection.inverse(x + east, y + north))
    radius_m = sigma_m * sqrt(-2 * log(1 - confidence))
    return Fix(source, point, radius_m, None if confidence == 0.95 else confidence, pdf=Pdf.NORMAL)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--places", type=int, default=20_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument(
        "--people", action="store_true", help="draw the true places by census population instead of uniformly"
    )
    chosen = options.parse_args()
    parishes = Parishes.from_geojson(json.loads(LAYER.read_text("utf-8")))
    claims = simulate(parishes, chosen.places, chosen.seed, chosen.people)
    print("| said | places | mean said | right |\n| --- | ---: | ---: | ---: |")
    for low, high, count, said, right in claims.table():
        print(f"| {low:.0%}-{high:.0%} | {count:,} | {said:.1%} | {right:.1%} |")
    print(f"\nExpected calibration error {claims.error:.4f}, {len(claims.right):,} places with a candidate")


if __name__ == "__main__":
    main()
