"""The job of `dispatch parishes import`: read, optionally repair, check, install."""

from dataclasses import dataclass
from pathlib import Path

from shapely.geometry import MultiPolygon, Polygon

from dispatch.tools.city_layer import LAYER, layer_in_place
from dispatch.tools.faults import Fault, wrong
from dispatch.tools.layer import Layer
from dispatch.tools.layer_check import check_layer
from dispatch.tools.layer_completion import complete_layer
from dispatch.tools.layer_install import Installed, install_layer
from dispatch.tools.layer_repair import repair_layer


@dataclass(frozen=True, slots=True)
class Imported:
    """`taken` are missing values that were taken from elsewhere; `changes` are those of polygons and names; `remaining`
    are the faults and notices after the repair; `installed` None: it was not installed."""

    taken: tuple[str, ...]
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
    reference: Path | None = None,
) -> Imported:
    """`found` are faults from reading; `reference` is the folder of a city to take missing values from if `folder` has
    no layer yet. Raises Unusable if the city can't be loaded with the layer."""
    layer, taken = complete_from(layer, folder, reference)
    faults = check_layer(layer, found, gap_width_m=gap_width_m)
    changes: tuple[str, ...] = ()
    if repair:
        mended = repair_layer(layer, faults, gap_width_m=gap_width_m)
        layer, changes = mended.layer, mended.changes
        faults = check_layer(layer, (*found, *mended.faults), gap_width_m=gap_width_m)
    left_out = [f for f in layer.features if not isinstance(f.geometry, Polygon | MultiPolygon)]
    changes = (*changes, *(f"{feature}: left out, it has no polygon" for feature in left_out))
    refused = wrong(faults) and not accept_remaining
    installed = None if dry_run or refused else install_layer(layer, folder)
    return Imported(taken, changes, faults, installed)


def complete_from(layer: Layer, *folders: Path | None) -> tuple[Layer, tuple[str, ...]]:
    """Completed from the first of these cities that has a layer."""
    for folder in folders:
        if folder is not None and (known := layer_in_place(folder)) is not None:
            return complete_layer(layer, known, source=str(folder / LAYER))
    return complete_layer(layer, None, source="")
