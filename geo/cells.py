"""Radio cells: the place of an identifier, from a table in the format of OpenCelliD's exports."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isfinite

import numpy as np

from geo.fix import CellId
from geo.point import Point
from geo.projection import distance_m

COLUMNS = [
    "radio",
    "mcc",
    "net",
    "area",
    "cell",
    "unit",
    "lon",
    "lat",
    "range",
    "samples",
]  # further columns aren't used
NEEDED = {"mcc", "net", "area", "cell", "lon", "lat"}
USUAL_RANGE_M = 2000.0
LEAST_RANGE_M = 200.0
USUAL_OPENING_DEG = 120.0
_AREA_MARGIN_M = 2000.0


class CellTableError(ValueError):
    """A table that can't be read; `problems` lists each by line and column."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


@dataclass(frozen=True, slots=True)
class Cell:
    """It reaches `range_m` from `point`: in all directions, or over `opening_deg` centred on `azimuth_deg`."""

    point: Point
    range_m: float = USUAL_RANGE_M
    azimuth_deg: float | None = None
    opening_deg: float = USUAL_OPENING_DEG


class CellTable:
    """Cells by identifier. Network codes are strings, `01` is not `1`; but OpenCelliD writes them as numbers, so a code
    that isn't found as written is looked up by its number, if only one network of the table has it."""

    def __init__(self, cells: Iterable[tuple[CellId, Cell]]) -> None:
        self._cells = dict(cells)
        self._networks: dict[tuple[str, int], set[str]] = {}
        self._areas: dict[tuple[str, str, int], list[Cell]] = {}
        for key, cell in self._cells.items():
            self._networks.setdefault((key.mcc, int(key.mnc)), set()).add(key.mnc)
            self._areas.setdefault((key.mcc, key.mnc, key.lac), []).append(cell)

    def __len__(self) -> int:
        return len(self._cells)

    @classmethod
    def from_csv(cls, lines: Iterable[str]) -> "CellTable":
        """Reads lines with or without OpenCelliD's header; with one there may be `azimuth` and `opening` (degrees).

        Raises CellTableError naming every bad line.
        """
        problems: list[str] = []
        cells = list(_read(lines, problems))
        if problems:
            raise CellTableError(problems)
        return cls(cells)

    def find(self, key: CellId) -> Cell | None:
        """The cell; else a circle around all known cells of its area (`lac`); else None."""
        for mnc in self._written(key):
            found = self._cells.get(CellId(key.mcc, mnc, key.lac, key.cid))
            if found:
                return found
        for mnc in self._written(key):
            neighbours = self._areas.get((key.mcc, mnc, key.lac))
            if neighbours:
                return _around(neighbours)
        return None

    def _written(self, key: CellId) -> list[str]:
        if not key.mnc.isdigit():
            return []
        same_number = self._networks.get((key.mcc, int(key.mnc)), set())
        return [key.mnc] if key.mnc in same_number else list(same_number) if len(same_number) == 1 else []


def _around(cells: list[Cell]) -> Cell:
    lat = float(np.mean([cell.point.lat for cell in cells]))
    lon = float(np.mean([cell.point.lon for cell in cells]))
    reach = max(distance_m(lat, lon, cell.point.lat, cell.point.lon) + cell.range_m for cell in cells)
    return Cell(Point(lat, lon), max(reach, _AREA_MARGIN_M))


def _read(lines: Iterable[str], problems: list[str]) -> Iterator[tuple[CellId, Cell]]:
    columns = COLUMNS
    for number, row in enumerate(csv.reader(lines), 1):
        if not row or not any(row):
            continue
        if number == 1 and "mcc" in (names := [name.strip().lstrip("\ufeff") for name in row]):
            missing = sorted(NEEDED.difference(names))
            problems.extend(f"line 1: {name}: is missing" for name in missing)
            if missing:
                return
            columns = names
            continue
        reader = _Row(number, dict(zip(columns, row, strict=False)), problems)
        before = len(problems)
        key = CellId(reader.digits("mcc"), reader.digits("net"), int(reader.digits("area")), int(reader.digits("cell")))
        lat, lon = reader.number("lat", 90), reader.number("lon", 180)
        range_m = reader.number("range", 200_000, 0) if reader.given("range") else 0.0
        azimuth = reader.number("azimuth", 360) if reader.given("azimuth") else None
        opening = reader.number("opening", 360, 1) if reader.given("opening") else USUAL_OPENING_DEG
        if len(problems) == before:
            yield (
                key,
                Cell(Point(lat, lon), max(range_m, LEAST_RANGE_M) if range_m else USUAL_RANGE_M, azimuth, opening),
            )


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    values: dict[str, str]
    problems: list[str]

    def given(self, column: str) -> bool:
        return bool(self.values.get(column, "").strip())

    def digits(self, column: str) -> str:
        text = self.values.get(column, "").strip()
        if text.isascii() and text.isdigit():
            return text
        self.problems.append(f"line {self.line}: {column}: must be digits, not {text!r}")
        return "0"

    def number(self, column: str, most: float, least: float | None = None) -> float:
        text = self.values.get(column, "").strip()
        low = -most if least is None else least
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if isfinite(value) and low <= value <= most:
            return value
        self.problems.append(f"line {self.line}: {column}: must be a number from {low:g} to {most:g}, not {text!r}")
        return low
