"""Codes in short links that hold the position themselves: Organic Maps, OpenStreetMap, geohashes."""

from dispatch.intake.places.written import Written, one, point
from geo import Source

GE0 = {char: value for value, char in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")}
OSM = {char: value for value, char in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_~")}
GEOHASH = {char: value for value, char in enumerate("0123456789bcdefghjkmnpqrstuvwxyz")}
GE0_BITS = 30
OSM_BITS = 32


def ge0(code: str) -> Written | None:
    """Of Organic Maps, CoMaps and Maps.me: a letter for the zoom, then three bits of each axis a letter, by turns."""
    letters = code[1:10]
    if not len(letters) >= 2 or any(char not in GE0 for char in code[:10]) or len(code) > 10:
        return None
    lat = lon = 0
    for char in letters:
        lat, lon = _turns(GE0[char], 6, (lat, lon))
    left = GE0_BITS - 3 * len(letters)
    lat, lon = ((each << left) + (1 << left >> 1) for each in (lat, lon))
    place = point(lat / ((1 << GE0_BITS) - 1) * 180 - 90, lon / (1 << GE0_BITS) * 360 - 180)
    return one(place, 180.0 / 8.0 ** len(letters)) if place is not None else None


def osm(code: str, *, is_pin: bool) -> Written | None:
    """Of `osm.org/go/`: three bits of each axis a letter, longitude first; signs at the end tell only the zoom."""
    letters = code.replace("@", "~").rstrip("-=")
    if not 2 <= len(letters) <= 12 or any(char not in OSM for char in letters):
        return None
    lat = lon = 0
    for char in letters:
        lon, lat = _turns(OSM[char], 6, (lon, lat))
    bits = 3 * len(letters)
    place = point(((lat + 0.5) / 2**bits) * 180 - 90, ((lon + 0.5) / 2**bits) * 360 - 180)
    if place is None:
        return None
    return one(place, 360.0 / 2**bits, source=one(place, 0.0).source if is_pin else Source.UNKNOWN)


def geohash(code: str) -> Written | None:
    """Bits of longitude and latitude by turns, longitude first."""
    if not 5 <= len(code) <= 12 or any(char not in GEOHASH for char in code):
        return None
    bits = "".join(f"{GEOHASH[char]:05b}" for char in code)
    lon, lat = (int(each, 2) + 0.5 for each in (bits[0::2], bits[1::2]))
    rows, columns = 2 ** len(bits[1::2]), 2 ** len(bits[0::2])
    place = point(lat / rows * 180 - 90, lon / columns * 360 - 180)
    return one(place, 180.0 / rows) if place is not None else None


def _turns(value: int, bits: int, axes: tuple[int, int]) -> tuple[int, int]:
    """The bits of `value`, the highest first, to the two axes by turns."""
    first, second = axes
    for bit in range(bits - 1, 0, -2):
        first = first << 1 | value >> bit & 1
        second = second << 1 | value >> (bit - 1) & 1
    return first, second
