"""Repairs a layer and reports each change with its square metres.

Polygons that cross themselves are made valid; overlaps, and gaps narrower than a stated width, go to the neighbour with
the longest common edge; edges are made to match corner for corner (GEOS's coverage cleaner). Wide gaps are left: only
the city knows whose they are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dispatch.tools.coverage_faults import Coverage, gaps_and_slivers
from dispatch.tools.faults import Fault, FaultKind, area_text
from dispatch.tools.layer import Feature, Layer, on_grid, polygons_of
from dispatch.tools.name_faults import mended_name
from dispatch.tools.shape_faults import can_be_measured, swapped

MOST_CHANGED = 0.05
_TOLD_M2 = 0.05
_ROUNDS = 3
_COVERAGE = {FaultKind.INVALID, FaultKind.OVERLAP, FaultKind.GAP, FaultKind.SLIVER, FaultKind.EDGES}


@dataclass(frozen=True, slots=True)
class Repair:
    layer: Layer
    changes: tuple[str, ...]
    faults: tuple[Fault, ...]  # parishes that the repair changed too much to be trusted


def repair_layer(layer: Layer, faults: Sequence[Fault], *, gap_width_m: float) -> Repair:
    changes: list[str] = []
    by_kind = {kind: {n for fault in faults if fault.kind is kind for n in fault.features} for kind in FaultKind}
    features = [_renamed(feature, changes) for feature in layer.features]
    features = [_turned(f, changes) if f.number in by_kind[FaultKind.SWAPPED] else f for f in features]
    mended = replace(layer, features=tuple(features))
    left = [fault for fault in faults if fault.kind is not FaultKind.SWAPPED]
    # After an exchange of axes, a feature may overlap others, which was not checked yet.
    if not by_kind[FaultKind.SWAPPED] and not any(fault.kind in _COVERAGE for fault in faults):
        return Repair(mended, tuple(changes), ())
    before = Coverage.of(can_be_measured(mended, left), layer.projection)
    after = _covered_once(before, gap_width_m)
    shapes = {f.number: None if shape.is_empty else shape for f, shape in zip(before.features, after, strict=True)}
    mended = replace(mended, features=tuple(replace(f, geometry=shapes.get(f.number, f.geometry)) for f in features))
    too_much: list[Fault] = []
    for feature, old, new in zip(before.features, before.polygons, before.plane.metres(after), strict=True):
        too_much += _changed(before, feature, old, new, changes)
    return Repair(mended, tuple(changes), tuple(too_much))


def _renamed(feature: Feature, changes: list[str]) -> Feature:
    name = mended_name(feature.name)
    if name != feature.name:
        changes.append(f"feature {feature.number}: {feature.name!r} is now {name!r}")
    return replace(feature, name=name)


def _turned(feature: Feature, changes: list[str]) -> Feature:
    assert feature.geometry is not None
    changes.append(f"{feature}: latitude and longitude were exchanged")
    return replace(feature, geometry=swapped(feature.geometry))


def _covered_once(coverage: Coverage, gap_width_m: float) -> NDArray[np.object_]:
    """Polygons in degrees, on the grid."""
    polygons = coverage.polygons.copy()
    for sliver in gaps_and_slivers(coverage, gap_width_m)[1]:
        taker = coverage.near(sliver)[0]
        polygons[taker] = polygons_of(shapely.union(polygons[taker], sliver))
    degrees = polygons
    for _ in range(_ROUNDS):
        polygons = shapely.coverage_clean(polygons, gap_width=gap_width_m)  # type: ignore[attr-defined]
        degrees = np.array([on_grid(shape) for shape in coverage.plane.degrees(polygons)], dtype=object)
        # Rounding may, rarely, make an edge touch another.
        if shapely.is_valid(degrees).all() and shapely.coverage_is_valid(degrees):
            break
        polygons = coverage.plane.metres([polygons_of(shape) for shape in degrees])
    return degrees


def _changed(
    coverage: Coverage, feature: Feature, old: BaseGeometry, new: BaseGeometry, changes: list[str]
) -> list[Fault]:
    new = polygons_of(new)
    gained, lost = coverage.area_m2(shapely.difference(new, old)), coverage.area_m2(shapely.difference(old, new))
    if max(gained, lost) < _TOLD_M2:
        return []
    changes.append(f"{feature}: gained {area_text(gained)}, lost {area_text(lost)}")
    part = max(gained, lost) / max(coverage.area_m2(old), 1e-9)
    if part <= MOST_CHANGED:
        return []
    what = f"repairing changed {part:.0%} of it, more than a drawing error"
    return [Fault(FaultKind.CHANGED, str(feature), what, (feature.number,), area_m2=round(max(gained, lost), 2))]
