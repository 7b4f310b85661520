"""Examples for the documents, as `scripts/record_examples` recorded them from a running service."""

import json
from functools import cache
from importlib import resources
from typing import Any


@cache
def examples() -> dict[str, dict[str, Any]]:
    """`operations` by their id, `messages` of the live feed by their type; `problem`: the body of an error."""
    found: dict[str, dict[str, Any]] = json.loads(
        resources.files(__package__).joinpath("examples.json").read_text("utf-8")
    )
    return found
