"""The last events, one after the other: each screen is only a place in this log, so nothing is kept twice for two."""

from collections import deque
from collections.abc import Sequence

from dispatch.live import frames
from dispatch.live.frame import Frame
from dispatch.store.journal import Entry


class TooSlow(Exception):
    """What a screen needs next is no longer here."""


class Recent:
    """`keep` events at most, up to and with number `seq`. A frame is made once for all screens at one place."""

    def __init__(self, *, seq: int, keep: int) -> None:
        self.seq = seq
        self._bodies: deque[str] = deque(maxlen=keep)
        self._frames: dict[int, Frame] = {}

    def add(self, entries: Sequence[Entry]) -> None:
        self._bodies.extend(entry.body for entry in entries)
        self.seq = entries[-1].event.seq
        self._frames.clear()

    def has_after(self, seq: int) -> bool:
        """Whether all events after `seq` are still here."""
        return seq >= self.seq - len(self._bodies)

    def since(self, seq: int) -> Frame:
        """A frame of all events after `seq`, of which there are some. Raises TooSlow."""
        if not self.has_after(seq):
            raise TooSlow
        frame = self._frames.get(seq)
        if frame is None:
            bodies = list(self._bodies)
            frame = self._frames[seq] = frames.events(bodies[seq - self.seq :])
        return frame
