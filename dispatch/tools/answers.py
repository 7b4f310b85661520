"""The answers for every row: parish, probability, status, H3 cells."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from dispatch.tools.rows import Rows
from geo import Fix, LocationStatus, Parishes, Point, Source, cells_of_many, parish_probabilities
from geo.locating import ACCEPTED
from geo.spread import spread_of
from geo.uncertainty import radius_at_95

UNREADABLE = "unreadable"
ADDED = ("parish_code", "parish_name", "probability", "status", "problem", "cell_coarse", "cell_fine")
_CERTAIN_RADII = 2.5  # 95 % is 2.448 sigmas: 2.5 times that contains all but 1e-8
_NO_AGE = datetime(2000, 1, 1, tzinfo=UTC)  # the fixes of a file have no age, so any time will do

Found = tuple[int, float, str]  # position of the parish, its probability, status


@dataclass(frozen=True, slots=True)
class Answers:
    """One sequence of n for each name of ADDED."""

    columns: tuple[Sequence[Any], ...]
    statuses: Counter[str]


def answer(rows: Rows, parishes: Parishes) -> Answers:
    """A row without radius is a point: in its parish with probability 1, or outside. With a radius: the most probable
    parish, by the same integral as a caller's location."""
    readable = np.ones(len(rows), bool)
    readable[list(rows.problems)] = False
    lat, lon = np.where(readable, rows.lat, np.nan), np.where(readable, rows.lon, np.nan)
    position = parishes.find_many(lat, lon).astype(np.int64)
    probability = (position >= 0).astype(np.float64)
    status = np.where(position >= 0, str(LocationStatus.LOCATED), str(LocationStatus.OUTSIDE)).astype(object)
    places = {code: place for place, code in enumerate(parishes.by_code)}
    for row in _uncertain(rows, readable, position, parishes):
        position[row], probability[row], status[row] = _with_radius(rows, row, parishes, places)
    status[~readable] = UNREADABLE
    probability[~readable] = np.nan
    coarse, fine = _cells(rows, readable)
    columns = (
        _named([parish.code for parish in parishes], position),
        _named([parish.name for parish in parishes], position),
        [None if value != value else round(value, 6) for value in probability.tolist()],
        status.tolist(),
        [rows.problems.get(row) for row in range(len(rows))],
        coarse,
        fine,
    )
    return Answers(columns, Counter(columns[3]))


def _named(names: list[str], position: NDArray[np.int64]) -> list[str | None]:
    return [None if place < 0 else names[place] for place in position.tolist()]


def _uncertain(rows: Rows, readable: NDArray[np.bool_], position: NDArray[np.int64], parishes: Parishes) -> list[int]:
    """Rows with a radius, except those so far from the boundary of their parish, or of the city if they are in none,
    that nothing lies on its other side."""
    given = np.flatnonzero(readable & ~np.isnan(rows.radius_m))
    if not len(given):
        return []
    reach = _CERTAIN_RADII * np.array([radius_at_95(_fix(rows, row), _NO_AGE) for row in given.tolist()])
    # The last is for position -1, outside.
    boundaries = np.array(
        [*map(shapely.boundary, parishes.projected), shapely.boundary(parishes.outline)], dtype=object
    )
    shapely.prepare(boundaries)
    points = shapely.points(*parishes.projection.forward(rows.lat[given], rows.lon[given]))
    near = shapely.dwithin(boundaries[position[given]], points, reach)  # type: ignore[call-overload]
    uncertain: list[int] = given[near].tolist()
    return uncertain


def _fix(rows: Rows, row: int) -> Fix:
    confidence = float(rows.confidence[row])
    return Fix(
        Source.UNKNOWN,
        Point(float(rows.lat[row]), float(rows.lon[row])),
        float(rows.radius_m[row]),
        None if confidence != confidence else confidence,
    )


def _with_radius(rows: Rows, row: int, parishes: Parishes, places: dict[str, int]) -> Found:
    spread = spread_of(_fix(rows, row), parishes, _NO_AGE)
    candidates = parish_probabilities(spread, parishes) if spread else ()
    if not candidates:
        return -1, 0.0, LocationStatus.OUTSIDE
    best = candidates[0]
    place = places[best.code]
    if best.probability >= ACCEPTED:
        return place, best.probability, LocationStatus.LOCATED
    inside = sum(candidate.probability for candidate in candidates)
    return place, best.probability, LocationStatus.AMBIGUOUS if inside >= ACCEPTED else LocationStatus.OUTSIDE


def _cells(rows: Rows, readable: NDArray[np.bool_]) -> tuple[list[str | None], list[str | None]]:
    lat, lon = np.where(readable, rows.lat, np.nan), np.where(readable, rows.lon, np.nan)
    coarse, fine = ([f"{cell:x}" if cell else None for cell in cells.tolist()] for cells in cells_of_many(lat, lon))
    return coarse, fine
