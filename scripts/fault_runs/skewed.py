"""`python -m scripts.fault_runs.skewed SECONDS run …`: the service with a clock that is wrong by so much.

Every module of the service asks `datetime` for the time; each is given one that is wrong. What it makes are true
datetimes, so that nothing else can tell."""

import sys
import time
from datetime import datetime, timedelta, tzinfo
from importlib import import_module
from types import ModuleType
from typing import Any

from dispatch.cli import main

HOUSES = ("dispatch", "geo")
ROOMS = ("dispatch.app", "dispatch.serve")


class Kind(type(datetime)):  # type: ignore[misc]  # the metaclass of a class
    """Every datetime is one of these."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, datetime)


def wrong_by(skew: timedelta) -> type[datetime]:
    class Wrong(datetime, metaclass=Kind):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + skew

    return Wrong


def skew(seconds: float) -> None:
    """The whole house is imported first: what a module has bound can be exchanged only then."""
    for room in ROOMS:
        import_module(room)
    wrong, true_time = wrong_by(timedelta(seconds=seconds)), time.time
    for module in _ours():
        if getattr(module, "datetime", None) is datetime:
            module.datetime = wrong  # type: ignore[attr-defined]
    time.time = lambda: true_time() + seconds


def _ours() -> list[ModuleType]:
    return [module for name, module in list(sys.modules.items()) if name.split(".")[0] in HOUSES]


if __name__ == "__main__":
    skew(float(sys.argv.pop(1)))
    main()
