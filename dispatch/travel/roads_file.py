"""A street network in a file, with the contraction that makes searches fast."""

import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.travel.unusable import RoadsFileError
from geo.contraction import Contraction, Ways
from geo.road_network import PROFILES, Pace, Profile, RoadNetwork

VERSION = 1
NETWORK = {
    "lat": np.float64,
    "lon": np.float64,
    "start": np.int32,
    "end": np.int32,
    "bend_first": np.int32,
    "bend_lat": np.float64,
    "bend_lon": np.float64,
    "metres": np.float32,
}
PER_DEGREE = 10_000_000  # OpenStreetMap's resolution: a centimetre


@dataclass(frozen=True, slots=True, eq=False)
class RoadsFile:
    network: RoadNetwork
    contractions: Mapping[Profile, Contraction]


def save_roads(file: Path, roads: RoadsFile) -> None:
    """Complete or not at all. Raises OSError if it can't be written."""
    arrays = _arrays(roads)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            np.savez_compressed(out, **arrays)  # type: ignore[arg-type]  # its next parameter is no array
            out.flush()
            os.fsync(out.fileno())
        part.chmod(0o644)
        part.replace(file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def load_roads(file: Path, *profiles: Profile) -> RoadsFile:
    """With the contractions of these profiles, of all if none is named. Raises RoadsFileError."""
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
            version = int(arrays["version"])
            if version != VERSION:
                raise RoadsFileError(f"{file}: has version {version}, this program reads {VERSION}; build it again")
            network = _network(arrays)
            contractions = {p: _contraction(arrays, p, network.nodes) for p in profiles or PROFILES}
            return RoadsFile(network, contractions)
    except OSError as error:
        raise RoadsFileError(f"{file}: can't be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, EOFError, AttributeError, zipfile.BadZipFile, zlib.error) as error:
        raise RoadsFileError(
            f"{file}: is not a file made by `dispatch roads build`, or is damaged ({error})"
        ) from error


def _arrays(roads: RoadsFile) -> dict[str, NDArray[Any]]:
    network = roads.network
    arrays: dict[str, NDArray[Any]] = {"version": np.array(VERSION), "about": np.array(json.dumps(dict(network.about)))}
    for name, kind in NETWORK.items():
        value = getattr(network, name)
        arrays[name] = np.round(value * PER_DEGREE).astype(np.int32) if kind is np.float64 else value
    for profile, pace in network.paces.items():
        arrays[f"{profile}.forward"], arrays[f"{profile}.backward"] = pace.forward, pace.backward
        arrays[f"{profile}.reference_kmh"] = np.array(pace.reference_kmh)
    for profile, contraction in roads.contractions.items():
        arrays[f"{profile}.level"] = contraction.level
        for part in ("out", "into", "core"):
            ways: Ways = getattr(contraction, part)
            for name in ("first", "other", "seconds"):
                arrays[f"{profile}.{part}.{name}"] = getattr(ways, name)
    return arrays


def _network(arrays: Mapping[str, NDArray[Any]]) -> RoadNetwork:
    plain: dict[str, Any] = {}
    for name, kind in NETWORK.items():
        value = arrays[name]
        plain[name] = value / PER_DEGREE if kind is np.float64 else value.astype(kind, casting="same_kind")
    paces: dict[Profile, Pace] = {
        profile: Pace(
            arrays[f"{profile}.forward"].astype(np.float32, casting="same_kind"),
            arrays[f"{profile}.backward"].astype(np.float32, casting="same_kind"),
            float(arrays[f"{profile}.reference_kmh"]),
        )
        for profile in PROFILES
    }
    return RoadNetwork(**plain, paces=paces, about=json.loads(str(arrays["about"])))


def _contraction(arrays: Mapping[str, NDArray[Any]], profile: Profile, nodes: int) -> Contraction:
    level = arrays[f"{profile}.level"].astype(np.int16, casting="same_kind")
    if level.shape != (nodes,):
        raise ValueError(f"{profile}.level does not belong to this network")
    return Contraction(level, *(_ways(arrays, f"{profile}.{part}", nodes) for part in ("out", "into", "core")))


def _ways(arrays: Mapping[str, NDArray[Any]], name: str, nodes: int) -> Ways:
    first = arrays[f"{name}.first"].astype(np.int32, casting="same_kind")
    other = arrays[f"{name}.other"].astype(np.int32, casting="same_kind")
    seconds = arrays[f"{name}.seconds"].astype(np.float64, casting="same_kind")
    fits = first.shape == (nodes + 1,) and first[0] == 0 and first[-1] == len(other) == len(seconds)
    if not fits or (np.diff(first) < 0).any() or (len(other) and not (other.min() >= 0 and other.max() < nodes)):
        raise ValueError(f"{name} does not belong to this network")
    return Ways(first, other, seconds)
