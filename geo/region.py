"""Shapes of uncertainty other than a circle (RFC 5491 section 5.2), around or instead of a point."""

from dataclasses import dataclass

from geo.point import Point


@dataclass(frozen=True, slots=True)
class Ellipse:
    """Axes are half-lengths in metres; `orientation_deg` is that of the major axis, clockwise from north."""

    centre: Point
    semi_major_m: float
    semi_minor_m: float
    orientation_deg: float


@dataclass(frozen=True, slots=True)
class ArcBand:
    """Between two radii of `centre`, from `start_deg` clockwise from north over `opening_deg`."""

    centre: Point
    inner_m: float
    outer_m: float
    start_deg: float
    opening_deg: float


@dataclass(frozen=True, slots=True)
class Polygon:
    """A ring of at least three corners, not closed by a repeated first."""

    corners: tuple[Point, ...]


Region = Ellipse | ArcBand | Polygon
