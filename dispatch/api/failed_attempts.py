"""Wrong keys, cookies and codes, counted by where they come from: who guesses is not heard for a while."""

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from time import monotonic

from dispatch.errors import TooManyTries

MOST = 30
WITHIN_S = 60.0
MOST_PLACES = 10_000
MOST_RIGHT = 100_000


class FailedAttempts:
    """A key that was right once is heard from anywhere: phones behind one address don't lock each other out. When it is
    so no more, that alone is no guess: consoles whose sessions have ended don't lock each other out either."""

    def __init__(self, most: int = MOST, within_s: float = WITHIN_S) -> None:
        self._most = most
        self._within_s = within_s
        self._wrong: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._right: OrderedDict[bytes, None] = OrderedDict()

    def check(self, address: str, digest: bytes) -> None:
        """Raises TooManyTries."""
        since, wrong = self._wrong.get(_place(address), (0.0, 0))
        if wrong >= self._most and monotonic() - since < self._within_s and digest not in self._right:
            raise TooManyTries("too many wrong keys from this address; try again in a minute")

    def right(self, digest: bytes) -> None:
        self._right[digest] = None
        if len(self._right) > MOST_RIGHT:
            self._right.popitem(last=False)

    def wrong(self, address: str, digest: bytes) -> None:
        if digest in self._right:
            del self._right[digest]
            return
        place, now = _place(address), monotonic()
        since, wrong = self._wrong.pop(place, (now, 0))
        self._wrong[place] = (since, wrong + 1) if now - since < self._within_s else (now, 1)
        if len(self._wrong) > MOST_PLACES:
            self._wrong.popitem(last=False)


def _place(address: str) -> str:
    """An address, of IPv6 its first half: the other is its owner's to choose."""
    try:
        whole = ip_address(address)
    except ValueError:
        return address
    return whole.exploded[:19] if isinstance(whole, IPv6Address) else address
