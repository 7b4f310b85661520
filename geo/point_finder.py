"""One point → its parish. Used for every call, and optimised to a tenth of a microsecond."""

from collections.abc import Callable, Mapping, Sequence

import h3.api.basic_int as h3  # type: ignore[import-untyped]

from geo.hexagons import FINE, ancestor_masks
from geo.lattice import OUTSIDE, Lattice
from geo.parish import Parish


def point_finder(
    parishes: Sequence[Parish], interior: Mapping[int, int], lattice: Lattice
) -> Callable[[float, float], Parish | None]:
    """`find(lat, lon)`: the point's H3 cell and its ancestors, coarsest first; if none is entirely in one parish, the
    lattice, which asks the polygons at a boundary.

    A closure, because local variables are a quarter faster than attributes."""
    south, north, west, east = lattice.south, lattice.north, lattice.west, lattice.east
    in_cell = {cell: parishes[position] for cell, position in interior.items()}.get
    cell_of = h3.latlng_to_cell
    (coarse_xor, coarse_or), (middle_xor, middle_or), _ = ancestor_masks()

    def find(lat: float, lon: float) -> Parish | None:
        if not (south <= lat <= north and west <= lon <= east):
            return None
        cell = cell_of(lat, lon, FINE)
        return (
            in_cell((cell ^ coarse_xor) | coarse_or)
            or in_cell((cell ^ middle_xor) | middle_or)
            or in_cell(cell)
            or by_lattice(lat, lon)
        )

    def by_lattice(lat: float, lon: float) -> Parish | None:
        position = lattice.find(lat, lon)
        return None if position == OUTSIDE else parishes[position]

    return find
