"""Model ↔ JSON. The dataclasses are the wire shapes, field for field; the same text goes to the store and the
screens."""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, cast

import msgspec
from pydantic import TypeAdapter

T = TypeVar("T")

_reader: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)
_encoder = msgspec.json.Encoder()


def encode(value: Any) -> str:
    return _encoder.encode(value).decode()


def decode(text: str | bytes, kind: type[T]) -> T:
    """Uses pydantic, because msgspec can't distinguish the shapes of a fix's region. Raises
    pydantic.ValidationError."""
    return cast(T, _reader(kind).validate_json(text))
