"""Radio cells: the place of an identifier, from a table in the format of OpenCelliD's exports."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isfinite

import numpy as np

from geo.fix import CellId
from geo.point import Point
from geo.projection import distance_m

COLUMNS = ["radio", "mcc", "net", "area", "cell", "unit", "lon", "lat", "range", "samples"]  # what follows isn't used
# What other tables, Mozilla's among them, call the same.
NAMES = {
    "mnc": "net", "lac": "area", "tac": "area", "cid": "cell", "ci": "cell", "cellid": "cell", "psc": "unit",
    "lng": "lon", "longitude": "lon", "latitude": "lat",
}  # fmt: skip
NEEDED = {"mcc", "net", "area", "cell", "lon", "lat"}
USUAL_RANGE_M = 2000.0
LEAST_RANGE_M = 200.0
USUAL_OPENING_DEG = 120.0
_AREA_MARGIN_M = 2000.0
# What networks and telephones say for an area that they don't know.
UNKNOWN_AREAS = frozenset({0, 65_534, 65_535, 16_777_214, 16_777_215, 2_147_483_647, 268_435_455})
# No area of a network is wider: a cell that is further away from the others was measured wrong.
_WIDEST_AREA_M = 100_000.0
_NULL_ISLAND_DEG = 0.01
MOST_PROBLEMS = 100
MOST_DIGITS = 18


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
    """Cells by identifier. Network codes are texts, `01` is not `1`; but OpenCelliD writes them as numbers, so a code
    that isn't found as written is looked for by its number, as long as only one network of the table has it.

    `cells`: identifiers with the cell and, where known, its radio (`GSM`, `LTE` …): each radio numbers its cells for
    itself. `problems`: of the rows that were left out, the first by line and column.
    """

    def __init__(self, cells: Iterable[tuple[CellId, Cell] | tuple[CellId, Cell, str]]) -> None:
        self.problems: tuple[str, ...] = ()
        self._cells: dict[CellId, dict[str, Cell]] = {}
        for key, cell, *radio in cells:
            self._cells.setdefault(key, {})[str(radio[0]).upper() if radio else ""] = cell
        self._networks: dict[tuple[str, int], set[str]] = {}
        self._areas: dict[tuple[str, str, int], list[Cell]] = {}
        self._without_area: dict[tuple[str, str, int], list[Cell]] = {}
        for key, by_radio in self._cells.items():
            self._networks.setdefault((key.mcc, int(key.mnc)), set()).add(key.mnc)
            self._without_area.setdefault((key.mcc, key.mnc, key.cid), []).extend(by_radio.values())
            if key.lac not in UNKNOWN_AREAS:
                self._areas.setdefault((key.mcc, key.mnc, key.lac), []).extend(by_radio.values())

    def __len__(self) -> int:
        return sum(len(by_radio) for by_radio in self._cells.values())

    @classmethod
    def from_csv(cls, lines: Iterable[str]) -> "CellTable":
        """Reads lines with or without OpenCelliD's header; with one there may be `azimuth` and `opening` (degrees). A
        bad row is left out and told in `problems`.

        Raises CellTableError, naming them, where a needed column is missing or no row can be used.
        """
        problems: list[str] = []
        table = cls(_read(lines, problems))
        if problems and not len(table):
            raise CellTableError(problems[:MOST_PROBLEMS])
        table.problems = tuple(problems[:MOST_PROBLEMS])
        return table

    def find(self, key: CellId) -> Cell | None:
        """The cell, or a circle around those of this identifier in several radios; else a circle around all known cells
        of its area (`lac`); else None. Where the area is unknown, the cells of this number in the network."""
        for mnc in self._written(key):
            found = self._cells.get(CellId(key.mcc, mnc, key.lac, key.cid))
            if found:
                return _one_of(list(found.values()))
        for mnc in self._written(key):
            if key.lac in UNKNOWN_AREAS and (same := self._without_area.get((key.mcc, mnc, key.cid))):
                return _one_of(same)
            if neighbours := self._areas.get((key.mcc, mnc, key.lac)):
                return _around(neighbours)
        return None

    def _written(self, key: CellId) -> list[str]:
        if not key.mnc.isdigit():
            return []
        same_number = self._networks.get((key.mcc, int(key.mnc)), set())
        return [key.mnc] if key.mnc in same_number else list(same_number) if len(same_number) == 1 else []


def _one_of(cells: list[Cell]) -> Cell:
    return cells[0] if len(cells) == 1 else _around(cells)


def _around(cells: list[Cell]) -> Cell:
    """Without those that lie far away from most."""
    lat = float(np.median([cell.point.lat for cell in cells]))
    lon = float(np.median([cell.point.lon for cell in cells]))
    near = [cell for cell in cells if distance_m(lat, lon, cell.point.lat, cell.point.lon) <= _WIDEST_AREA_M] or cells
    lat = float(np.mean([cell.point.lat for cell in near]))
    lon = float(np.mean([cell.point.lon for cell in near]))
    reach = max(distance_m(lat, lon, cell.point.lat, cell.point.lon) + cell.range_m for cell in near)
    return Cell(Point(lat, lon), max(reach, _AREA_MARGIN_M))


def _read(lines: Iterable[str], problems: list[str]) -> Iterator[tuple[CellId, Cell, str]]:
    columns = COLUMNS
    for number, row in enumerate(csv.reader(lines), 1):
        if not row or not any(row):
            continue
        if number == 1 and "mcc" in (names := list(map(_name, row))):
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
        if abs(lat) < _NULL_ISLAND_DEG and abs(lon) < _NULL_ISLAND_DEG and len(problems) == before:
            problems.append(f"line {number}: lat: 0, 0 is no place of a cell")
        if len(problems) == before:
            reach = max(range_m, LEAST_RANGE_M) if range_m else USUAL_RANGE_M
            yield key, Cell(Point(lat, lon), reach, azimuth, opening), reader.values.get("radio", "").strip()


def _name(written: str) -> str:
    name = written.strip().lstrip("\ufeff").strip('"').lower()
    return NAMES.get(name, name)


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    values: dict[str, str]
    problems: list[str]

    def given(self, column: str) -> bool:
        return bool(self.values.get(column, "").strip())

    def digits(self, column: str) -> str:
        text = self.values.get(column, "").strip()
        if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS:
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
