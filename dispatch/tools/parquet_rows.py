"""Reads and writes Parquet, if pyarrow is installed; column types are kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dispatch.tools.answers import ADDED, Answers
from dispatch.tools.rows import CHUNK, Places, Rows, Source, Wanted, as_text, read_rows, unique
from dispatch.tools.unusable import Unusable

_BUFFER_BYTES = 1 << 20


def _pyarrow() -> Any:
    try:
        import pyarrow as pa
        import pyarrow.parquet as _parquet  # noqa: F401 - makes it an attribute of pa
    except ModuleNotFoundError:
        raise Unusable("Parquet needs pyarrow, which is not installed: pip install 'quito-dispatch[parquet]'") from None
    return pa


@contextmanager
def open_parquet(path: Path, wanted: Wanted, *, chunk: int = CHUNK) -> Iterator[Source]:
    """Raises Unusable for what isn't Parquet or lacks the columns, or if pyarrow isn't installed."""
    arrow = _pyarrow()
    try:
        file = arrow.parquet.ParquetFile(path, buffer_size=_BUFFER_BYTES, pre_buffer=False)
    except (arrow.ArrowInvalid, OSError) as error:
        raise Unusable(f"{path} can't be read as Parquet: {error}") from error
    with file:
        schema = file.schema_arrow
        places = Places.of(wanted, schema.names)
        done = 0
        size, total = path.stat().st_size, max(file.metadata.num_rows, 1)

        def chunks() -> Iterator[Rows]:
            nonlocal done
            batches = file.iter_batches(batch_size=chunk, use_threads=False)
            while True:
                try:
                    batch = next(batches, None)
                except (arrow.ArrowException, OSError) as error:
                    raise Unusable(f"{path} can't be read past row {done:,}: {error}") from error
                if batch is None:
                    return
                done += batch.num_rows
                yield read_rows(tuple(batch.columns), places, {})

        yield Source(tuple(schema.names), chunks(), size, lambda: size * done // total, schema=schema)


class ParquetWriter:
    """One row group for each chunk. Columns of a source without types are written as text."""

    def __init__(self, path: Path, source: Source, added: tuple[str, ...]) -> None:
        self._arrow = arrow = _pyarrow()
        own = (
            list(source.schema)
            if source.schema
            else [arrow.field(name, arrow.string()) for name in unique(source.names)]
        )
        floats = {name for name, column in zip(added, ADDED, strict=True) if column == "probability"}
        types = {name: arrow.float64() if name in floats else arrow.string() for name in added}
        self._schema = arrow.schema([*own, *(arrow.field(name, kind) for name, kind in types.items())])
        self._typed = source.schema is not None
        self._writer = arrow.parquet.ParquetWriter(path, self._schema, compression="zstd")

    def write(self, rows: Rows, answers: Answers) -> None:
        own = rows.columns if self._typed else tuple(list(map(_utf8, column)) for column in rows.columns)
        columns = [
            column if isinstance(column, self._arrow.Array) else self._arrow.array(column, field.type)
            for column, field in zip((*own, *answers.columns), self._schema, strict=True)
        ]
        self._writer.write_batch(self._arrow.record_batch(columns, schema=self._schema))

    def close(self) -> None:
        self._writer.close()


def _utf8(value: object) -> str:
    """JSON can contain half a surrogate pair, Parquet can't."""
    return as_text(value).encode("utf-8", "backslashreplace").decode()
