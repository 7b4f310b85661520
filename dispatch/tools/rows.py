"""Rows of a file of points in chunks, independent of the file's format."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.number import decimal
from dispatch.tools.unusable import Unusable

CHUNK = 20_000  # rows in memory at a time
NAMES = {
    "lat": ("lat", "latitude", "latitud", "y"),
    "lon": ("lon", "lng", "long", "longitude", "longitud", "x"),
}
_FARTHEST_M = 20_000_000.0  # half of the earth's circumference

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Names of the columns, if given."""

    lat: str | None = None
    lon: str | None = None
    radius: str | None = None
    confidence: str | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """`columns` are the rows as read, one sequence for each name of the source; (n,) arrays are the parsed values: NaN
    where a radius or confidence isn't given, and anything in the rows (by index) that have a problem.

    `features` are the same rows if the source is GeoJSON."""

    columns: tuple[Sequence[Any], ...]
    lat: Floats
    lon: Floats
    radius_m: Floats
    confidence: Floats
    problems: dict[int, str]
    features: Sequence[Any] | None = None

    def __len__(self) -> int:
        return len(self.lat)


@dataclass(frozen=True, slots=True)
class Source:
    """An open file: `chunks` can be iterated once, `read_bytes` is how much of `size_bytes` was read.

    `schema` is that of a Parquet file, `delimiter` that of a CSV file."""

    names: tuple[str, ...]
    chunks: Iterator[Rows]
    size_bytes: int
    read_bytes: Callable[[], int]
    delimiter: str = ","
    schema: Any = None


def position_of(field: str, given: str | None, names: Sequence[str]) -> int:
    """The column of `field` (lat or lon): as given, or by one of its usual names. Raises Unusable."""
    lowered = [name.strip().lower() for name in names]
    for name in (given.strip().lower(),) if given is not None else NAMES[field]:
        if name in lowered:
            return lowered.index(name)
    looked = repr(given) if given is not None else " or ".join(NAMES[field])
    raise Unusable(f"no column {looked}; give its name with --{field}-column: {', '.join(names) or 'no columns'}")


def read_rows(
    columns: tuple[Sequence[Any], ...],
    where: "Places",
    problems: dict[int, str],
    features: Sequence[Any] | None = None,
) -> Rows:
    """Parses the numbers; `problems` contains those of rows that can't be parsed at all, and gets the others."""
    count = len(columns[where.lat])
    reader = _Reader(count, problems)
    return Rows(
        columns,
        reader.numbers(columns[where.lat], "lat", -90, 90),
        reader.numbers(columns[where.lon], "lon", -180, 180),
        reader.optional(columns, where.radius, "radius", 0, _FARTHEST_M, _known_radius),
        reader.optional(columns, where.confidence, "confidence", 0, 1, _as_fraction),
        problems,
        features,
    )


@dataclass(frozen=True, slots=True)
class Places:
    """Positions of the columns."""

    lat: int
    lon: int
    radius: int | None = None
    confidence: int | None = None

    @classmethod
    def of(cls, wanted: Wanted, names: Sequence[str]) -> "Places":
        return cls(
            position_of("lat", wanted.lat, names),
            position_of("lon", wanted.lon, names),
            None if wanted.radius is None else position_of("radius", wanted.radius, names),
            None if wanted.confidence is None else position_of("confidence", wanted.confidence, names),
        )


@dataclass(frozen=True, slots=True)
class _Reader:
    count: int
    problems: dict[int, str]

    def numbers(
        self,
        values: Sequence[Any],
        name: str,
        least: float,
        most: float,
        needed: bool = True,
        meant: Callable[[Floats], Floats] | None = None,
    ) -> Floats:
        """`meant` of what was written; what it makes NaN of is unknown and no problem."""
        said = plain(values)
        written = np.fromiter(map(number, said), np.float64, self.count)
        numbers = written if meant is None else meant(written)
        unknown = np.isnan(numbers) & ~np.isnan(written)
        for row in np.flatnonzero(~((numbers >= least) & (numbers <= most)) & ~unknown).tolist():
            value = said[row]
            missing = value is None or (isinstance(value, str) and not value.strip())
            if row not in self.problems and (needed or not missing):
                what = "is empty" if missing else f"must be a number from {least:g} to {most:,.0f}, not {value!r:.60}"
                self.problems[row] = f"{name}: {what}"
        return numbers

    def optional(
        self,
        columns: tuple[Sequence[Any], ...],
        place: int | None,
        name: str,
        least: float,
        most: float,
        meant: Callable[[Floats], Floats],
    ) -> Floats:
        if place is None:
            return np.full(self.count, np.nan)
        return self.numbers(columns[place], name, least, most, needed=False, meant=meant)


def _known_radius(metres: Floats) -> Floats:
    """0 or less is what devices write that don't know: the usual radius is taken."""
    return np.where(metres <= 0, np.nan, metres)


def _as_fraction(confidence: Floats) -> Floats:
    """Of 0 to 1; what is more, per cent; 0 or less is unknown."""
    fraction = np.where((confidence > 1) & (confidence <= 100), confidence / 100, confidence)
    return np.where(fraction <= 0, np.nan, fraction)


def number(value: object) -> float:
    """NaN if it isn't a number: `true` is not 1, and `1_000` is not accepted. A decimal comma is."""
    if isinstance(value, float):
        return value
    if isinstance(value, bool):
        return nan
    if isinstance(value, int | Decimal):
        try:
            return float(value)
        except (OverflowError, ValueError):
            return nan
    if not isinstance(value, str) or "_" in value:
        return nan
    try:
        return float(value)  # most of millions of cells need no more
    except ValueError:
        read = decimal(value)
        return nan if read is None else read


def plain(column: Any) -> Sequence[Any]:
    """The values of a column, also of an Arrow array."""
    values: Sequence[Any] = column.to_pylist() if hasattr(column, "to_pylist") else column
    return values


def as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool | list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return repr(value) if isinstance(value, float) else str(value)


def unique(names: Sequence[str]) -> tuple[str, ...]:
    """Headers may repeat names or leave some empty: `a, a, ""` → `a, a_2, column_3`."""
    found: dict[str, None] = {}
    for number, name in enumerate(names, start=1):
        own, again = name or f"column_{number}", 1
        while own in found:
            again += 1
            own = f"{name or f'column_{number}'}_{again}"
        found[own] = None
    return tuple(found)
