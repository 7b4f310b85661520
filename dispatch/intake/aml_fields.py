"""What the two versions of an AML SMS and AML HTTPS have in common: a position told in separate fields."""

from dataclasses import dataclass, field
from datetime import datetime

from dispatch.intake.reading import METRES_A_DEGREE, altitude, fraction, radius
from dispatch.intake.unreadable import printable
from dispatch.number import decimal, decimals
from geo import Fix, Point, Source

FULL_DECIMALS = 5


@dataclass(slots=True)
class Told:
    """A message while it is read. `no_fix` is set where the phone itself says that it found no position."""

    flaws: list[str] = field(default_factory=list)
    no_fix: bool = False

    def flaw(self, key: str, problem: str) -> None:
        self.flaws.append(printable(f"{key}: {problem}"))


@dataclass(frozen=True, slots=True)
class Measured:
    """The fields of a position as written. `method` is None where the phone says that it has none."""

    lat: str | None
    lon: str | None
    radius: str | None
    confidence: float | None
    method: Source | None
    at: datetime | None
    altitude_m: float | None = None
    vertical_m: float | None = None


def measured_fix(told: Told, keys: tuple[str, str, str], measured: Measured) -> Fix | None:
    """The fix, or None with `told` saying why. `keys` are the format's names of latitude, longitude and radius.

    Whether there is a position is told by the method and the radius. Zeros alone are no sign: latitude 0 lies
    in the north of the district."""
    lat = _degrees(told, keys[0], measured.lat, 90)
    lon = _degrees(told, keys[1], measured.lon, 180)
    radius_m = _radius(told, keys[2], measured.radius)
    nothing_measured = measured.method is None or _is_none(measured.radius)
    zeros = not lat and not lon
    if zeros and (nothing_measured or (measured.method is Source.UNKNOWN and radius_m is None)):
        told.no_fix = nothing_measured or lat is not None or lon is not None
        return None
    if lat is None or lon is None:
        return None
    if measured.method is None:
        told.flaw(keys[0], "a position although the method is none, used")
    return Fix(
        source=measured.method or Source.UNKNOWN,
        point=Point(lat, lon),
        radius_m=_widened(told, radius_m, (keys[0], measured.lat), (keys[1], measured.lon)),
        confidence=measured.confidence if radius_m is not None else None,
        at=measured.at,
        altitude_m=altitude(measured.altitude_m),
        vertical_m=radius(measured.vertical_m),
    )


def confidence(told: Told, key: str, written: str | None) -> float | None:
    """Percent as a fraction; 0 goes with "no position" and says nothing."""
    if not written:
        return None
    percent = decimal(written)
    if percent is None or not 0 <= percent <= 100:
        told.flaw(key, "not a percentage, 95 % taken")
        return None
    return fraction(percent)


def _degrees(told: Told, key: str, written: str | None, most: float) -> float | None:
    if not written:
        told.flaw(key, "missing")
        return None
    value = decimal(written)
    if value is None:
        told.flaw(key, "not a number")
        return None
    if not -most <= value <= most:
        told.flaw(key, f"not between -{most} and {most}")
        return None
    if decimals(written) == 0 and value != 0:
        told.flaw(key, "cut off: no decimals")
        return None
    if "," in written:
        told.flaw(key, "a comma for the decimal point")
    return value


def _radius(told: Told, key: str, written: str | None) -> float | None:
    if not written or _is_none(written):
        return None
    metres = radius(decimal(written))
    if metres is None:
        told.flaw(key, "not a radius, the method's usual error taken")
    return metres


def _is_none(written: str | None) -> bool:
    return (written or "").strip().upper() == "N"


def _widened(told: Told, radius_m: float | None, *coordinates: tuple[str, str | None]) -> float | None:
    """Digits that were cut off are uncertainty: one step of the last digit kept is added to the radius."""
    key, written = min(coordinates, key=lambda each: decimals(each[1] or ""))
    kept = decimals(written or "")
    if kept >= FULL_DECIMALS or not decimal(written):
        return radius_m
    told.flaw(key, f"only {kept} decimals, radius widened")
    return (radius_m or 0) + METRES_A_DEGREE / float(10**kept)
