"""The id of a report whose message carries none: a repeat of the message gets the same one."""

from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid4, uuid5

from dispatch.model.ids import COMPUTED, CallId
from dispatch.model.report import Caller, Channel

SPACE = UUID("3a0a1c9e-66a1-5b53-8f4a-7f6f1f0b9d11")


def repeatable(channel: Channel, caller: Caller, moment: datetime | str | None, message: str) -> CallId:
    """From channel, sender, moment (or the message's own number at its gateway) and a digest of the text.

    Without a moment nothing tells a repeat from a second cry for help in the same words. Then the id is a new one:
    two calls for one emergency can be joined, an emergency taken for a repeat is lost."""
    if moment is None:
        return CallId(uuid4())
    who = caller.number or caller.imei or caller.imsi or ""
    when = moment if isinstance(moment, str) else moment.isoformat()
    digest = sha256(message.strip().encode("utf-8", "surrogatepass")).hexdigest()
    return _computed(uuid5(SPACE, f"{channel}\n{who}\n{when}\n{digest}"))


def _computed(id: UUID) -> CallId:
    """Marked by its version, for it never becomes a call's id (`policy/calls/decide.py`)."""
    return CallId(UUID(int=id.int & ~(0xF << 76) | COMPUTED << 76))
