"""Installs a layer in a city's folder: complete or not at all, and only if the city can be loaded with it."""

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import Geod
from shapely.geometry import MultiPolygon, Polygon

from dispatch.city import CityError, load_city
from dispatch.tools.city_layer import LAYER
from dispatch.tools.layer import Layer
from dispatch.tools.unusable import Unusable
from geo import LayerError, Parishes
from geo.layer import write_layer
from geo.parish import Parish

BEFORE = f"{LAYER}.before"
FILES = (
    "city.json",
    "services.json",
    "agencies.json",
    "kinds.json",
    "natures.json",
    "stations.csv",
    "hospitals.csv",
    "fleet.csv",
)
WIDEST_DEG = 10.0
NO_KIND = "parish"
_ELLIPSOID = Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True)
class Installed:
    """`missing` are files that the city still lacks."""

    path: Path
    before: Path | None
    missing: tuple[str, ...]


def collection_of(layer: Layer) -> dict[str, Any]:
    """The layer as the service reads it. Raises Unusable with all problems that the loader would report."""
    parishes = [
        Parish(
            feature.code,
            feature.name,
            feature.kind or NO_KIND,
            feature.population or 0,
            round(abs(_ELLIPSOID.geometry_area_perimeter(feature.geometry)[0]) / 1e6, 3),
            feature.geometry,
        )
        for feature in layer.features
        if isinstance(feature.geometry, Polygon | MultiPolygon)
    ]
    _check_extent([parish.polygon for parish in parishes])
    collection = write_layer(sorted(parishes, key=lambda parish: parish.code))
    try:
        Parishes.from_geojson(collection, layer.projection.crs)
    except LayerError as error:
        raise Unusable("the layer can't be used:\n  " + "\n  ".join(error.problems)) from error
    return collection


def _check_extent(polygons: Sequence[Polygon | MultiPolygon]) -> None:
    """The index is made for a city: for half of the earth it would take hours."""
    west, south, east, north = shapely.total_bounds(np.array(polygons, dtype=object))
    if max(east - west, north - south) > WIDEST_DEG:
        raise Unusable(
            f"the layer extends over {max(east - west, north - south):.0f} degrees, which is more than a city"
        )


def install_layer(layer: Layer, folder: Path) -> Installed:
    """Raises Unusable if the city can't be loaded with it; the folder is then unchanged."""
    text = _text(collection_of(layer))
    folder.mkdir(parents=True, exist_ok=True)
    missing = tuple(name for name in FILES if not (folder / name).exists())
    _rehearse(folder, text, missing)
    path, before = folder / LAYER, folder / BEFORE
    try:
        if path.exists():
            _put(before, path.read_bytes())
        _put(path, text.encode())
    except OSError as error:
        raise Unusable(f"{path} can't be written: {error.strerror}") from error
    return Installed(path, before if before.exists() else None, missing)


def _rehearse(folder: Path, text: str, missing: tuple[str, ...]) -> None:
    """Load a copy of the city with the new layer. Problems that existed before are not the layer's."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        for file in FILES:
            if file not in missing:
                shutil.copy(folder / file, copy)
        (copy / LAYER).write_text(text, "utf-8")
        known = set(_problems(folder))
        problems = [said for said in _problems(copy) if said not in known and not said.startswith(missing)]
        if problems:
            raise Unusable("the city can't be loaded with this layer:\n  " + "\n  ".join(problems))


def _problems(folder: Path) -> tuple[str, ...]:
    try:
        load_city(folder)
    except CityError as error:
        return error.problems
    return ()


def _text(collection: dict[str, Any]) -> str:
    """One feature per line, so that two versions can be compared."""

    def line(feature: dict[str, Any]) -> str:
        return json.dumps(feature, ensure_ascii=False, separators=(",", ":"))

    features = ",\n".join(line(feature) for feature in collection["features"])
    return f'{{"type":"FeatureCollection","features":[\n{features}\n]}}\n'


def _put(path: Path, content: bytes) -> None:
    new = path.with_name(path.name + ".new")
    try:
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
