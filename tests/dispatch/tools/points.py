"""Files of points for the tests, and how to read what came out."""

import csv
import io
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dispatch.tools.locating import Tally, locate_file
from dispatch.tools.rows import Wanted
from geo import Parishes

Points = list[tuple[float, float]]
RADIUS = Wanted(radius="radius")


def scattered(count: int, seed: int = 1) -> Points:
    """Over the city and a little beyond."""
    chance = random.Random(seed)
    return [(round(chance.uniform(-0.6, 0.4), 6), round(chance.uniform(-78.95, -78.1), 6)) for _ in range(count)]


def write_points(path: Path, points: Points) -> Path:
    """In the format of the name: an id, latitude, longitude."""
    rows = [{"id": number, "lat": lat, "lon": lon} for number, (lat, lon) in enumerate(points)]
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=5_000)
    elif path.suffix == ".csv":
        path.write_text("id,lat,lon\n" + "".join(f"{r['id']},{r['lat']},{r['lon']}\n" for r in rows), "utf-8")
    else:
        features = [
            json.dumps({"type": "Feature", "properties": {"id": number}, "geometry": point(lat, lon)})
            for number, (lat, lon) in enumerate(points)
        ]
        if path.suffix == ".geojson":
            path.write_text('{"type": "FeatureCollection", "features": [' + ",".join(features) + "]}", "utf-8")
        else:
            path.write_text("".join(line + "\n" for line in features), "utf-8")
    return path


def point(lat: float, lon: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [lon, lat]}


def read_answers(path: Path) -> list[dict[str, Any]]:
    """Every row as a dict; numbers may be text where the format has only text."""
    if path.suffix == ".parquet":
        rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        return rows
    text = path.read_text("utf-8")
    if path.suffix == ".csv":
        return list(csv.DictReader(io.StringIO(text)))
    features = json.loads(text)["features"] if path.suffix == ".geojson" else map(json.loads, text.splitlines())
    return [feature["properties"] for feature in features]


def located(
    text: str, parishes: Parishes, folder: Path, wanted: Wanted = RADIUS, delimiter: str = ","
) -> tuple[list[dict[str, str]], Tally]:
    """A CSV file of this text, answered."""
    file, out = folder / "points.csv", io.StringIO()
    file.write_text(text, "utf-8")
    tally = locate_file(file, None, parishes, wanted, stdout=out)
    return list(csv.DictReader(io.StringIO(out.getvalue()), delimiter=delimiter)), tally


def lines(rows: Iterator[str]) -> str:
    return "".join(row + "\n" for row in rows)
