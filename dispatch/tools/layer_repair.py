"""Mending a layer, each change told with its square metres.

Polygons that cross themselves are made valid; overlaps, and gaps narrower than a stated width, go to the neighbour with
the longest common edge; edges are made to meet corner for corner (GEOS's coverage cleaner). Wide gaps are left: nobody
but the city knows whose they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from dispatch.tools.coverage_faults import Coverage, open_slivers
from dispatch.tools.faults import Fault, FaultKind, area_text
from dispatch.tools.layer import Feature, Layer, forward, inverse, polygons_of
from dispatch.tools.name_faults import mended_name
from dispatch.tools.shape_faults import can_be_measured, swapped

GRID_DEG = 1e-7  # about a centimetre
MOST_CHANGED = 0.05
_COVERAGE = {FaultKind.INVALID, FaultKind.OVERLAP, FaultKind.GAP, FaultKind.SLIVER, FaultKind.EDGES}


@dataclass(frozen=True, slots=True)
class Repair:
    layer: Layer
    changes: tuple[str, ...]
    faults: tuple[Fault, ...]  # parishes that mending has changed too much to be trusted


def repair_layer(layer: Layer, faults: Sequence[Fault], *, gap_width_m: float) -> Repair:
    changes: list[str] = []
    by_kind = {kind: {n for fault in faults if fault.kind is kind for n in fault.features} for kind in FaultKind}
    features = [_renamed(feature, changes) for feature in layer.features]
    features = [_turned(f, changes) if f.number in by_kind[FaultKind.SWAPPED] else f for f in features]
    mended = replace(layer, features=tuple(features))
    left = [fault for fault in faults if fault.kind is not FaultKind.SWAPPED]
    # Once turned, a feature may overlap others, of which nothing is known yet.
    if not by_kind[FaultKind.SWAPPED] and not any(fault.kind in _COVERAGE for fault in faults):
        return Repair(mended, tuple(changes), ())
    before = Coverage.of(can_be_measured(mended, left), layer.projection)
    after = _covered_once(before, gap_width_m)
    polygons = shapely.set_precision(inverse(after, layer.projection), GRID_DEG, mode="pointwise")
    shapes = {f.number: None if shape.is_empty else shape for f, shape in zip(before.features, polygons, strict=True)}
    mended = replace(mended, features=tuple(replace(f, geometry=shapes.get(f.number, f.geometry)) for f in features))
    too_much: list[Fault] = []
    for feature, old, new in zip(before.features, before.polygons, forward(polygons, layer.projection), strict=True):
        too_much += _changed(feature, old, new, changes)
    return Repair(mended, tuple(changes), tuple(too_much))


def _renamed(feature: Feature, changes: list[str]) -> Feature:
    name = mended_name(feature.name)
    if name != feature.name:
        changes.append(f"feature {feature.number}: {feature.name!r} is now {name!r}")
    return replace(feature, name=name)


def _turned(feature: Feature, changes: list[str]) -> Feature:
    assert feature.geometry is not None
    changes.append(f"{feature}: latitude and longitude changed places")
    return replace(feature, geometry=swapped(feature.geometry))


def _covered_once(coverage: Coverage, gap_width_m: float) -> NDArray[np.object_]:
    polygons = coverage.polygons.copy()
    for sliver in open_slivers(coverage, gap_width_m):
        taker = coverage.near(sliver)[0]
        polygons[taker] = polygons_of(shapely.union(polygons[taker], sliver))
    cleaned: NDArray[np.object_] = shapely.coverage_clean(polygons, gap_width=gap_width_m)  # type: ignore[attr-defined]
    return cleaned


def _changed(feature: Feature, old: BaseGeometry, new: BaseGeometry, changes: list[str]) -> list[Fault]:
    gained, lost = (float(shapely.difference(a, polygons_of(b)).area) for a, b in ((polygons_of(new), old), (old, new)))
    if max(gained, lost) < 0.05:
        return []
    changes.append(f"{feature}: gained {area_text(gained)}, lost {area_text(lost)}")
    part = max(gained, lost) / max(float(old.area), 1e-9)
    if part <= MOST_CHANGED:
        return []
    what = f"mending changed {part:.0%} of it, more than a slip of the pen"
    return [Fault(FaultKind.CHANGED, str(feature), what, (feature.number,), area_m2=round(max(gained, lost), 2))]
