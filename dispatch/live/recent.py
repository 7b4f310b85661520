"""The last events in one log. Each screen is a position in it, so nothing is stored for each screen."""

from collections import deque
from collections.abc import Sequence

from dispatch.live import frames
from dispatch.live.frame import Frame
from dispatch.store.journal import Entry


class TooSlow(Exception):
    """The event that a screen needs next is no longer here."""


class Recent:
    """At most `keep` events, up to number `seq`. A frame is made once for all screens at one position."""

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
        """A frame of all events after `seq`; there must be some. Raises TooSlow."""
        if not self.has_after(seq):
            raise TooSlow
        frame = self._frames.get(seq)
        if frame is None:
            bodies = list(self._bodies)
            frame = self._frames[seq] = frames.events(bodies[seq - self.seq :])
        return frame
