"""A message to many screens: its bytes are made once for each wire form, for any number of screens."""

from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame as WireFrame
from websockets.frames import Opcode

# Below this, compression saves less than it costs.
DEFLATE_FROM_BYTES = 1_024


class Frame:
    __slots__ = ("_forms", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._forms: dict[int, bytes] = {}

    def on_wire(self, deflate: PerMessageDeflate | None) -> bytes:
        """A server frame of RFC 6455; with `deflate` compressed as in RFC 7692, each message without context."""
        bits = deflate.local_max_window_bits if deflate and len(self.text) >= DEFLATE_FROM_BYTES else 0
        form = self._forms.get(bits)
        if form is None:
            frame = WireFrame(Opcode.TEXT, self.text.encode())
            form = self._forms[bits] = frame.serialize(mask=False, extensions=[deflate] if deflate and bits else [])
        return form
