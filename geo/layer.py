"""A parish layer as GeoJSON: reading, with every problem by feature and field, and writing."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import shapely
from pyproj import Geod
from shapely.errors import ShapelyError
from shapely.geometry import MultiPolygon, mapping, shape
from shapely.geometry import Polygon as ShapelyPolygon

from geo.parish import Parish

_ELLIPSOID = Geod(ellps="WGS84")


class LayerError(ValueError):
    """A layer that can't be used; `problems` lists all problems, each as "feature: field: problem"."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


@dataclass(slots=True)
class _Feature:
    """One feature being read: collects its problems."""

    number: int
    properties: dict[str, Any]
    problems: list[str]

    def wrong(self, field: str, what: str) -> None:
        code = self.properties.get("code")
        named = f" ({code})" if isinstance(code, str) and code else ""
        self.problems.append(f"feature {self.number}{named}: {field}: {what}")

    def text(self, field: str) -> str:
        value = self.properties.get(field)
        if isinstance(value, str) and value.strip():
            return value.strip()
        self.wrong(field, "is missing" if value is None else f"must be a non-empty string, not {value!r}")
        return ""

    def count(self, field: str) -> int:
        value = self.properties.get(field)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        self.wrong(field, "is missing" if value is None else f"must be a whole number from 0, not {value!r}")
        return 0

    def area_km2(self, polygon: ShapelyPolygon | MultiPolygon | None) -> float:
        """As given, or measured on the ellipsoid if the layer doesn't state it."""
        value = self.properties.get("area_km2")
        if value is None:
            return round(abs(_ELLIPSOID.geometry_area_perimeter(polygon)[0]) / 1e6, 3) if polygon else 0.0
        if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value > 0:
            return float(value)
        self.wrong("area_km2", f"must be a number above 0, not {value!r}")
        return 0.0


def read_layer(collection: object) -> tuple[Parish, ...]:
    """The parishes of a FeatureCollection in EPSG:4326, ordered by code. Raises LayerError."""
    features = collection.get("features") if isinstance(collection, dict) else None
    if not isinstance(collection, dict) or collection.get("type") != "FeatureCollection":
        raise LayerError(["layer: type: must be FeatureCollection"])
    if not isinstance(features, list) or not features:
        raise LayerError(["layer: features: must be a list with at least one feature"])
    problems: list[str] = []
    parishes = [_read_feature(number, feature, problems) for number, feature in enumerate(features)]
    first_with: dict[str, int] = {}
    for number, parish in enumerate(parishes):
        if parish and parish.code and first_with.setdefault(parish.code, number) != number:
            problems.append(f"feature {number} ({parish.code}): code: feature {first_with[parish.code]} has it already")
    if problems:
        raise LayerError(problems)
    return tuple(sorted((parish for parish in parishes if parish), key=lambda parish: parish.code))


def _read_feature(number: int, feature: object, problems: list[str]) -> Parish | None:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        problems.append(f"feature {number}: type: must be Feature")
        return None
    properties = feature.get("properties")
    reader = _Feature(number, properties if isinstance(properties, dict) else {}, problems)
    if not isinstance(properties, dict):
        reader.wrong("properties", "must be an object")
        return None
    polygon = _read_polygon(reader, feature.get("geometry"))
    return Parish(
        reader.text("code"),
        reader.text("name"),
        reader.text("kind"),
        reader.count("population_2022"),
        reader.area_km2(polygon),
        polygon or ShapelyPolygon(),
    )


def _read_polygon(reader: _Feature, geometry: object) -> ShapelyPolygon | MultiPolygon | None:
    if not isinstance(geometry, dict) or geometry.get("type") not in ("Polygon", "MultiPolygon"):
        reader.wrong("geometry", "must be a Polygon or MultiPolygon")
        return None
    coordinates = geometry.get("coordinates")
    polygons = [coordinates] if geometry["type"] == "Polygon" else coordinates
    wrong = _wrong_coordinates(polygons)
    if wrong:
        reader.wrong("geometry", wrong)
        return None
    try:
        polygon = shape(geometry)
    except (ShapelyError, ValueError, TypeError, IndexError) as error:
        reader.wrong("geometry", f"is not a polygon: {error}")
        return None
    if polygon.is_empty or not polygon.is_valid:
        reader.wrong(
            "geometry", "is empty" if polygon.is_empty else f"is not valid: {shapely.is_valid_reason(polygon)}"
        )
        return None
    assert isinstance(polygon, ShapelyPolygon | MultiPolygon)
    return polygon


def _wrong_coordinates(polygons: object) -> str | None:
    """The first problem of the nested lists: one bad number often causes many."""
    if not isinstance(polygons, list | tuple) or not polygons:
        return "coordinates must be a list of rings"
    for rings in polygons:
        if not isinstance(rings, list | tuple) or not rings:
            return "coordinates must be a list of rings"
        for number, ring in enumerate(rings):
            if not isinstance(ring, list | tuple) or len(ring) < 4:
                return f"ring {number} must have at least 4 positions"
            for place, position in enumerate(ring):
                wrong = _wrong_position(position)
                if wrong:
                    return f"ring {number}, position {place}: {wrong}"
            if tuple(ring[0][:2]) != tuple(ring[-1][:2]):
                return f"ring {number} must end where it begins"
    return None


def _wrong_position(position: object) -> str | None:
    if not isinstance(position, list | tuple) or len(position) < 2:
        return "must be longitude and latitude"
    for name, value, limit in (("longitude", position[0], 180), ("latitude", position[1], 90)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or abs(value) > limit:
            return f"{name} must be a number from -{limit} to {limit}, not {value!r}"
    return None


def write_layer(parishes: Sequence[Parish]) -> dict[str, Any]:
    """A GeoJSON FeatureCollection with the same fields that `read_layer` reads."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {
                    "code": parish.code,
                    "name": parish.name,
                    "kind": parish.kind,
                    "population_2022": parish.population,
                    "area_km2": parish.area_km2,
                },
                "geometry": mapping(parish.polygon),
            }
            for parish in parishes
        ],
    }
