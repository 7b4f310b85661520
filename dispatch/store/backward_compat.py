"""Stored values that an older node, which may still be running, doesn't know.

The older node gets the nearest value that it knows; the true one is stored beside it, under the name with `_now`
appended, which the older node ignores."""

from typing import Any, TypeVar

import msgspec

from dispatch.model.wire import decode, encode

T = TypeVar("T")

NOW = "_now"
# Source.REPORTED came with schema 7.
KNOWN_AS = {"reported": "unknown"}


def encode_for_all(value: Any) -> str:
    text = encode(value)
    if any(f'"{new}"' in text for new in KNOWN_AS):
        return encode(_older(msgspec.json.decode(text)))
    return text


def decode_of_all(text: str, kind: type[T]) -> T:
    """Raises pydantic.ValidationError."""
    if f'{NOW}":' in text:
        text = encode(_newer(msgspec.json.decode(text)))
    return decode(text, kind)


def _older(value: Any) -> Any:
    if isinstance(value, list):
        return [_older(each) for each in value]
    if not isinstance(value, dict):
        return value
    found: dict[str, Any] = {}
    for name, each in value.items():
        if isinstance(each, str) and each in KNOWN_AS:
            found |= {name: KNOWN_AS[each], name + NOW: each}
        elif isinstance(each, list) and any(isinstance(one, str) and one in KNOWN_AS for one in each):
            found |= {name: [one for one in each if one not in KNOWN_AS], name + NOW: each}
        else:
            found[name] = _older(each)
    return found


def _newer(value: Any) -> Any:
    if isinstance(value, list):
        return [_newer(each) for each in value]
    if not isinstance(value, dict):
        return value
    known = {name: _newer(each) for name, each in value.items() if not name.endswith(NOW)}
    return known | {name.removesuffix(NOW): each for name, each in value.items() if name.endswith(NOW)}
