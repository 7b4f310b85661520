"""A fix that breaks the contract, read as far as it can be. A position counts whatever is wrong with its side values,
but for those with which a telephone says that it has none."""

import re
from datetime import tzinfo
from typing import Any

from dispatch.intake.json_values import Flaws, moment, number, shown, within
from dispatch.intake.places import Area, find
from dispatch.intake.reading import LARGEST_RADIUS_M
from geo import CellId, Fix, Point, Source

FIELDS = frozenset({"source", "lat", "lon", "radius_m", "confidence", "at", "altitude_m", "cell", "parish_code"})
# What other interfaces call the same.
NAMES = {
    "latitude": "lat",
    "lng": "lon",
    "long": "lon",
    "longitude": "lon",
    "accuracy": "radius_m",
    "accuracy_m": "radius_m",
    "horizontal_accuracy": "radius_m",
    "horizontalAccuracy": "radius_m",
    "radius": "radius_m",
    "timestamp": "at",
    "time": "at",
    "altitude": "altitude_m",
    "provider": "source",
}
SOURCES = {
    "gps": Source.GNSS,
    "gnss": Source.GNSS,
    "galileo": Source.GNSS,
    "glonass": Source.GNSS,
    "satellite": Source.GNSS,
    "wi-fi": Source.WIFI,
    "wlan": Source.WIFI,
    "gsm": Source.CELL,
    "lte": Source.CELL,
    "lbs": Source.CELL,
    "tower": Source.CELL,
    "civic": Source.ADDRESS,
    "pin": Source.REPORTED,
}
LARGEST_LAC, LARGEST_CID = 2**24 - 1, 2**36 - 1


def read(value: Any, path: str, flaws: Flaws, zone: tzinfo, area: Area | None) -> Fix | None:
    """None where it tells no place; why stands in the flaws."""
    if not isinstance(value, dict):
        fixes, _ = find(value, area) if isinstance(value, str) else ((), ())
        flaws.add(path, f"not an object but {shown(value)}, {'read as text' if fixes else 'not used'}")
        return fixes[0] if fixes else None
    told = _named(value, path, flaws)
    accuracy = number(flaws, f"{path}.radius_m", told.get("radius_m"))
    if accuracy is not None and accuracy < 0:
        place = f"{shown(told.get('lat'))}, {shown(told.get('lon'))}"
        flaws.add(path, f"an accuracy below 0 says that the position ({place}) is not valid, not used")
        return None
    point, cell = _point(told, path, flaws, area), _cell(told.get("cell"), f"{path}.cell", flaws)
    parish = _parish(told.get("parish_code"), f"{path}.parish_code", flaws)
    if point is None and cell is None and parish is None:
        flaws.add(path, "tells no place, not used")
        return None
    return Fix(
        source=_source(told.get("source"), f"{path}.source", flaws),
        point=point,
        radius_m=_radius(accuracy, f"{path}.radius_m", flaws),
        confidence=_confidence(told.get("confidence"), f"{path}.confidence", flaws),
        at=moment(flaws, f"{path}.at", told.get("at"), zone),
        altitude_m=within(flaws, f"{path}.altitude_m", told.get("altitude_m"), -12_000, 100_000),
        cell=cell,
        parish_code=parish,
    )


def _named(value: dict[str, Any], path: str, flaws: Flaws) -> dict[str, Any]:
    told = {name: each for name, each in value.items() if name in FIELDS}
    for name, each in value.items():
        if name in FIELDS:
            continue
        meant = NAMES.get(name)
        if meant is not None and told.get(meant) is None:
            told[meant] = each
            flaws.add(f"{path}.{meant}", f"is called {name}")
        else:
            flaws.add(f"{path}.{name[:40]!r}", f"unknown field, passed over: {shown(each)}")
    return told


