"""Metres of a projected grid to degrees, by pyproj."""

from functools import lru_cache
from math import isfinite

from pyproj import Transformer
from pyproj.exceptions import CRSError, ProjError

from dispatch.intake.places.written import point
from geo import Point

# The Provisional South American Datum of 1956 in the zones of Ecuador, as older maps of the country use it.
PSAD56 = {(17, False): "EPSG:24877", (18, False): "EPSG:24878", (17, True): "EPSG:24817", (18, True): "EPSG:24818"}
LEAST_EASTING_M, MOST_EASTING_M, MOST_NORTHING_M = 100_000.0, 900_000.0, 10_000_000.0


def utm(zone: int, easting_m: float, northing_m: float, *, is_north: bool, is_old: bool = False) -> Point | None:
    """WGS 84, or PSAD 56 where `is_old`; None for what lies in no zone."""
    if not (1 <= zone <= 60 and LEAST_EASTING_M <= easting_m <= MOST_EASTING_M and 0 <= northing_m <= MOST_NORTHING_M):
        return None
    crs = PSAD56.get((zone, is_north)) if is_old else f"EPSG:{326 if is_north else 327}{zone:02d}"
    return projected(crs, easting_m, northing_m) if crs else None


def projected(crs: str, easting_m: float, northing_m: float) -> Point | None:
    try:
        lon, lat = _degrees(crs).transform(easting_m, northing_m)
    except (CRSError, ProjError):
        return None
    return point(round(lat, 7), round(lon, 7)) if isfinite(lat) and isfinite(lon) else None


@lru_cache(maxsize=64)
def _degrees(crs: str) -> Transformer:
    return Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
