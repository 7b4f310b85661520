"""The one exception of every parser in this folder."""

from collections.abc import Iterable
from dataclasses import dataclass

MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """`field` is the path of the offending part (`fixes.0.lat`; `body` for the whole), `problem` what is wrong."""

    field: str
    problem: str


class Unreadable(ValueError):
    """A message from which no report can be made. `problems` are never empty and at most MOST_PROBLEMS."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        told = tuple(problems)[:MOST_PROBLEMS]
        self.problems = tuple(Problem(printable(each.field), printable(each.problem)) for each in told)
        super().__init__("; ".join(f"{p.field}: {p.problem}" for p in self.problems))


def printable(text: str) -> str:
    """What a message says of itself may be shown and kept, whatever bytes it came with."""
    return "".join(char if char.isprintable() else "?" for char in text) or "?"


def unreadable(field: str, problem: str) -> Unreadable:
    return Unreadable([Problem(field, problem)])
