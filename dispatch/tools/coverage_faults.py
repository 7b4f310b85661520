"""Whether the parishes cover the city exactly once: overlaps, gaps between them, slivers, holes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from dispatch.tools.faults import Fault, FaultKind, Severity, area_text
from dispatch.tools.layer import Feature, Plane, forward, polygons_of
from geo import Projection

LEAST_M2 = 1.0  # smaller faults are rounding: reported in one line, not one by one
GAP_WIDTH_M = 10.0
_ON_EDGE_M, _HAIR_M, _NEAR_M = 0.05, 0.005, 0.1


@dataclass(frozen=True, slots=True)
class Coverage:
    """Features with their valid polygons on the plane (n,)."""

    features: tuple[Feature, ...]
    polygons: NDArray[np.object_]
    plane: Plane
    projection: Projection

    @classmethod
    def of(cls, features: Sequence[Feature], projection: Projection) -> "Coverage":
        geometries = [polygons_of(feature.geometry) for feature in features if feature.geometry is not None]
        plane = Plane.of(geometries)
        return cls(tuple(features), plane.metres(geometries), plane, projection)

    def area_m2(self, area: BaseGeometry) -> float:
        return float(forward(self.plane.degrees([area]), self.projection)[0].area)

    def place(self, area: BaseGeometry) -> tuple[float, float]:
        """Latitude and longitude, to a decimetre, of a point inside the largest part."""
        point = shapely.point_on_surface(max(shapely.get_parts(area), key=_area))
        (there,) = self.plane.degrees([point])
        return round(there.y, 6), round(there.x, 6)

    def near(self, area: BaseGeometry) -> list[int]:
        """Positions of the features that touch an area, the longest common edge first."""
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
    gaps, slivers = gaps_and_slivers(coverage, gap_width_m)
    small: list[float] = []
    found = [
        *((FaultKind.OVERLAP, area, pair) for area, pair in overlaps(coverage)),
        *((FaultKind.GAP, area, coverage.near(area)) for area in gaps),
        *((FaultKind.SLIVER, area, coverage.near(area)) for area in slivers),
    ]
    for kind, area, positions in found:
        if area.area < least_m2:
            small.append(area.area)
        else:
            yield _fault(coverage, kind, area, positions)
    yield from _holes(coverage)
    if small:
        total = f"{sum(small):.3f} m² in total: edges that don't match"
        what = f"{len(small)} overlaps and gaps below {least_m2:g} m², {total}"
        yield Fault(FaultKind.EDGES, "layer", what, (), Severity.NOTICE, sum(small))


def _fault(coverage: Coverage, kind: FaultKind, area: BaseGeometry, positions: Sequence[int]) -> Fault:
    named = [coverage.features[position] for position in positions]
    widest = 2 * float(shapely.length(shapely.maximum_inscribed_circle(max(shapely.get_parts(area), key=_area))))
    area_m2 = coverage.area_m2(area)
    said = {
        FaultKind.OVERLAP: "both parishes contain",
        FaultKind.GAP: "no parish contains",
        FaultKind.SLIVER: "open to the outside between them:",
    }
    what = f"{said[kind]} {area_text(area_m2)}, {widest:,.1f} m wide"
    where = " and ".join(map(str, named[:4])) + (f" and {len(named) - 4} more" if len(named) > 4 else "")
    lat, lon = coverage.place(area)
    numbers = tuple(feature.number for feature in named)
    return Fault(kind, where, what, numbers, area_m2=round(area_m2, 2), lat=lat, lon=lon)


def overlaps(coverage: Coverage) -> Iterator[tuple[BaseGeometry, list[int]]]:
    one, other = shapely.STRtree(coverage.polygons).query(coverage.polygons, predicate="intersects")
    for a, b in sorted(zip(one.tolist(), other.tolist(), strict=True)):
        if a < b:
            common = polygons_of(shapely.intersection(coverage.polygons[a], coverage.polygons[b]))
            if common.area > 0:
                yield common, [a, b]


def gaps_and_slivers(coverage: Coverage, gap_width_m: float) -> tuple[list[BaseGeometry], list[BaseGeometry]]:
    """Enclosed areas that no parish contains, also if a crack no wider than `gap_width_m` leads outside; and such
    cracks between two parishes. The largest first."""
    union = shapely.union_all(coverage.polygons)
    gaps = [Polygon(ring) for part in shapely.get_parts(union) for ring in part.interiors]
    invalid = shapely.coverage_invalid_edges(coverage.polygons, gap_width=gap_width_m)
    edges = shapely.union_all(invalid[~shapely.is_empty(invalid)])
    if edges.is_empty:
        return sorted(gaps, key=_area, reverse=True), []
    filled = shapely.union_all([union, *gaps])
    half = gap_width_m / 2
    closed = filled.buffer(half, join_style="mitre").buffer(-half, join_style="mitre")
    gaps += [Polygon(ring) for part in shapely.get_parts(closed) for ring in part.interiors]
    # Slightly narrower, to remove the thin line that two buffers leave along every edge.
    cracks = closed.difference(filled).buffer(-_HAIR_M).buffer(_HAIR_M)
    near = [part for part in shapely.get_parts(cracks) if part.area > 0 and shapely.dwithin(part, edges, _NEAR_M)]
    slivers = [part for part in near if len(coverage.near(part)) > 1]
    return sorted(gaps, key=_area, reverse=True), sorted(slivers, key=_area, reverse=True)


def _holes(coverage: Coverage) -> Iterator[Fault]:
    for feature, polygon in zip(coverage.features, coverage.polygons, strict=True):
        holes = [Polygon(ring) for part in shapely.get_parts(polygon) for ring in part.interiors]
        if holes:
            area = sum(map(coverage.area_m2, holes))
            what = f"has {len(holes)} holes of {area_text(area)} together"
            lat, lon = coverage.place(max(holes, key=_area))
            number = (feature.number,)
            yield Fault(FaultKind.HOLE, str(feature), what, number, Severity.NOTICE, round(area, 2), lat, lon)


def _area(geometry: BaseGeometry) -> float:
    return float(geometry.area)