def _point(told: dict[str, Any], path: str, flaws: Flaws, area: Area | None) -> Point | None:
    if told.get("lat") is None and told.get("lon") is None:
        return None
    said = len(flaws.told)
    lat, lon = number(flaws, f"{path}.lat", told.get("lat")), number(flaws, f"{path}.lon", told.get("lon"))
    if lat is None or lon is None:
        return _written(told, path, flaws, said, area)
    if abs(lat) <= 90 and abs(lon) <= 180:
        return Point(lat, lon)
    if abs(lat) <= 180 and abs(lon) <= 90 and (area is None or area.reaches(Point(lon, lat))):
        flaws.add(f"{path}.lat", f"leído como {lon:g}, {lat:g} (primero la longitud); confirme con quien llama")
        return Point(lon, lat)
    for field, value, most in (("lat", lat, 90), ("lon", lon, 180)):
        if abs(value) > most:
            flaws.add(f"{path}.{field}", f"{value:g} is not between -{most} and {most}, position not used")
    return None


def _written(told: dict[str, Any], path: str, flaws: Flaws, said: int, area: Area | None) -> Point | None:
    """Degrees and minutes in two texts, or both numbers in one."""
    parts = [told.get("lat"), told.get("lon")]
    words = ", ".join(part[:100] for part in parts if isinstance(part, str))
    fixes, _ = find(words, area) if words else ((), ())
    if fixes and fixes[0].point is not None and not any(isinstance(part, int | float) for part in parts):
        del flaws.told[said:]
        flaws.add(f"{path}.lat", f"{shown(words)} is a text, read as such")
        return fixes[0].point
    if any(part is None for part in parts):
        flaws.add(path, "lat and lon only tell something together")
    return None


def _source(value: Any, path: str, flaws: Flaws) -> Source:
    word = value.strip().lower()[:40] if isinstance(value, str) else ""
    if word in set(Source):
        return Source(word)
    if word in SOURCES:
        flaws.add(path, f"{shown(value)} is read as {SOURCES[word]}")
        return SOURCES[word]
    flaws.add(
        path, "missing, unknown taken" if value is None else f"{shown(value)} is none that we know, unknown taken"
    )
    return Source.UNKNOWN


def _radius(metres: float | None, path: str, flaws: Flaws) -> float | None:
    if metres is None or 0 < metres <= LARGEST_RADIUS_M:
        return metres
    flaws.add(path, f"{metres:g} is no radius, the usual error of the source taken")
    return None


def _confidence(value: Any, path: str, flaws: Flaws) -> float | None:
    part = number(flaws, path, value)
    if part is None or 0 < part <= 1:
        return part
    if 1 < part <= 100:
        flaws.add(path, f"{part:g} is read as per cent")
        return part / 100
    flaws.add(path, f"{part:g} is neither 0 to 1 nor per cent, 95 % taken")
    return None


def _cell(value: Any, path: str, flaws: Flaws) -> CellId | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        flaws.add(path, f"not an object but {shown(value)}, not used")
        return None
    mcc, mnc = (_digits(value.get(name), f"{path}.{name}", flaws) for name in ("mcc", "mnc"))
    lac = number(flaws, f"{path}.lac", value.get("lac"))
    cid = number(flaws, f"{path}.cid", value.get("cid"))
    if mcc is None or mnc is None or lac is None or cid is None:
        flaws.add(path, "needs mcc, mnc, lac and cid, not used")
        return None
    if not 0 <= lac <= LARGEST_LAC:
        flaws.add(f"{path}.lac", f"{lac:g} is no area, taken for unknown")
        lac = 0.0
    if not (0 <= cid <= LARGEST_CID and lac.is_integer() and cid.is_integer()):
        flaws.add(path, f"{lac:g}, {cid:g} is no cell, not used")
        return None
    return CellId(mcc, mnc, int(lac), int(cid))


def _digits(value: Any, path: str, flaws: Flaws) -> str | None:
    """The code of a country (3 digits) or of a network (2 or 3)."""
    is_country = path.endswith("mcc")
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 999:
        flaws.add(path, f"{value} is a number, read as digits")
        return f"{value:0{3 if is_country else 2}d}"
    if isinstance(value, str) and re.fullmatch("[0-9]{3}" if is_country else "[0-9]{1,3}", value.strip()):
        return value.strip().zfill(2)
    if value is not None:
        flaws.add(path, f"{shown(value)} is no code of a {'country' if is_country else 'network'}")
    return None


def _parish(value: Any, path: str, flaws: Flaws) -> str | None:
    if value is None:
        return None
    code = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if re.fullmatch("[A-Za-z0-9._-]{1,12}", code):
        return code
    flaws.add(path, f"{shown(value)} is no code of a parish, not used")
    return None
