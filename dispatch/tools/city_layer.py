"""The layer of parishes in a city's folder."""

import json
from pathlib import Path

from dispatch.tools.unusable import Unusable
from geo import LayerError, Parishes

LAYER = "parishes.geojson"
DEFAULT_CRS = "EPSG:32717"


def parishes_of(folder: Path) -> Parishes:
    """Only the layer; the rest of the folder isn't checked. Raises Unusable."""
    file = folder / LAYER
    try:
        return Parishes.from_geojson(json.loads(file.read_bytes()), crs_of(folder) or DEFAULT_CRS)
    except OSError as error:
        raise Unusable(f"{file} can't be read: {error.strerror}") from error
    except LayerError as error:
        raise Unusable(f"{file} can't be used: {error}") from error
    except ValueError as error:
        raise Unusable(f"{file} can't be used: {error}") from error


def crs_of(folder: Path) -> str | None:
    """The city's projected reference system; None if it states none."""
    try:
        head = json.loads((folder / "city.json").read_bytes())
    except (OSError, ValueError):
        return None
    crs = head.get("crs") if isinstance(head, dict) else None
    return crs if isinstance(crs, str) else None


def layer_in_place(folder: Path) -> Parishes | None:
    """The layer of a folder, to complete another one from; None if there is none that can be used."""
    try:
        return parishes_of(folder)
    except Unusable:
        return None
