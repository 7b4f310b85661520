"""`python -m scripts.fault_runs.skewed SECONDS run …`: the service with a clock that is wrong by so much.

Every module of the service uses `datetime` for the time; it is replaced by one with an error. Its values are real
datetimes, so nothing else is affected."""

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
    """isinstance accepts every datetime."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, datetime)


def wrong_by(skew: timedelta) -> type[datetime]:
    class Wrong(datetime, metaclass=Kind):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + skew

    return Wrong


def skew(seconds: float) -> None:
    """All modules are imported first, because only names that exist can be replaced."""
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
