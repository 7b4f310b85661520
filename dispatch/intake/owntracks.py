"""OwnTracks over HTTP: one JSON document a request, of which only locations are of use here."""

from typing import Annotated

import msgspec
from msgspec import Meta

from dispatch.intake.device_position import DevicePosition, device_position, moment
from dispatch.intake.unreadable import Problem, Unreadable, unreadable

KMH_MPS = 1 / 3.6


class Message(msgspec.Struct, frozen=True):
    type: str = msgspec.field(name="_type", default="")


class Location(msgspec.Struct, frozen=True):
    """`acc` in metres, `vel` in km/h, `cog` in degrees, `tst` in seconds since 1970."""

    lat: Annotated[float, Meta(ge=-90, le=90)]
    lon: Annotated[float, Meta(ge=-180, le=180)]
    tst: float
    acc: float | None = None
    vel: float | None = None
    cog: float | None = None


_message = msgspec.json.Decoder(Message)
_location = msgspec.json.Decoder(Location)


def parse(body: bytes) -> DevicePosition | None:
    """The position; None for a message that holds none, such as a waypoint, or that is empty, as when a friend is
    deleted. Raises Unreadable, also for what is encrypted."""
    if not body.strip():
        return None
    try:
        kind = _message.decode(body).type
        if kind == "encrypted":
            raise unreadable("_type", "is encrypted; leave the app's encryption key empty, the connection is encrypted")
        if kind != "location":
            return None
        told = _location.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _as_ours(error) from None
    except RecursionError:
        raise unreadable("body", "is nested too deeply") from None
    at = moment(told.tst)
    return device_position(
        told.lat,
        told.lon,
        at,
        heading_deg=told.cog,
        speed_mps=told.vel * KMH_MPS if told.vel is not None else None,
        accuracy_m=told.acc,
        problems=() if at is not None else [Problem("tst", "must be seconds since 1970")],
    )


def _as_ours(error: Exception) -> Unreadable:
    """msgspec names the field at the end: "Expected `float`, got `bool` - at `$.lat`"."""
    said, _, path = str(error).partition(" - at `$.")
    return unreadable(path.rstrip("`") or "body", said)
