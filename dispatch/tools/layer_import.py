"""The job of `dispatch parishes import`: read, mend where told to, check, install."""

from dataclasses import dataclass
from pathlib import Path

from shapely.geometry import MultiPolygon, Polygon

from dispatch.tools.faults import Fault, wrong
from dispatch.tools.layer import Layer
from dispatch.tools.layer_check import check_layer
from dispatch.tools.layer_install import Installed, install_layer
from dispatch.tools.layer_repair import repair_layer


@dataclass(frozen=True, slots=True)
class Imported:
    """`remaining` is what is wrong, or to be noticed, after mending; `installed` None: it was not put into the city."""

    changes: tuple[str, ...]
    remaining: tuple[Fault, ...]
    installed: Installed | None


def import_layer(
    layer: Layer,
    found: tuple[Fault, ...],
    folder: Path,
    *,
    repair: bool,
    gap_width_m: float,
    accept_remaining: bool = False,
    dry_run: bool = False,
) -> Imported:
    """`found` are faults met on reading. Raises Unusable where the city can't be loaded with the layer."""
    faults = check_layer(layer, found, gap_width_m=gap_width_m)
    changes: tuple[str, ...] = ()
    if repair:
        mended = repair_layer(layer, faults, gap_width_m=gap_width_m)
        layer, changes = mended.layer, mended.changes
        faults = check_layer(layer, (*found, *mended.faults), gap_width_m=gap_width_m)
    left_out = [f for f in layer.features if not isinstance(f.geometry, Polygon | MultiPolygon)]
    changes = (*changes, *(f"{feature}: is left out, for it has no polygon" for feature in left_out))
    refused = wrong(faults) and not accept_remaining
    installed = None if dry_run or refused else install_layer(layer, folder)
    return Imported(changes, faults, installed)
