"""A parish (parroquia): the smallest administrative area used here."""

from dataclasses import dataclass

from shapely.geometry import MultiPolygon
from shapely.geometry import Polygon as ShapelyPolygon


@dataclass(frozen=True, slots=True)
class Parish:
    """`polygon` is in degrees of WGS 84 (EPSG:4326), longitude first as GEOS has it; `population` is a census count."""

    code: str
    name: str
    kind: str
    population: int
    area_km2: float
    polygon: ShapelyPolygon | MultiPolygon
