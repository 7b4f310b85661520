"""Whether the parishes cover the city once: overlaps, gaps between them, slivers, holes. In metres."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from dispatch.tools.faults import Fault, FaultKind, Severity, area_text, place_in
from dispatch.tools.layer import Feature, forward, polygons_of
from geo import Projection

LEAST_M2 = 1.0  # what is smaller is rounding: told in one line, not one by one
GAP_WIDTH_M = 10.0
_ON_EDGE_M = 0.01


@dataclass(frozen=True, slots=True)
class Coverage:
    """Features with their valid polygons in metres (n,)."""

    features: tuple[Feature, ...]
    polygons: NDArray[np.object_]
    projection: Projection

    @classmethod
    def of(cls, features: Sequence[Feature], projection: Projection) -> "Coverage":
        geometries = [polygons_of(feature.geometry) for feature in features if feature.geometry is not None]
        return cls(tuple(features), forward(geometries, projection), projection)

    def near(self, area: BaseGeometry) -> list[int]:
        """Positions of those that touch an area, the longest common edge first."""
        around = shapely.buffer(area, _ON_EDGE_M)
        touching = np.flatnonzero(shapely.intersects(self.polygons, around))
        common = shapely.length(shapely.intersection(shapely.boundary(self.polygons[touching]), around))
        positions: list[int] = touching[np.argsort(-common, kind="stable")].tolist()
        return positions


def coverage_faults(
    features: Sequence[Feature], projection: Projection, *, gap_width_m: float = GAP_WIDTH_M, least_m2: float = LEAST_M2
) -> Iterator[Fault]:
    if not features:
        return
    coverage = Coverage.of(features, projection)
    small: list[float] = []
    found = [
        *((FaultKind.OVERLAP, area, pair) for area, pair in overlaps(coverage)),
        *((FaultKind.GAP, area, coverage.near(area)) for area in gaps(coverage)),
        *((FaultKind.SLIVER, area, coverage.near(area)) for area in open_slivers(coverage, gap_width_m)),
    ]
    for kind, area, positions in found:
        if area.area < least_m2:
            small.append(area.area)
        else:
            yield _fault(coverage, kind, area, positions)
    yield from _holes(coverage)
    if small:
        what = (
            f"{len(small)} overlaps and gaps below {least_m2:g} m², {sum(small):.3f} m² together: edges that don't meet"
        )
        yield Fault(FaultKind.EDGES, "layer", what, (), Severity.NOTICE, sum(small))


def _fault(coverage: Coverage, kind: FaultKind, area: BaseGeometry, positions: Sequence[int]) -> Fault:
    named = [coverage.features[position] for position in positions]
    widest = 2 * float(shapely.length(shapely.maximum_inscribed_circle(max(shapely.get_parts(area), key=_area))))
    said = {
        FaultKind.OVERLAP: "both have",
        FaultKind.GAP: "none of them has",
        FaultKind.SLIVER: "between them, open to the outside:",
    }
    what = f"{said[kind]} {area_text(area.area)}, {widest:,.1f} m wide"
    where = " and ".join(map(str, named[:4])) + (f" and {len(named) - 4} more" if len(named) > 4 else "")
    lat, lon = place_in(area, coverage.projection)
    numbers = tuple(feature.number for feature in named)
    return Fault(kind, where, what, numbers, area_m2=round(area.area, 2), lat=lat, lon=lon)


def overlaps(coverage: Coverage) -> Iterator[tuple[BaseGeometry, list[int]]]:
    one, other = shapely.STRtree(coverage.polygons).query(coverage.polygons, predicate="intersects")
    for a, b in sorted(zip(one.tolist(), other.tolist(), strict=True)):
        if a < b:
            common = polygons_of(shapely.intersection(coverage.polygons[a], coverage.polygons[b]))
            if common.area > 0:
                yield common, [a, b]


def gaps(coverage: Coverage) -> list[BaseGeometry]:
    """Holes of the union, the largest first."""
    rings = (ring for part in shapely.get_parts(_union(coverage)) for ring in part.interiors)
    return sorted((Polygon(ring) for ring in rings), key=_area, reverse=True)


def open_slivers(coverage: Coverage, gap_width_m: float) -> list[BaseGeometry]:
    """What is narrower than `gap_width_m` between two parishes and leads outside, so that it is no hole."""
    invalid = shapely.coverage_invalid_edges(coverage.polygons, gap_width=gap_width_m)
    edges = shapely.union_all(invalid[~shapely.is_empty(invalid)])
    if edges.is_empty:
        return []
    union = _union(coverage)
    filled = shapely.union_all([Polygon(part.exterior) for part in shapely.get_parts(union)])
    half = gap_width_m / 2
    closed = filled.buffer(half, join_style="mitre").buffer(-half, join_style="mitre")
    # A breath narrower, so that the hair along every edge which two buffers leave is gone.
    left = closed.difference(filled).buffer(-_ON_EDGE_M / 2).buffer(_ON_EDGE_M / 2)
    parts = [part for part in shapely.get_parts(left) if part.area > 0 and shapely.dwithin(part, edges, 0.1)]
    return sorted((part for part in parts if len(coverage.near(part)) > 1), key=_area, reverse=True)


def _union(coverage: Coverage) -> BaseGeometry:
    return shapely.union_all(coverage.polygons)


def _holes(coverage: Coverage) -> Iterator[Fault]:
    for feature, polygon in zip(coverage.features, coverage.polygons, strict=True):
        holes = [Polygon(ring) for part in shapely.get_parts(polygon) for ring in part.interiors]
        if holes:
            area = sum(hole.area for hole in holes)
            what = f"has {len(holes)} holes of {area_text(area)} together"
            lat, lon = place_in(max(holes, key=_area), coverage.projection)
            yield Fault(
                FaultKind.HOLE, str(feature), what, (feature.number,), Severity.NOTICE, round(area, 2), lat, lon
            )


def _area(geometry: BaseGeometry) -> float:
    return float(geometry.area)
