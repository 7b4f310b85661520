"""The roads of an OpenStreetMap extract (PBF) that are near the city."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import osmium

from dispatch.travel.osm_tags import Drive, drives, passable
from geo.road_network import Profile

Bounds = tuple[float, float, float, float]  # west, south, east, north

WIDER_DEG = 0.05  # routes out of the city and back may be the quickest: some 5 km around it are included


class OsmError(Exception):
    """An extract that can't be used; the message is for the person who gave it."""


@dataclass(slots=True)
class Lines:
    """All sections of road: their nodes and places concatenated, `first[i]` where the i-th begins; what each allows.

    `shut` says by node which profiles can't pass it; `newest` is the date of the extract, or of the newest road in it.
    """

    ref: "array[int]" = field(default_factory=lambda: array("q"))
    lat: "array[float]" = field(default_factory=lambda: array("d"))
    lon: "array[float]" = field(default_factory=lambda: array("d"))
    first: "array[int]" = field(default_factory=lambda: array("q", [0]))
    allowed: list[dict[Profile, Drive]] = field(default_factory=list)
    shut: dict[int, dict[Profile, bool]] = field(default_factory=dict)
    newest: datetime | None = None
    elsewhere: int = 0

    def add(self, places: list[tuple[int, float, float]], allowed: dict[Profile, Drive]) -> None:
        for ref, lat, lon in places:
            self.ref.append(ref)
            self.lat.append(lat)
            self.lon.append(lon)
        self.first.append(len(self.ref))
        self.allowed.append(allowed)


def read_lines(file: Path, bounds: Bounds) -> Lines:
    """Raises OsmError for a file that is not PBF, is truncated, or has no road near the city's `bounds`."""
    lines = Lines()
    west, south, east, north = bounds
    box = west - WIDER_DEG, south - WIDER_DEG, east + WIDER_DEG, north + WIDER_DEG
    try:
        with file.open("rb"):
            _read(file, box, lines)
    except OSError as error:
        raise OsmError(f"{file}: can't be read: {error.strerror or error}") from error
    except (RuntimeError, ValueError) as error:
        raise OsmError(f"{file}: is not an OpenStreetMap extract in PBF format, or is truncated: {error}") from error
    if not lines.allowed:
        where = "none of its roads is near the city" if lines.elsewhere else "it contains no roads"
        raise OsmError(f"{file}: {where}")
    return lines


def _read(file: Path, box: Bounds, lines: Lines) -> None:
    entities = osmium.osm.NODE | osmium.osm.WAY
    source = osmium.FileProcessor(osmium.io.File(str(file), "pbf"), entities).with_locations()
    stamp = source.header.get("osmosis_replication_timestamp")
    for thing in source.with_filter(osmium.filter.KeyFilter("highway", "barrier")):
        if isinstance(thing, osmium.osm.Node):
            past = passable(dict(thing.tags))
            if not all(past.values()):
                lines.shut[thing.id] = past
        elif isinstance(thing, osmium.osm.Way) and (allowed := drives(dict(thing.tags))):
            before = len(lines.allowed)
            for stretch in _stretches(thing, box):
                lines.add(stretch, allowed)
            lines.elsewhere += len(lines.allowed) == before
            if not stamp and (lines.newest is None or thing.timestamp > lines.newest):
                lines.newest = thing.timestamp
    if stamp:
        lines.newest = datetime.fromisoformat(stamp.replace("Z", "+00:00"))


def _stretches(way: "osmium.osm.Way", box: Bounds) -> Iterator[list[tuple[int, float, float]]]:
    """The parts of the way that are inside the box and whose nodes are in the extract."""
    west, south, east, north = box
    run: list[tuple[int, float, float]] = []
    for node in way.nodes:
        there = node.location
        if there.valid() and west <= there.lon <= east and south <= there.lat <= north:
            if not run or run[-1][0] != node.ref:
                run.append((node.ref, there.lat, there.lon))
            continue
        if len(run) > 1:
            yield run
        run = []
    if len(run) > 1:
        yield run
