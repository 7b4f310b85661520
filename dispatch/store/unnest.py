"""Many rows in one statement: their columns as array parameters."""

from collections.abc import Iterable, Mapping, Sequence


def unnest(types: Mapping[str, str], first: int = 1) -> str:
    """`unnest($1::bigint[], …) as u (id, …)` for columns of these types, the parameters numbered from `first` on. A
    list in a row is passed as JSON, because SQL has no arrays of arrays of unequal length."""
    arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(types.values(), start=first))
    return f"unnest({arrays}) as u ({', '.join(types)})"


def columns(rows: Iterable[Sequence[object]]) -> list[list[object]]:
    """The columns of one or more rows."""
    return [list(column) for column in zip(*rows, strict=True)]
