"""JSON schemas of the types that are on the wire, each a named component."""

from collections.abc import Iterable
from typing import Any

import msgspec
from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

REF = "#/components/schemas/"
Schemas = dict[str, dict[str, Any]]


def components(kinds: Iterable[Any], *, mode: JsonSchemaMode) -> Schemas:
    """The schemas of these types, by the name of the class, and of all that they refer to. `mode`: "validation" of what
    is read, "serialization" of what is written. Raises ValueError where two classes have one name."""
    found: Schemas = {}
    for kind in kinds:
        merge(found, _of(kind, mode))
    return found


def merge(into: Schemas, more: Schemas) -> None:
    """Raises ValueError where two different schemas have one name."""
    for name, schema in more.items():
        if into.setdefault(name, schema) != schema:
            raise ValueError(f"two schemas have the name {name}")


def _of(kind: Any, mode: JsonSchemaMode) -> Schemas:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        structs: Schemas = msgspec.json.schema_components([kind], ref_template=REF + "{name}")[1]
        return structs
    schema: dict[str, Any] = _without_null_defaults(
        TypeAdapter(kind).json_schema(mode=mode, ref_template=REF + "{model}")
    )
    parts: Schemas = schema.pop("$defs", {})
    if schema.keys() == {"$ref"}:
        return dict(parts)
    return {kind.__name__: schema, **parts}


def _without_null_defaults(node: Any) -> Any:
    """As FastAPI writes schemas, whose components are merged with these: null by default is what may be left out."""
    if isinstance(node, list):
        return [_without_null_defaults(item) for item in node]
    if isinstance(node, dict):
        return {
            name: _without_null_defaults(value) for name, value in node.items() if (name, value) != ("default", None)
        }
    return node
