"""One time for each of many keys, with quick access to the earliest."""

from collections.abc import Hashable
from datetime import datetime
from heapq import heappop, heappush
from itertools import count
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Deadlines(Generic[Key]):
    """A heap; replaced entries are dropped when they reach the top."""

    def __init__(self) -> None:
        self._moments: dict[Key, datetime] = {}
        self._heap: list[tuple[datetime, int, Key]] = []
        self._order = count()

    def __len__(self) -> int:
        return len(self._moments)

    def set(self, key: Key, moment: datetime | None) -> None:
        """None: there is no deadline for this key any more."""
        if moment is None:
            self._moments.pop(key, None)
        elif self._moments.get(key) != moment:
            self._moments[key] = moment
            heappush(self._heap, (moment, next(self._order), key))

    def soonest(self) -> datetime | None:
        while self._heap and self._moments.get(self._heap[0][2]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take_due(self, at: datetime) -> list[Key]:
        """The keys whose time has come, earliest first. They are removed here."""
        due = []
        while (moment := self.soonest()) is not None and moment <= at:
            key = heappop(self._heap)[2]
            del self._moments[key]
            due.append(key)
        return due
