"""Faults of single geometries, and features that are far from the others. All in degrees."""

import re
from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from dispatch.tools.faults import Fault, FaultKind, Severity
from dispatch.tools.layer import Feature, Layer

_TOUCHING_DEG = 0.01  # about a kilometre: features closer than this belong together
_INHABITED_LAT = 72.0
_PLACE = re.compile(r"\[(\S+) (\S+)\]")
POLYGONS = ("Polygon", "MultiPolygon")


def shape_faults(layer: Layer) -> Iterator[Fault]:
    for feature in layer.features:
        yield from _own_faults(feature)
    yield from _misplaced(layer)


def can_be_measured(layer: Layer, faults: Sequence[Fault]) -> tuple[Feature, ...]:
    """The features with a polygon at a plausible place."""
    kinds = (FaultKind.NO_GEOMETRY, FaultKind.NOT_POLYGON, FaultKind.NOT_DEGREES, FaultKind.SWAPPED)
    out = {number for fault in faults if fault.kind in kinds for number in fault.features}
    return tuple(feature for feature in layer.features if feature.number not in out)


def swapped(geometry: BaseGeometry) -> BaseGeometry:
    return shapely.transform(geometry, lambda places: places[:, ::-1])


def _own_faults(feature: Feature) -> Iterator[Fault]:
    where, number, geometry = str(feature), (feature.number,), feature.geometry
    if geometry is None:
        yield Fault(FaultKind.NO_GEOMETRY, where, "is missing or unreadable", number)
    elif geometry.geom_type not in POLYGONS:
        yield Fault(FaultKind.NOT_POLYGON, where, f"must be a polygon, not a {geometry.geom_type}", number)
    elif not geometry.is_valid:
        reason = shapely.is_valid_reason(geometry)
        place = _PLACE.search(reason)
        lat, lon = (float(place[2]), float(place[1])) if place else (None, None)
        yield Fault(FaultKind.INVALID, where, _PLACE.sub("", reason).strip().lower(), number, lat=lat, lon=lon)
    elif geometry.area == 0:
        yield Fault(FaultKind.INVALID, where, "has no area", number)
    elif geometry.geom_type == "MultiPolygon" and len(shapely.get_parts(geometry)) > 1:
        count = len(shapely.get_parts(geometry))
        yield Fault(FaultKind.PIECES, where, f"has {count} pieces", number, Severity.NOTICE)


def _misplaced(layer: Layer) -> Iterator[Fault]:
    polygons = [f for f in layer.features if f.geometry is not None and f.geometry.geom_type in POLYGONS]
    on_earth = []
    for feature in polygons:
        assert feature.geometry is not None
        wrong = _not_degrees(feature, feature.geometry)
        if wrong:
            yield wrong
        else:
            on_earth.append(feature)
    if not on_earth:
        return
    main, others = _groups(on_earth)
    box = shapely.box(*_bounds(main))
    middle = shapely.centroid(box)
    if abs(middle.y) > _INHABITED_LAT and abs(middle.x) <= _INHABITED_LAT:
        for feature in main:
            what = f"lies at latitude {middle.y:.1f}, where nobody lives: latitude and longitude are swapped"
            yield Fault(FaultKind.SWAPPED, str(feature), what, (feature.number,))
    diagonal = float(np.hypot(box.bounds[2] - box.bounds[0], box.bounds[3] - box.bounds[1]))
    for feature in others:
        yield _apart(feature, box, diagonal)


def _not_degrees(feature: Feature, geometry: BaseGeometry) -> Fault | None:
    west, south, east, north = geometry.bounds
    x, y = max(abs(west), abs(east)), max(abs(south), abs(north))
    if x <= 180 and y <= 90:
        return None
    if y <= 180 and x <= 90:
        what = f"its latitudes reach {y:.1f}: latitude and longitude are swapped"
        return Fault(FaultKind.SWAPPED, str(feature), what, (feature.number,))
    what = f"{west:,.1f}, {south:,.1f} are not degrees; state the reference system with --from-crs"
    return Fault(FaultKind.NOT_DEGREES, str(feature), what, (feature.number,))


def _groups(features: Sequence[Feature]) -> tuple[list[Feature], list[Feature]]:
    """The largest group of features that belong together, and the rest."""
    geometries = np.array([feature.geometry for feature in features], dtype=object)
    boxes = np.array([shapely.box(*bounds) for bounds in shapely.bounds(geometries)], dtype=object)
    one, other = shapely.STRtree(boxes).query(boxes, predicate="dwithin", distance=_TOUCHING_DEG)
    group = np.arange(len(features))
    while True:  # each feature takes the least number of those it touches, until nothing changes
        least = group.copy()
        np.minimum.at(least, one, group[other])
        if np.array_equal(least, group):
            break
        group = least
    largest = np.bincount(group).argmax()
    return (
        [feature for feature, number in zip(features, group, strict=True) if number == largest],
        [feature for feature, number in zip(features, group, strict=True) if number != largest],
    )


def _bounds(features: Sequence[Feature]) -> tuple[float, float, float, float]:
    west, south, east, north = shapely.total_bounds(np.array([f.geometry for f in features], dtype=object))
    return float(west), float(south), float(east), float(north)


def _apart(feature: Feature, box: BaseGeometry, diagonal: float) -> Fault:
    assert feature.geometry is not None
    away = float(shapely.distance(feature.geometry, box))
    number = (feature.number,)
    if away > diagonal and shapely.intersects(swapped(shapely.centroid(feature.geometry)), box):
        what = "is where the others are once its latitude and longitude are swapped"
        return Fault(FaultKind.SWAPPED, str(feature), what, number)
    severity = Severity.WRONG if away > diagonal else Severity.NOTICE
    point = shapely.point_on_surface(polygon) if (polygon := feature.geometry).is_valid else polygon.centroid
    what = f"touches none of the others, and is {away:.2f} degrees away from where most of them are"
    return Fault(FaultKind.APART, str(feature), what, number, severity, lat=round(point.y, 6), lon=round(point.x, 6))
