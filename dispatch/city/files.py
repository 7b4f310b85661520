"""Reads one file of a city's folder into records. Problems are collected with their place, not raised."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, dataclass, field, fields
from math import isfinite
from pathlib import Path
from typing import Any, Generic, TypeVar, get_type_hints

import msgspec

from dispatch.model.unit_words import CrewMember, members

T = TypeVar("T")

# Separators of several values in one table cell.
SPLIT: dict[Any, Callable[[str], Sequence[str]]] = {tuple[str, ...]: str.split, tuple[CrewMember, ...]: members}


@dataclass(frozen=True, slots=True)
class CityFile:
    """`problems` is shared by all files of the folder. Each entry is "file: where, field: problem"."""

    path: Path
    problems: list[str]

    def wrong(self, problem: str, where: str = "", column: str = "") -> None:
        place = ", ".join(part for part in (where, column) if part)
        self.problems.append(": ".join(part for part in (self.path.name, place, problem) if part))

    def json(self) -> Any:
        """None if it can't be read."""
        text = self._text()
        if text is None:
            return None
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            self.wrong(f"is not valid JSON: {error.msg}", f"line {error.lineno} column {error.colno}")
        except RecursionError:
            self.wrong("is nested too deeply")
        return None

    def rows(self, columns: Sequence[str], key: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yields the place of each record, "line 3" or "item 2 (fall)", and its values."""
        return self._csv_rows(columns) if self.is_table else self._json_rows(key)

    @property
    def is_table(self) -> bool:
        return self.path.suffix == ".csv"

    def _text(self) -> str | None:
        try:
            return self.path.read_bytes().decode("utf-8-sig")
        except OSError as error:
            self.wrong(f"can't be read: {error.strerror}")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            self.wrong(f"is not UTF-8 (byte 0x{error.object[error.start]:02x})", f"line {line}")
        return None

    def _json_rows(self, key: str) -> Iterator[tuple[str, dict[str, Any]]]:
        items = self.json()
        if items is not None and not isinstance(items, list):
            self.wrong("must be a list of objects")
            return
        for number, item in enumerate(items or [], start=1):
            name = item.get(key) if isinstance(item, dict) else None
            where = f"item {number} ({name})" if isinstance(name, str) else f"item {number}"
            if isinstance(item, dict):
                yield where, item
            else:
                self.wrong("must be an object", where)

    def _csv_rows(self, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        text = self._text()
        if text is None:
            return
        table = csv.reader(text.splitlines(), strict=True)
        try:
            header = next(table, [])
            missing = [column for column in columns if column not in header]
            for column in missing:
                self.wrong("the column is missing", "line 1", column)
            for values in () if missing else table:
                if len(values) == len(header):
                    yield f"line {table.line_num}", dict(zip(header, values, strict=True))
                elif values:
                    self.wrong(f"has {len(values)} values for {len(header)} columns", f"line {table.line_num}")
        except csv.Error as error:
            self.wrong(f"is not CSV: {error}", f"line {table.line_num}")


@dataclass(slots=True)
class Records(Generic[T]):
    """The records of a file that could be read, each with its place.

    `written` has every key in the file, including those of faulty records, so that one mistake isn't reported twice."""

    file: CityFile
    items: list[tuple[str, T]] = field(default_factory=list)
    written: set[str] = field(default_factory=set)

    def values(self) -> tuple[T, ...]:
        return tuple(item for _, item in self.items)


def read_records(cls: type[T], file: CityFile, *, key: str) -> Records[T]:
    """The file's records as instances of `cls` (a dataclass): at least one, unique by the field `key`."""
    problems_before = len(file.problems)
    hints = get_type_hints(cls)
    names = [f.name for f in fields(cls)]  # type: ignore[arg-type]
    defaults = {f.name: f.default for f in fields(cls) if f.default is not MISSING}  # type: ignore[arg-type]
    records: Records[T] = Records(file)
    for where, row in file.rows([name for name in names if name not in defaults], key):
        values = {
            name: _value(file, where, name, row, hints[name])
            for name in names
            if name not in defaults or (name in row and not (file.is_table and row[name] == ""))
        }
        for name in row.keys() - set(names):
            file.wrong("is not a known field", where, name)
        code = values[key]
        if code in records.written:
            file.wrong(f"{code!r} appears twice", where, key)
        elif isinstance(code, str):
            records.written.add(code)
        if None not in values.values():
            records.items.append((where, cls(**values)))
    if not records.items and len(file.problems) == problems_before:
        file.wrong("holds nothing")
    return records


def _value(file: CityFile, where: str, name: str, row: dict[str, Any], kind: Any) -> Any:
    """None if it is missing or invalid."""
    if name not in row:
        file.wrong("is missing", where, name)
        return None
    said = SPLIT[kind](row[name]) if file.is_table and kind in SPLIT else row[name]
    try:
        value = msgspec.convert(said, kind, strict=not file.is_table)
    except msgspec.ValidationError as error:
        file.wrong(f"{error}, not {str(said)[:60]!r}", where, name)
        return None
    if isinstance(value, float) and not isfinite(value):
        file.wrong(f"must be a finite number, not {value}", where, name)
        return None
    if value == "":
        file.wrong("is empty", where, name)
        return None
    return value
