"""Reads a layer of polygons in any format that GDAL reads: GeoJSON, GeoPackage, a Shapefile or a zip of one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import isfinite
from pathlib import Path, PurePosixPath
from typing import Any
from zipfile import BadZipFile, ZipFile

import geopandas
import numpy as np
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely.geometry.base import BaseGeometry

from dispatch.tools.faults import Fault, FaultKind
from dispatch.tools.layer import Feature, Layer, metres_crs, on_grid
from dispatch.tools.layer_completion import folded
from dispatch.tools.unusable import Unusable
from geo import Projection

WGS84 = "EPSG:4326"
# Without accents, in lower case, with "_" between words; a Shapefile keeps the first ten letters.
_USUAL = {
    "code": (
        "code",
        "dpa_parroq",
        "dpa_parroquia",
        "codigo",
        "codigo_parroquia",
        "cod_parroquia",
        "cod_parroq",
        "cod_parr",
        "codparroq",
        "codigo_dpa",
        "cod_dpa",
        "cod",
        "id",
    ),
    "name": (
        "name",
        "dpa_despar",
        "nombre",
        "nombre_parroquia",
        "nom_parroquia",
        "nom_parroq",
        "nom_parr",
        "parroquia",
        "desc_parroquia",
    ),
    "kind": ("kind", "tipo", "tipo_parroquia", "type", "clase", "zona", "area_tipo"),
    "population": (
        "population_2022",
        "population",
        "poblacion_2022",
        "poblacion",
        "pob_2022",
        "pob_total",
        "pob",
        "habitantes",
    ),
}
_SHAPEFILE_LETTERS = 10
_LAYER_SUFFIXES = {".shp", ".gpkg", ".geojson", ".json", ".fgb", ".kml"}


@dataclass(frozen=True, slots=True)
class Fields:
    """The layer's field names; None: the usual names."""

    code: str | None = None
    name: str | None = None
    kind: str | None = None
    population: str | None = None


def read_layer_file(
    file: Path,
    given: Fields,
    *,
    metres: str | None = None,
    from_crs: str | None = None,
    encoding: str | None = None,
) -> tuple[Layer, tuple[Fault, ...]]:
    """The layer in degrees, and the faults found on the way. `metres` is the projected system to measure in (the UTM
    zone of its centre if None), `from_crs` the one of a file that doesn't state its own.

    Raises Unusable for a file that can't be read, or lacks a field that was named."""
    table = _read(file, encoding)
    names = _fields(given, [name for name in table.columns if name != table.geometry.name])
    geometries = [None if shape is None or shape.is_empty else shapely.force_2d(shape) for shape in table.geometry]
    crs, faults = _crs(table.crs, from_crs, geometries)
    if crs != CRS(WGS84):
        geometries = _to_degrees(geometries, crs)
    geometries = [geometry and on_grid(geometry) for geometry in geometries]
    columns = {field: table[name].tolist() if name else [None] * len(table) for field, name in names.items()}
    features = tuple(
        Feature(
            number,
            _text(columns["code"][number]),
            _text(columns["name"][number]),
            _text(columns["kind"][number]),
            _count(columns["population"][number]),
            geometry,
        )
        for number, geometry in enumerate(geometries)
    )
    known = [geometry for geometry in geometries if geometry is not None]
    if not known:
        raise Unusable(f"{file} has no feature with a geometry")
    return Layer(features, Projection(metres or metres_crs(known))), faults


def _read(file: Path, encoding: str | None) -> Any:
    if not file.exists():
        raise Unusable(f"there is no file {file}")
    options = {"encoding": encoding} if encoding else {}
    try:
        source = _unzipped(file)
        layers = geopandas.list_layers(source)
        with_geometry = layers.loc[layers["geometry_type"].notna(), "name"].tolist()
        if len(with_geometry) != 1:
            raise Unusable(f"{file} must have one layer with geometry, not {', '.join(with_geometry) or 'none'}")
        return geopandas.read_file(source, layer=with_geometry[0], on_invalid="ignore", **options)
    except (OSError, ValueError, LookupError, RuntimeError, BadZipFile) as error:
        raise Unusable(f"{file} can't be read as a layer: {error}") from error


def _unzipped(file: Path) -> str:
    """GDAL's path of the only layer in a zip, in any folder of it; else the file itself."""
    if file.suffix.lower() != ".zip":
        return str(file)
    with ZipFile(file) as opened:
        names = [name for name in opened.namelist() if not name.startswith("__MACOSX/")]
    layers = [name for name in names if PurePosixPath(name).suffix.lower() in _LAYER_SUFFIXES]
    return f"/vsizip/{file.resolve()}/{layers[0]}" if len(layers) == 1 else str(file)


def _fields(given: Fields, names: Sequence[str]) -> dict[str, str | None]:
    lowered = {name.lower(): name for name in names}
    plain = {_plain(name): name for name in names}
    found: dict[str, str | None] = {}
    for field in (field.name for field in fields(given)):
        name = getattr(given, field)
        if name is not None and name.lower() not in lowered:
            raise Unusable(f"there is no field {name!r} for --{field}-field; there are {', '.join(names) or 'none'}")
        found[field] = lowered[name.lower()] if name is not None else _usual(field, plain)
    return found


def _usual(field: str, plain: dict[str, str]) -> str | None:
    usual = _USUAL[field]
    whole_or_cut = (*usual, *(name[:_SHAPEFILE_LETTERS] for name in usual))
    return next((plain[name] for name in whole_or_cut if name in plain), None)


def _plain(name: str) -> str:
    return re.sub(r"\W+", "_", folded(name))


def _crs(
    declared: CRS | None, said: str | None, geometries: Sequence[BaseGeometry | None]
) -> tuple[CRS, tuple[Fault, ...]]:
    if said is not None:
        try:
            return CRS.from_user_input(said), ()
        except CRSError as error:
            raise Unusable(f"--from-crs {said!r} is not a known reference system") from error
    if declared is not None:
        return CRS.from_user_input(declared), ()
    bounds = shapely.total_bounds(np.array([shape for shape in geometries if shape is not None], dtype=object))
    degrees = np.all(np.abs(bounds) <= [180, 90, 180, 90])
    what = "none is stated; degrees are assumed" if degrees else "none is stated, and the coordinates are not degrees"
    fault = Fault(FaultKind.REFERENCE_SYSTEM, "layer", f"{what}; state it with --from-crs")
    return CRS(WGS84), (fault,)


def _to_degrees(geometries: list[BaseGeometry | None], crs: CRS) -> list[BaseGeometry | None]:
    moved = geopandas.GeoSeries(geometries, crs=crs).to_crs(WGS84)
    return [None if shape is None or not np.isfinite(shape.bounds).all() else shape for shape in moved]


def _text(value: object) -> str:
    """A code that was stored as a number becomes its digits."""
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _count(value: object) -> int | None:
    try:
        number = float(value) if isinstance(value, int | float | str | np.number) else float("nan")
    except ValueError:
        return None
    return int(number) if isfinite(number) and number >= 0 and number.is_integer() else None
