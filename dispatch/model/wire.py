"""Model ↔ JSON. The dataclasses are the wire shapes, field for field; one text serves store and screens."""

from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_encoder = msgspec.json.Encoder()


def encode(value: Any) -> str:
    return _encoder.encode(value).decode()


def decode(text: str | bytes, kind: type[T]) -> T:
    """Raises msgspec.ValidationError where the text isn't of that kind."""
    return msgspec.json.decode(text, type=kind)
