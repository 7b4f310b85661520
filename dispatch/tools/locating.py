"""The job of `dispatch locate`: reads a file of points, writes the same rows with their answers, in constant memory."""

import sys
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from dispatch.tools.answers import UNREADABLE, answer
from dispatch.tools.csv_rows import open_csv
from dispatch.tools.geojson_rows import open_geojson
from dispatch.tools.parquet_rows import open_parquet
from dispatch.tools.rows import CHUNK, Source, Wanted
from dispatch.tools.unusable import Unusable
from dispatch.tools.writers import COLLECTIONS, PARQUET, SEQUENCES, open_writer
from geo import LocationStatus, Parishes


@dataclass(slots=True)
class Tally:
    """Number of rows of each status; the first unreadable one, counted from 1 without the header."""

    statuses: Counter[str] = field(default_factory=Counter)
    first_unreadable: tuple[int, str] | None = None

    @property
    def rows(self) -> int:
        return self.statuses.total()

    @property
    def unreadable(self) -> int:
        return self.statuses[UNREADABLE]

    def __str__(self) -> str:
        parts = [f"{self.statuses[status]:,} {status}" for status in _SHOWN if self.statuses[status]]
        first = (
            f" (first: row {self.first_unreadable[0]:,}, {self.first_unreadable[1]})" if self.first_unreadable else ""
        )
        return f"{self.rows:,} rows: {', '.join(parts) or 'none'}{first}"


_SHOWN = (LocationStatus.LOCATED, LocationStatus.AMBIGUOUS, LocationStatus.OUTSIDE, UNREADABLE)


def locate_file(
    file: Path,
    out: Path | None,
    parishes: Parishes,
    wanted: Wanted,
    *,
    stdout: TextIO | None = None,
    progress: Callable[[int, int], object] | None = None,
    chunk: int = CHUNK,
) -> Tally:
    """Calls `progress` with the bytes read and the total. Raises Unusable."""
    if out is not None and out.resolve() == file.resolve():
        raise Unusable(f"{out} is the input file")
    tally = Tally()
    with open_source(file, wanted, chunk=chunk) as source, open_writer(out, source, stdout or sys.stdout) as writer:
        for rows in source.chunks:
            answers = answer(rows, parishes)
            writer.write(rows, answers)
            if rows.problems and tally.first_unreadable is None:
                row = min(rows.problems)
                tally.first_unreadable = tally.rows + row + 1, rows.problems[row]
            tally.statuses.update(answers.statuses)
            if progress:
                progress(source.read_bytes(), source.size_bytes)
    return tally


def open_source(file: Path, wanted: Wanted, *, chunk: int = CHUNK) -> AbstractContextManager[Source]:
    """By the file's suffix; unknown ones are read as CSV."""
    if not file.is_file():
        raise Unusable(f"there is no file {file}")
    suffix = file.suffix.lower()
    if suffix in PARQUET:
        return open_parquet(file, wanted, chunk=chunk)
    if suffix in (*SEQUENCES, *COLLECTIONS):
        return open_geojson(file, wanted, chunk=chunk)
    return open_csv(file, wanted, chunk=chunk)
