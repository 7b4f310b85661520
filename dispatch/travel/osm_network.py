"""Converts an OpenStreetMap extract into a street network: nodes only where roads meet, end, or can be closed."""

from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dispatch.travel.osm import Bounds, Lines, OsmError, read_lines
from geo.contraction import ranges
from geo.projection import Projection
from geo.road_measures import calibrated, pace
from geo.road_network import LEAST_SECONDS, PROFILES, RoadNetwork
from geo.road_parts import main_network

Ints = NDArray[np.int64]

LICENCE = "© OpenStreetMap contributors, Open Database License (ODbL) 1.0"
LEAST_M = 0.1


@dataclass(frozen=True, slots=True)
class Built:
    """`dropped_nodes` and `dropped_km` were not reachable both ways."""

    network: RoadNetwork
    dropped_nodes: int
    dropped_km: float


def build_network(file: Path, *, bounds: Bounds, projection: Projection) -> Built:
    """Raises OsmError for a file from which no network of the city can be made."""
    lines = read_lines(file, bounds)
    whole = _assembled(lines, projection, source=file.name)
    main = main_network(whole)
    if not main.streets:
        raise OsmError(f"{file}: nowhere in it can a vehicle go from one street to another and back")
    dropped_m = float(whole.metres.sum(dtype=np.float64) - main.metres.sum(dtype=np.float64))
    return Built(calibrated(main, projection), whole.nodes - main.nodes, dropped_m / 1_000)


def _assembled(lines: Lines, projection: Projection, *, source: str) -> RoadNetwork:
    ref, first = np.array(lines.ref, np.int64), np.array(lines.first, np.int64)
    lat, lon = np.array(lines.lat), np.array(lines.lon)
    line = np.repeat(np.arange(len(first) - 1), np.diff(first))
    begin, finish, of_line = _pieces(ref, first, line, np.fromiter(lines.shut, np.int64, len(lines.shut)))
    x, y = projection.forward(lat, lon)
    reached = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    metres = np.maximum(reached[finish] - reached[begin], LEAST_M)
    between = ranges(begin + 1, finish - begin - 1)
    places, node = np.unique(ref[np.concatenate([begin, finish])], return_inverse=True)
    at = np.empty(len(places), np.int64)
    at[node] = np.concatenate([begin, finish])
    doors = _doors(lines, places, node[: len(begin)], node[len(begin) :])
    all_metres = np.concatenate([metres, np.full(len(doors.of), LEAST_M)]).astype(np.float32)
    paces = {}
    for profile in PROFILES:
        kmh = np.array([[d[profile].forward_kmh, d[profile].backward_kmh] for d in lines.allowed])[of_line]
        with np.errstate(divide="ignore"):
            seconds = np.maximum(metres[:, None] * 3.6 / kmh, LEAST_SECONDS)
        past = np.array([lines.shut[r][profile] for r in places[doors.of].tolist()], bool)
        door_s = np.where(past, LEAST_SECONDS, np.inf)
        forward, backward = (np.concatenate([seconds[:, way], door_s]).astype(np.float32) for way in (0, 1))
        paces[profile] = pace(all_metres, forward, backward)
    bends = np.concatenate([finish - begin - 1, np.zeros(len(doors.of), np.int64)])
    return RoadNetwork(
        lat=np.concatenate([lat[at], lat[at][doors.of]]),
        lon=np.concatenate([lon[at], lon[at][doors.of]]),
        start=np.concatenate([doors.start, len(places) + np.arange(len(doors.of))]).astype(np.int32),
        end=np.concatenate([doors.end, doors.of]).astype(np.int32),
        bend_first=np.concatenate([[0], np.cumsum(bends)]).astype(np.int32),
        bend_lat=lat[between],
        bend_lon=lon[between],
        metres=all_metres,
        paces=paces,
        about={
            "source": source,
            "extract": lines.newest.astimezone(UTC).isoformat() if lines.newest else "",
            "licence": LICENCE,
        },
    )


def _pieces(ref: Ints, first: Ints, line: Ints, shut: Ints) -> tuple[Ints, Ints, Ints]:
    """Begin and end of each piece of a line in the concatenated nodes, and its line: cut where another road meets it,
    where it meets itself, and where it can be closed."""
    _, which, uses = np.unique(ref, return_inverse=True, return_counts=True)
    cut = (uses[which] > 1) | np.isin(ref, shut)
    cut[first[:-1]] = cut[first[1:] - 1] = True
    position = np.flatnonzero(cut)
    begin, finish = position[:-1], position[1:]
    same = line[begin] == line[finish]
    return begin[same], finish[same], line[begin[same]]


@dataclass(frozen=True, slots=True, eq=False)
class _Doors:
    """At a barrier each piece gets its own end node, connected to the barrier's node (`of`) by an arc that may be
    closed. `start` and `end` are those of the pieces, with such ends."""

    start: Ints
    end: Ints
    of: Ints


def _doors(lines: Lines, places: Ints, start: Ints, end: Ints) -> _Doors:
    shut = np.isin(places, np.fromiter(lines.shut, np.int64, len(lines.shut)))
    ends = np.concatenate([start, end])
    barred = np.flatnonzero(shut[ends])
    of = ends[barred]
    ends[barred] = len(places) + np.arange(len(barred))
    return _Doors(ends[: len(start)], ends[len(start) :], of)
