"""All faults of a layer, the most serious first."""

from collections.abc import Iterable

from dispatch.tools.coverage_faults import GAP_WIDTH_M, coverage_faults
from dispatch.tools.faults import Fault, FaultKind, Severity
from dispatch.tools.layer import Layer
from dispatch.tools.name_faults import name_faults
from dispatch.tools.shape_faults import can_be_measured, shape_faults

_ORDER = {kind: place for place, kind in enumerate(FaultKind)}


def check_layer(layer: Layer, found: Iterable[Fault] = (), *, gap_width_m: float = GAP_WIDTH_M) -> tuple[Fault, ...]:
    """`found` are faults from reading it."""
    shapes = tuple(shape_faults(layer))
    measured = coverage_faults(can_be_measured(layer, shapes), layer.projection, gap_width_m=gap_width_m)
    faults = (*found, *shapes, *measured, *name_faults(layer))
    return tuple(sorted(faults, key=lambda f: (f.severity is Severity.NOTICE, _ORDER[f.kind], -(f.area_m2 or 0))))
