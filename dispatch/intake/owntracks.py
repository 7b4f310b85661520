"""OwnTracks over HTTP: one JSON document a request, of which only locations are of use here."""

from datetime import datetime

import msgspec

from dispatch.intake.device_position import DevicePosition, device_position, moment
from dispatch.intake.json_values import Flaws, loads, number
from dispatch.intake.text_rules import decoded
from dispatch.intake.unreadable import Problem, Unreadable, unreadable

KMH_MPS = 1 / 3.6
MOST_BYTES = 65_536
# `tst` in seconds since 1970, `acc` in metres, `vel` in km/h, `cog` in degrees.
VALUES = ("lat", "lon", "tst", "acc", "vel", "cog")


class Message(msgspec.Struct, frozen=True):
    type: str = msgspec.field(name="_type", default="")


_message = msgspec.json.Decoder(Message)


def parse(body: bytes) -> DevicePosition | None:
    """The position; None for a message that holds none, such as a waypoint, or that is empty, as when a friend is
    deleted. Raises Unreadable, also for what is encrypted."""
    if not body.strip():
        return None
    text = decoded(body, most_bytes=MOST_BYTES)
    try:
        kind = _message.decode(text).type
        told = loads(text) if kind == "location" else {}
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _as_ours(error) from None
    except ValueError:
        raise unreadable("body", "is not JSON") from None
    except RecursionError:
        raise unreadable("body", "is nested too deeply") from None
    if kind == "encrypted":
        raise unreadable("_type", "is encrypted; leave the app's encryption key empty, the connection is encrypted")
    if kind != "location":
        return None
    flaws = Flaws()
    lat, lon, tst, acc, vel, cog = (number(flaws, name, told.get(name)) for name in VALUES)
    at = _at(tst, flaws)
    return device_position(
        lat,
        lon,
        at,
        heading_deg=cog,
        speed_mps=vel * KMH_MPS if vel is not None else None,
        accuracy_m=acc,
        # What the app would send again and again is taken; whoever looks at the trail sees that it isn't vouched for.
        valid=at is not None and not flaws.told,
        problems=[Problem(name, "must be a number") for name, value in (("lat", lat), ("lon", lon)) if value is None],
    )


def _at(tst: float | None, flaws: Flaws) -> datetime | None:
    """`tst` in seconds since 1970, or in milliseconds; None for what is no time."""
    found = moment(tst) if tst is not None else None
    if found is None and tst is not None:
        found = moment(tst / 1_000)
        flaws.add("tst", "milliseconds, or no time at all")
    return found


def _as_ours(error: Exception) -> Unreadable:
    """msgspec names the field at the end: "Expected `float`, got `bool` - at `$.lat`"."""
    said, _, path = str(error).partition(" - at `$.")
    return unreadable(path.rstrip("`") or "body", said)
