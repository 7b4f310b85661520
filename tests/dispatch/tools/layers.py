"""Small layers, sound and broken, as real files: four parishes of 0.02 degrees side by side, two by two."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas
from shapely.geometry import MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from dispatch.tools.faults import Fault
from dispatch.tools.layer_check import check_layer
from dispatch.tools.layer_file import Fields, read_layer_file

WEST, SOUTH, SIDE = -78.52, -0.24, 0.02
M2_A_PARISH = 2_211.5 * 2_226.4  # of SIDE by SIDE at the equator, on the ellipsoid


def square(column: float, row: float, width: float = 1, height: float = 1) -> Polygon:
    """In sides of a parish, from the south-west corner of the layer."""
    west, south = WEST + column * SIDE, SOUTH + row * SIDE
    return box(west, south, west + width * SIDE, south + height * SIDE)


def corners(*places: tuple[float, float]) -> Polygon:
    return Polygon([(WEST + x * SIDE, SOUTH + y * SIDE) for x, y in places])


SOUND: tuple[BaseGeometry, ...] = (square(0, 0), square(1, 0), square(0, 1), square(1, 1))


def table(geometries: Sequence[BaseGeometry | None] = SOUND, **fields: Sequence[Any]) -> Any:
    count = len(geometries)
    usual = {
        "code": [f"1701{number:02}" for number in range(count)],
        "name": [f"Parroquia {'ABCDEFGH'[number]}" for number in range(count)],
        "kind": ["urban"] * count,
        "population_2022": [1000 + number for number in range(count)],
    }
    return geopandas.GeoDataFrame({**usual, **fields}, geometry=list(geometries), crs="EPSG:4326")


def write(frame: Any, path: Path) -> Path:
    """As the suffix says; .zip is a zipped Shapefile."""
    if path.suffix != ".zip":
        frame.to_file(path)
        return path
    folder = path.with_suffix("")
    folder.mkdir()
    frame.to_file(folder / "layer.shp", encoding="utf-8")
    shutil.make_archive(str(folder), "zip", folder)
    return path


def faults_of(path: Path, fields: Fields | None = None, **options: str) -> tuple[Fault, ...]:
    layer, found = read_layer_file(path, fields or Fields(), **options)
    return check_layer(layer, found)


def told(faults: Sequence[Fault]) -> list[tuple[str, tuple[int, ...]]]:
    return [(fault.kind, fault.features) for fault in faults]


def pieces(*polygons: Polygon) -> MultiPolygon:
    return MultiPolygon(polygons)
