"""A report as it arrived, for all channels and formats."""

from dataclasses import dataclass
from enum import StrEnum

from dispatch.model.ids import CallId
from geo import Fix


class Channel(StrEnum):
    VOICE = "voice"
    SMS = "sms"
    APP = "app"
    AML = "aml"
    CHAT = "chat"
    WEB = "web"
    SENSOR = "sensor"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as far as known. Personal data: never logged, masked in events. `installation`: of the app, by an id
    that the app made."""

    number: str | None = None
    name: str | None = None
    imei: str | None = None
    imsi: str | None = None
    language: str | None = None
    installation: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """`id` is made by the client (or derived from the message by its format) and makes the call idempotent.
    `flaws` say what rules of its own format the message broke and was used all the same.

    `fixes_said`: the fixes as they were read, where `fixes` are what they most probably mean; by these a repetition is
    known, which comes at another time. None: nobody has asked yet what they mean."""

    id: CallId
    channel: Channel
    caller: Caller = Caller()
    nature: str | None = None
    text: str | None = None
    fixes: tuple[Fix, ...] = ()
    civic: dict[str, str] | None = None
    flaws: tuple[str, ...] = ()
    fixes_said: tuple[Fix, ...] | None = None


def masked(number: str | None) -> str | None:
    """The part of a number that events may contain: its country and its last three digits."""
    if number is None:
        return None
    country = number[:4] if number.startswith("+") else ""
    return f"{country} •••••{number[-3:]}".strip()
