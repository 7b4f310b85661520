"""Draws the figures of docs/location.md as SVG, from the real parishes with the code that they explain."""

import json
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h3.api.basic_int as h3  # type: ignore[import-untyped]
import numpy as np
import shapely

from geo import Fix, Location, Parishes, Point, Source, destination, locate
from geo.hexagons import interior_cells

ROOT = Path(__file__).parents[1]
LAYER = ROOT / "data" / "quito" / "parishes.geojson"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SIDE = 640
FILLS = ["#dbe7f3", "#f6e3cf", "#dfeedd", "#efe0ef", "#f5efc9", "#e2e5ea"]
INK, LINE, FIX, OTHER = "#22303c", "#7b8a97", "#c2410c", "#1d4ed8"


@dataclass
class Picture:
    """A square window of projected metres around a point, drawn 640 units wide."""

    parishes: Parishes
    centre: Point
    half_m: float
    shapes: list[str] = field(default_factory=list)

    def at(self, x: float, y: float) -> tuple[float, float]:
        middle = self.parishes.projection.forward(self.centre.lat, self.centre.lon)
        scale = SIDE / (2 * self.half_m)
        return (x - middle[0] + self.half_m) * scale, (self.half_m - y + middle[1]) * scale

    def place(self, lat: float, lon: float) -> tuple[float, float]:
        return self.at(*self.parishes.projection.forward(lat, lon))

    def outline(self, corners: Iterable[tuple[float, float]], style: str) -> None:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
        self.shapes.append(f'<polygon points="{path}" {style}/>')

    def circle(self, location: Location | Point, radius_m: float, style: str) -> None:
        x, y = self.place(float(location.lat or 0), float(location.lon or 0))
        self.shapes.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius_m * SIDE / (2 * self.half_m):.1f}" {style}/>')

    def text(self, x: float, y: float, words: str, style: str = "") -> None:
        halo = 'stroke="#fff" stroke-width="4" stroke-linejoin="round" stroke-opacity=".8"'
        for under in (halo, ""):
            self.shapes.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" {under} {style}>{words}</text>')

    def ground(self) -> None:
        """The parishes of the window with their names."""
        x, y = self.parishes.projection.forward(self.centre.lat, self.centre.lon)
        window = (x - self.half_m, y - self.half_m, x + self.half_m, y + self.half_m)
        for number, polygon in enumerate(shapely.clip_by_rect(self.parishes.projected, *window)):
            for part in shapely.get_parts(polygon):
                corners = [self.at(*corner) for corner in shapely.get_coordinates(part.exterior)]
                self.outline(corners, f'fill="{FILLS[number % len(FILLS)]}" stroke="{LINE}" stroke-width="1.5"')

    def label(self, words: dict[str, Sequence[str]]) -> None:
        """Lines of text in the part of each parish (by code) that is in the window."""
        x, y = self.parishes.projection.forward(self.centre.lat, self.centre.lon)
        window = (x - self.half_m, y - self.half_m, x + self.half_m, y + self.half_m)
        for code, lines in words.items():
            part = shapely.clip_by_rect(self.parishes.projected_by_code[code], *window)
            spot = shapely.get_coordinates(part.representative_point())[0]
            left, top = self.at(*spot)
            for n, line in enumerate(lines):
                weight = 'font-weight="600"' if n else ""
                self.text(left, top + 20 * n, line, weight)

    def svg(self, title: str) -> str:
        head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" role="img" aria-label="{title}"'
        font = f'font-family="system-ui, sans-serif" font-size="15" fill="{INK}"'
        body = "\n".join(self.shapes)
        return f'{head} {font}>\n<rect width="{SIDE}" height="{SIDE}" fill="#fff"/>\n{body}\n</svg>\n'


