"""Reads CSV of any kind: any delimiter, decimal commas, lines too short or too long, a quote without end."""

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import TextIOWrapper
from itertools import chain, islice
from pathlib import Path

from dispatch.tools.rows import CHUNK, Places, Rows, Source, Wanted, read_rows
from dispatch.tools.unusable import Unusable

DELIMITERS = ",;\t|"
_LOOK_BYTES = 1 << 20
_LONGEST_FIELD = 1 << 17  # how much is read before a quote without end is noticed

# Spreadsheets' own first line, which says what parts the columns.
SEP = re.compile(r'"?sep=([,;|:\t])"?', re.IGNORECASE)
Line = tuple[list[str], str | None]  # its values, and what is wrong


@contextmanager
def open_csv(path: Path, wanted: Wanted, *, chunk: int = CHUNK) -> Iterator[Source]:
    """Raises Unusable for an empty file, or one without the columns."""
    csv.field_size_limit(_LONGEST_FIELD)
    encoding = _encoding(path)
    with (
        path.open("rb") as raw,
        TextIOWrapper(raw, encoding=encoding, errors="backslashreplace", newline="") as text,
    ):
        first = text.readline(_LONGEST_FIELD)
        stated = SEP.fullmatch(first.strip())
        if stated:
            first = text.readline(_LONGEST_FIELD)
        if not first.strip():
            raise Unusable(f"{path} begins with an empty line; its first line must name the columns")
        delimiter = stated[1] if stated else max(DELIMITERS, key=first.count)
        lines = _lines(chain([first], text), delimiter)
        names, problem = next(lines)
        if problem:
            raise Unusable(f"{path}, line 1: {problem}")
        places = Places.of(wanted, names)
        yield Source(
            tuple(names), _chunks(lines, len(names), places, delimiter, chunk), path.stat().st_size, raw.tell, delimiter
        )


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        look = file.read(_LOOK_BYTES)
    if look.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(look)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _chunks(lines: Iterator[Line], width: int, places: Places, delimiter: str, chunk: int) -> Iterator[Rows]:
    while some := list(islice(lines, chunk)):
        problems: dict[int, str] = {}
        for row, (values, problem) in enumerate(some):
            if problem is None and len(values) != width:
                problem = f"the line has {len(values)} values for {width} columns"
            if problem is not None:
                problems[row] = problem
                # Nothing is dropped: excess values are joined into the last column.
                values[width - 1 :] = [delimiter.join(values[width - 1 :])] if len(values) >= width else []
                values.extend([""] * (width - len(values)))
        yield read_rows(tuple(zip(*(values for values, _ in some), strict=True)), places, problems)


@dataclass(slots=True)
class _Remembering:
    """Lines passed to the CSV reader, kept until they have become a row."""

    lines: Iterator[str]
    pending: list[str] = field(default_factory=list)
    again: deque[str] = field(default_factory=deque)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.again.popleft() if self.again else next(self.lines)
        self.pending.append(line)
        return line

    def only_first(self) -> str:
        """The first line of what could not become a row; the others are read again."""
        first, *others = self.pending
        self.again.extendleft(reversed(others))
        self.pending.clear()
        return first


def _lines(text: Iterable[str], delimiter: str) -> Iterator[Line]:
    """Rows; if a quote is left open, its line is one row and the lines that it swallowed are read again."""
    remembered = _Remembering(iter(text))
    while True:
        try:
            for values in csv.reader(remembered, delimiter=delimiter, strict=True):
                remembered.pending.clear()
                if values:
                    yield values, None
        except csv.Error as error:
            line = remembered.only_first()
            yield line.rstrip("\r\n").split(delimiter), f"the line is not CSV: {error}"
        else:
            return
