"""Streams GeoJSON points feature by feature: a FeatureCollection of any size, or newline-delimited GeoJSON (RFC 8142
too)."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from dispatch.tools.rows import CHUNK, NAMES, Places, Rows, Source, Wanted, read_rows
from dispatch.tools.unusable import Unusable
from dispatch.tools.writers import SEQUENCES

OTHER = "other_properties"  # of features that have more properties than the first ones
_BLOCK = 1 << 20
_LARGEST = 1 << 26  # characters of one feature
_SPACE = re.compile(r"[ \t\n\r]*")
_AFTER = tuple(" \t\n\r,:]}")
_decoder = json.JSONDecoder()

Feature = tuple[Any, str | None]  # the feature (or its text, if it is not JSON), and a problem


@contextmanager
def open_geojson(path: Path, wanted: Wanted, *, chunk: int = CHUNK) -> Iterator[Source]:
    """Raises Unusable for what isn't GeoJSON, at once or where it becomes invalid."""
    with path.open("rb") as raw, TextIOWrapper(raw, encoding="utf-8-sig", errors="backslashreplace") as file:
        features = _of_lines(file) if _is_sequence(path) else FeatureStream(file, path).features()
        first = list(islice(features, chunk))
        own = tuple(dict.fromkeys(name for feature, _ in first for name in _properties(feature)))
        names = (*own, OTHER)
        pick = _Picked(wanted, names)
        yield Source(names, _chunks(first, features, pick, chunk), path.stat().st_size, raw.tell)


def _is_sequence(path: Path) -> bool:
    if path.suffix.lower() in SEQUENCES:
        return True
    with path.open(encoding="utf-8-sig", errors="backslashreplace") as file:
        line = file.readline(_BLOCK).strip()
    if line.startswith("\x1e"):
        return True
    try:
        first = json.loads(line)
    except ValueError:
        return False
    return isinstance(first, dict) and first.get("type") == "Feature"


def _of_lines(file: TextIO) -> Iterator[Feature]:
    while line := file.readline(_LARGEST):
        text = line.strip().removeprefix("\x1e")
        if text:
            try:
                yield json.loads(text), None
            except (ValueError, RecursionError) as error:
                yield text, f"the line is not JSON: {error}"


class FeatureStream:
    """A FeatureCollection being read, with at most one block and one feature in memory."""

    def __init__(self, file: TextIO, path: Path, block: int = _BLOCK) -> None:
        self._file, self._path, self._block = file, path, block
        self._text, self._at, self._ended, self._behind = "", 0, False, 0

    def features(self) -> Iterator[Feature]:
        self._expect("{")
        while self._peek() != "}":
            name = self._value()
            self._expect(":")
            if name == "features":
                break
            self._value()
            if self._peek() == ",":
                self._expect(",")
        else:
            raise Unusable(f"{self._path} is not a FeatureCollection: it has no features")
        self._expect("[")
        while self._peek() != "]":
            yield self._value(), None
            if self._peek() != "]":
                self._expect(",")

    def _peek(self) -> str:
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text) or self._ended:
                return self._text[self._at : self._at + 1]
            self._more(self._block)

    def _expect(self, sign: str) -> None:
        found = self._peek()
        if found != sign:
            self._wrong(f"expected {sign}, not {found or 'the end of the file'}")
        self._at += 1

    def _value(self) -> Any:
        self._peek()
        size = self._block
        while True:
            try:
                value, end = _decoder.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if self._ended or len(self._text) - self._at > _LARGEST:
                    self._wrong(str(error).partition(":")[0])
            else:
                if self._ended or self._text[end : end + 1] in _AFTER:  # else a number might continue
                    self._at = end
                    return value
            self._more(size)
            size *= 2

    def _more(self, size: int) -> None:
        block = self._file.read(size)
        self._behind += self._at
        self._text, self._at, self._ended = self._text[self._at :] + block, 0, not block

    def _wrong(self, what: str) -> None:
        raise Unusable(f"{self._path} is not valid GeoJSON from character {self._behind + self._at + 1:,}: {what}")


class _Picked:
    """The source of a feature's values: the position in its geometry, or named properties."""

    def __init__(self, wanted: Wanted, names: Sequence[str]) -> None:
        self.names = names
        self.by_property = wanted.lat is not None or wanted.lon is not None
        # The two columns after the last are those of the geometry.
        lent = (*names, NAMES["lat"][0], NAMES["lon"][0]) if not self.by_property else tuple(names)
        found = Places.of(wanted, lent)
        count = len(names)
        self.places = found if self.by_property else Places(count, count + 1, found.radius, found.confidence)

    def rows(self, features: Sequence[Feature]) -> Rows:
        problems: dict[int, str] = {}
        table = []
        for row, (feature, problem) in enumerate(features):
            lon, lat, wrong = (None, None, None) if self.by_property else _position(feature)
            if problem or wrong:
                problems[row] = problem or wrong or ""
            properties = dict(_properties(feature))
            own = [properties.pop(name, None) for name in self.names[:-1]]
            table.append((*own, properties or None, lat, lon))
        *columns, lats, lons = zip(*table, strict=True)
        whole = (*columns, lats, lons)
        rows = read_rows(whole, self.places, problems, [feature for feature, _ in features])
        return Rows(tuple(columns), rows.lat, rows.lon, rows.radius_m, rows.confidence, rows.problems, rows.features)


def _chunks(first: list[Feature], features: Iterator[Feature], pick: _Picked, chunk: int) -> Iterator[Rows]:
    while first:
        some, first = first, []
        yield pick.rows(some)
        del some
        first = list(islice(features, chunk))


def _properties(feature: object) -> dict[str, Any]:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    return properties if isinstance(properties, dict) else {}


def _position(feature: object) -> tuple[Any, Any, str | None]:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        return None, None, "type: must be Feature"
    geometry = feature.get("geometry")
    if not isinstance(geometry, dict):
        return None, None, "geometry: is missing"
    if geometry.get("type") != "Point":
        return None, None, f"geometry: must be a Point, not {geometry.get('type')!r:.40}"
    coordinates = geometry.get("coordinates")
    if not isinstance(coordinates, list) or len(coordinates) < 2:
        return None, None, "geometry: coordinates must be longitude and latitude"
    return coordinates[0], coordinates[1], None
