"""What the documents say in words, from `words.toml`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Words:
    """`operations`: by id, a summary and a description."""

    about: str
    tags: dict[str, str]
    operations: dict[str, tuple[str, str]]


@cache
def words() -> Words:
    said: dict[str, Any] = tomllib.loads(resources.files(__package__).joinpath("words.toml").read_text("utf-8"))
    operations = {
        name: (of["summary"], of["description"].format(**said["shared"])) for name, of in said["operations"].items()
    }
    return Words(said["about"], said["tags"], operations)
