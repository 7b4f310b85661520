"""Reads a CSV table as people send it: from Excel in any country, in any of its encodings."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dispatch.errors import FieldProblem, Malformed, TooLarge

SEPARATORS = ";,\t"
MOST_PROBLEMS = 1_000
MOST_COLUMNS = 200
# In one line of the file, and in all: lines without values are skipped, but read.
MOST_LINE_CHARS = 200_000
LINES_A_ROW = 10
# Characters that start a formula, in ASCII and full width.
FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
GUARD = "'"
MEANS = {"unexpected end of data": "an opening quote here has no closing quote"}
_SAID_SEPARATOR = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Row:
    """`line` is where it begins in the file, from 1; `cells` are stripped, by column."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """`problems` are of lines that are not rows, each with its number; `encoding` is the one used."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    problems: tuple[tuple[int, str], ...]
    encoding: str


def read_table(raw: bytes, *, columns: Sequence[str], needed: Sequence[str], most_rows: int) -> Table:
    """UTF-8, else UTF-16 with byte order mark, else Windows-1252; separated by `;`, `,` or tabs; any line ends.

    Raises Malformed if it is not text or the first line doesn't name the columns; TooLarge."""
    text, encoding = _text(raw)
    _check_lines(text, most=LINES_A_ROW * most_rows)
    text, separator, lines_before = _separated(text)
    lines = _lines(text, separator, lines_before)
    line, header = next(lines, (1, "is empty"))
    if isinstance(header, str):
        raise _unreadable(header, line)
    names = _names(header, line, columns, needed)
    rows: list[Row] = []
    problems: list[tuple[int, str]] = []
    for line, cells in lines:
        if isinstance(cells, str):
            problems.append((line, cells))
        elif len(cells) < len(names) or any(cells[len(names) :]):
            problems.append((line, f"has {len(cells)} values for {len(names)} columns"))
        else:
            rows.append(Row(line, {name: cell for name, cell in zip(names, cells, strict=False) if name}))
        if len(rows) > most_rows:
            raise TooLarge(f"the table has more than {most_rows:,} rows")
        if len(problems) >= MOST_PROBLEMS:
            break
    return Table(tuple(name for name in names if name), tuple(rows), tuple(problems), encoding)


def guarded(text: str) -> str:
    """The cell, protected so that no spreadsheet takes it for a formula; `unguarded` reverses it."""
    return GUARD + text if text.startswith(FORMULA) or unguarded(text) != text else text


def unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith(GUARD) and cell[1:].startswith((*FORMULA, GUARD)) else cell


def _check_lines(text: str, *, most: int) -> None:
    """Raises Malformed, TooLarge."""
    if text.count("\n") + text.count("\r") > 2 * most:
        raise TooLarge(f"the table has more than {most:,} lines")
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > MOST_LINE_CHARS:
            raise _unreadable(f"has a line of more than {MOST_LINE_CHARS:,} characters", number)


def _text(raw: bytes) -> tuple[str, str]:
    if raw.startswith(b"PK\x03\x04"):
        raise _unreadable("is an Excel workbook; save it as CSV and send that file")
    try:
        text, encoding = _decoded(raw)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _unreadable(f"is neither UTF-8 nor Windows-1252 (byte 0x{raw[error.start]:02x})", line) from None
    if "\0" in text:
        raise _unreadable(
            "contains a NUL character, so it is not a text file", text.count("\n", 0, text.index("\0")) + 1
        )
    return text, encoding


def _decoded(raw: bytes) -> tuple[str, str]:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16"), "utf-16"
    try:
        return raw.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        return raw.decode("cp1252"), "windows-1252"


def _separated(text: str) -> tuple[str, str, int]:
    """The text, its separator, and how many lines of the file precede it: Excel may write `sep=;`."""
    if said := _SAID_SEPARATOR.match(text):
        return text[said.end() :], said[1], 1
    header = text.lstrip().splitlines()[:1]
    return text, max(SEPARATORS, key="".join(header).count), 0


def _lines(text: str, separator: str, lines_before: int) -> Iterator[tuple[int, list[str] | str]]:
    """Where each row begins and its cells, or a problem. Lines without values are skipped."""
    table = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        line = table.line_num + 1 + lines_before
        try:
            cells = [cell.strip() for cell in next(table)]
        except StopIteration:
            return
        except csv.Error as error:
            yield line, MEANS.get(str(error), f"is not CSV: {error}")
        else:
            if any(cells):
                yield line, cells


def _names(header: Sequence[str], line: int, columns: Sequence[str], needed: Sequence[str]) -> list[str]:
    """The columns in the order of the file, "" for those without a name. Raises Malformed."""
    if len(header) > MOST_COLUMNS:
        raise _unreadable(f"has more than {MOST_COLUMNS} columns", line)
    names = [cell.casefold() for cell in header]
    while names and not names[-1]:
        names.pop()
    problems = [
        FieldProblem(f"line {line}, {name[:40]}", f"unknown column; the columns are {', '.join(columns)}")
        for name in names
        if name and name not in columns
    ]
    problems += [
        FieldProblem(f"line {line}, {name}", "the column appears twice") for name in columns if names.count(name) > 1
    ]
    problems += [FieldProblem(f"line {line}, {name}", "the column is missing") for name in needed if name not in names]
    if problems:
        raise Malformed("the first line must name the columns", errors=problems[:MOST_PROBLEMS])
    return names


def _unreadable(problem: str, line: int = 1) -> Malformed:
    return Malformed(f"the table can't be read: it {problem}", errors=[FieldProblem(f"line {line}", problem)])