def on_a_boundary(parishes: Parishes) -> str:
    """A fix on a boundary, its circle, its probabilities."""
    here = Point(-0.2062, -78.4991)
    location = locate([Fix(Source.WIFI, here, 350)], parishes, at=NOW)
    picture = Picture(parishes, here, 800)
    picture.ground()
    picture.circle(here, 350, f'fill="{FIX}" fill-opacity=".13" stroke="{FIX}" stroke-width="2"')
    picture.circle(here, 8, f'fill="{FIX}"')
    likely = [candidate for candidate in location.candidates if candidate.probability > 0.005]
    picture.label({one.code: (one.name, f"{one.probability:.1%}") for one in likely})
    return picture.svg("A Wi-Fi fix of 350 m on a boundary and the probability of each parish")


def two_speeds(parishes: Parishes) -> str:
    """The cells that answer directly, and the squares for which the polygons are asked."""
    here, half = Point(-0.2062, -78.4991), 1200.0
    picture = Picture(parishes, here, half)
    picture.ground()
    for cell in interior_cells(parishes.lattice):
        lat, lon = h3.cell_to_latlng(cell)
        x, y = picture.place(lat, lon)
        if -60 < x < SIDE + 60 and -60 < y < SIDE + 60:
            corners = [picture.place(*corner) for corner in h3.cell_to_boundary(cell)]
            picture.outline(corners, f'fill="{OTHER}" fill-opacity=".08" stroke="{OTHER}" stroke-opacity=".5"')
    lattice = parishes.lattice
    for square in np.flatnonzero(lattice.labels < -1).tolist():
        row, column = divmod(square, lattice.columns)
        south, west = lattice.bottom + row * lattice.step, lattice.left + column * lattice.step
        if abs(south - here.lat) < 0.012 and abs(west - here.lon) < 0.012:
            sides = [(0, 0), (0, 1), (1, 1), (1, 0)]
            corners = [picture.place(south + a * lattice.step, west + b * lattice.step) for a, b in sides]
            picture.outline(corners, f'fill="{FIX}" fill-opacity=".28" stroke="none"')
    return picture.svg("H3 cells that lie in one parish, and the lattice squares on the boundary between them")


def agree_or_contradict(parishes: Parishes) -> str:
    """A GNSS and a cell fix that agree; a Wi-Fi fix that contradicts them."""
    gnss, cell, wifi = Point(-0.2, -78.5), Point(-0.2035, -78.494), Point(*destination(-0.2, -78.5, 250, 2000))
    fixes = [Fix(Source.GNSS, gnss, 250), Fix(Source.CELL, cell, 1000), Fix(Source.WIFI, wifi, 300)]
    location = locate(fixes, parishes, at=NOW)
    picture = Picture(parishes, Point(-0.203, -78.504), 2400)
    picture.ground()
    for fix in fixes:
        against = fix.source in location.contradicted
        assert fix.point is not None and fix.radius_m is not None
        dashes = 'stroke-dasharray="7 5"' if against else ""
        picture.circle(
            fix.point, fix.radius_m, f'fill="none" stroke="{INK if against else OTHER}" stroke-width="2" {dashes}'
        )
        x, y = picture.place(fix.point.lat, fix.point.lon)
        top = y - fix.radius_m * SIDE / (2 * picture.half_m) - 8
        picture.text(x, top, f"{fix.source.value}, {fix.radius_m:.0f} m{', contradicted' if against else ''}")
    assert location.radius_m is not None
    picture.circle(location, location.radius_m, f'fill="{FIX}" fill-opacity=".2" stroke="{FIX}" stroke-width="2"')
    picture.circle(location, 25, f'fill="{FIX}"')
    return picture.svg("Two fixes that agree are averaged, a third that contradicts them is shown and left out")


PICTURES: dict[str, Any] = {
    "location-boundary": on_a_boundary,
    "location-index": two_speeds,
    "location-fusion": agree_or_contradict,
}


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument(
        "folder", type=Path, nargs="?", default=ROOT / "docs" / "img", help="output folder (default: docs/img)"
    )
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    parishes = Parishes.from_geojson(json.loads(LAYER.read_text("utf-8")))
    for name, draw in PICTURES.items():
        (folder / f"{name}.svg").write_text(draw(parishes), "utf-8")
        print(folder / f"{name}.svg")


if __name__ == "__main__":
    main()
