"""One position as a person's phone tells it, in whatever protocol; whose it is, is the key's to say."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from dispatch.intake.reading import LATEST
from dispatch.intake.unreadable import Problem, Unreadable

MOST_ACCURACY_M, MOST_SPEED_MPS = 1_000_000.0, 300.0


@dataclass(frozen=True, slots=True)
class DevicePosition:
    """`at` None: the device didn't say. `valid` False: the device itself doesn't vouch for it."""

    lat: float
    lon: float
    at: datetime | None = None
    heading_deg: float | None = None
    speed_mps: float | None = None
    accuracy_m: float | None = None
    valid: bool = True


def device_position(
    lat: float | None,
    lon: float | None,
    at: datetime | None,
    *,
    heading_deg: float | None,
    speed_mps: float | None,
    accuracy_m: float | None,
    valid: bool = True,
    problems: Iterable[Problem] = (),
) -> DevicePosition:
    """With what is no heading, speed or accuracy left out; phones say -1 for what they don't know, and with an accuracy
    below 0 that the whole fix is none. Raises Unreadable for what is on no earth, and with `problems` if there are."""
    wrong = list(problems)
    for field, degrees, most in (("lat", lat, 90), ("lon", lon, 180)):
        if degrees is not None and not -most <= degrees <= most:
            wrong.append(Problem(field, f"must be between -{most} and {most}"))
    if wrong or lat is None or lon is None:
        raise Unreadable(wrong or [Problem("lat", "is missing, or lon is")])
    return DevicePosition(
        lat,
        lon,
        at,
        heading_deg if heading_deg is not None and 0 <= heading_deg <= 360 else None,
        speed_mps if speed_mps is not None and 0 <= speed_mps <= MOST_SPEED_MPS else None,
        min(accuracy_m, MOST_ACCURACY_M) if accuracy_m is not None and accuracy_m > 0 else None,
        valid and not (accuracy_m is not None and accuracy_m < 0),
    )


def moment(seconds: float) -> datetime | None:
    """Seconds since 1970, also as a device counts them that was never told the time."""
    return datetime.fromtimestamp(seconds, UTC) if 0 <= seconds < LATEST.timestamp() else None
