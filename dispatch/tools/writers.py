"""Writes rows with their answers in a stream: CSV, GeoJSON, GeoJSON text sequence."""

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TextIO

from dispatch.tools.answers import ADDED, Answers
from dispatch.tools.parquet_rows import ParquetWriter
from dispatch.tools.rows import Rows, Source, as_text, plain, unique
from dispatch.tools.unusable import Unusable

SEQUENCES = (".geojsonl", ".geojsons", ".geojsonseq", ".ndjson", ".jsonl", ".ndgeojson")
COLLECTIONS = (".geojson", ".json")
TABLES = (".csv", ".tsv", ".txt")
PARQUET = (".parquet", ".pq")


class Writer(Protocol):
    def write(self, rows: Rows, answers: Answers) -> None: ...


def added_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the added columns, made unique if the file has one of that name."""
    taken, added = set(unique(names)), []
    for name in ADDED:
        while name in taken:
            name = f"located_{name}"
        taken.add(name)
        added.append(name)
    return tuple(added)


@contextmanager
def open_writer(out: Path | None, source: Source, stdout: TextIO) -> Iterator[Writer]:
    """To `stdout` as CSV, or to a file in the format of its suffix, which appears only when it is complete."""
    added = added_names(source.names)
    if out is None:
        yield CsvWriter(stdout, source, source.delimiter, added)
        return
    suffix = out.suffix.lower()
    if suffix not in (*SEQUENCES, *COLLECTIONS, *TABLES, *PARQUET):
        raise Unusable(f"{out}: the name must end in .csv, .tsv, .parquet, .geojson or .geojsonl")
    part = out.with_name(out.name + ".part")
    try:
        with _writing(part, suffix, source, added) as writer:
            yield writer
        part.replace(out)
    except OSError as error:
        raise Unusable(f"{out} can't be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _writing(part: Path, suffix: str, source: Source, added: tuple[str, ...]) -> Iterator[Writer]:
    if suffix in PARQUET:
        parquet = ParquetWriter(part, source, added)
        try:
            yield parquet
        finally:
            parquet.close()
        return
    with part.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        if suffix in TABLES:
            yield CsvWriter(file, source, "\t" if suffix == ".tsv" else source.delimiter, added)
        else:
            features = GeoJsonWriter(file, source, added, collection=suffix in COLLECTIONS)
            yield features
            features.end()


class CsvWriter:
    def __init__(self, file: TextIO, source: Source, delimiter: str, added: tuple[str, ...]) -> None:
        self._writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        self._writer.writerow((*source.names, *added))

    def write(self, rows: Rows, answers: Answers) -> None:
        for values in zip(*map(plain, rows.columns), *answers.columns, strict=True):
            self._writer.writerow(map(as_text, values))


class GeoJsonWriter:
    """A FeatureCollection with one feature per line, or only those lines."""

    def __init__(self, file: TextIO, source: Source, added: tuple[str, ...], *, collection: bool) -> None:
        self._file, self._names, self._added, self._collection = file, unique(source.names), added, collection
        self._between = ""
        if collection:
            file.write('{"type":"FeatureCollection","features":[\n')

    def write(self, rows: Rows, answers: Answers) -> None:
        features = rows.features if rows.features is not None else self._features(rows)
        for feature, *said in zip(features, *answers.columns, strict=True):
            whole = feature if isinstance(feature, dict) else {"type": "Feature", "geometry": None, "unread": feature}
            properties = whole.get("properties")
            own = properties if isinstance(properties, dict) else {}
            whole = whole | {"properties": own | dict(zip(self._added, said, strict=True))}
            self._file.write(self._between + json.dumps(whole, ensure_ascii=False, separators=(",", ":"), default=str))
            self._between = ",\n" if self._collection else "\n"

    def _features(self, rows: Rows) -> Iterator[dict[str, Any]]:
        columns = [plain(column) for column in rows.columns]
        for row, (lat, lon) in enumerate(zip(rows.lat.tolist(), rows.lon.tolist(), strict=True)):
            point = None if row in rows.problems else {"type": "Point", "coordinates": [lon, lat]}
            own = {name: column[row] for name, column in zip(self._names, columns, strict=True)}
            yield {"type": "Feature", "geometry": point, "properties": own}

    def end(self) -> None:
        self._file.write("\n]}\n" if self._collection else "\n" if self._between else "")
