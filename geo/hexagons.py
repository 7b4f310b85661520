"""The inside of every parish as H3 cells of mixed resolution: most points are answered by their cell.

Only cells that are entirely in one parish are kept; a point in another cell is looked up in the lattice. A cell is kept
if no square near it is mixed, where near means a circle that contains the cell and all its descendants: H3 children
reach out of their parent a little, and what counts is every point whose fine cell descends from it."""

import h3.api.basic_int as h3  # type: ignore[import-untyped]
import h3.api.numpy_int as h3_arrays  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray

from geo.lattice import OUTSIDE, Lattice

COARSE, FINE = 7, 10  # the cells in a location
_FIRST = 8  # coarser cells would be fewer, but need a fourth look-up for every point
_METRES_A_DEGREE = 110_574.0  # of latitude at the equator, where it is shortest
# Centres of descendants lie within sqrt(3) * (1/sqrt(7) + 1/7 + ...) = 1.053 circumradii; the rest is for distortion.
_REACH, _FINEST_REACH = 1.25, 1.05


def cells_of(lat: float, lon: float) -> tuple[str, str]:
    """The coarse and the fine H3 cell (resolutions 7 and 10) of a point."""
    fine = h3.latlng_to_cell(lat, lon, FINE)
    return h3.int_to_str(h3.cell_to_parent(fine, COARSE)), h3.int_to_str(fine)


def cells_of_many(lat: NDArray[np.float64], lon: NDArray[np.float64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The coarse and the fine H3 cells of points, as integers: arrays (n,) in degrees → two arrays (n,), 0 for NaN.

    H3 has no function for arrays: the fine cells cost one call for each point, the coarse ones are masks of them."""
    known = ~(np.isnan(lat) | np.isnan(lon))
    fine = np.zeros(lat.shape, np.uint64)
    pairs = zip(lat[known].tolist(), lon[known].tolist(), strict=True)
    fine[known] = np.fromiter((h3.latlng_to_cell(y, x, FINE) for y, x in pairs), np.uint64, np.count_nonzero(known))
    xor, ones = ((FINE ^ COARSE) << 52, (1 << 3 * (15 - COARSE)) - 1)
    coarse = np.where(known, (fine ^ np.uint64(xor)) | np.uint64(ones), np.uint64(0))
    return coarse, fine


def ancestor_masks() -> tuple[tuple[int, int], ...]:
    """(xor, or) masks that turn a fine cell into its ancestors and itself without a call, coarsest first: the
    resolution is bits 52-55, and the three bits of every unused level are ones."""
    return tuple(
        ((FINE ^ resolution) << 52, (1 << 3 * (15 - resolution)) - 1) for resolution in range(_FIRST, FINE + 1)
    )


def cells_between(
    south: float, west: float, north: float, east: float, resolution: int, *, margin_m: float = 0.0
) -> NDArray[np.uint64]:
    """All cells whose centre is in a box of degrees or within `margin_m` metres of it, unordered."""
    high = margin_m / _METRES_A_DEGREE
    wide = high / np.cos(np.radians(min(max(abs(south), abs(north)) + high, 89)))
    south, north = max(south - high, -90), min(north + high, 90)
    west, east = max(west - wide, -180), min(east + wide, 180)
    box = h3.LatLngPoly([(south, west), (south, east), (north, east), (north, west)])
    cells: NDArray[np.uint64] = h3_arrays.h3shape_to_cells_experimental(box, resolution, contain="center")
    return cells


def centres_of(cells: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Latitude and longitude of their centres: (n,) → (n, 2) in degrees."""
    return np.array(list(map(h3.cell_to_latlng, cells.tolist())), np.float64).reshape(-1, 2)


def interior_cells(lattice: Lattice) -> dict[int, int]:
    """H3 cell → position of the only parish that a point of this cell can be in."""
    labels = lattice.labels.reshape(lattice.rows, lattice.columns)
    mixed_before = np.zeros((lattice.rows + 1, lattice.columns + 1), np.int32)
    np.cumsum(np.cumsum(labels < OUTSIDE, axis=0, dtype=np.int32), axis=1, out=mixed_before[1:, 1:])
    interior: dict[int, int] = {}
    # Every cell that a point of the lattice can be in: its centre is no farther away than its corners.
    south, west, north, east = lattice.south, lattice.west, lattice.north, lattice.east
    cells = cells_between(south, west, north, east, _FIRST, margin_m=_REACH * _circumradius_m(lattice, _FIRST))
    for resolution in range(_FIRST, FINE + 1):
        reach_m = _circumradius_m(lattice, resolution) * (_FINEST_REACH if resolution == FINE else _REACH)
        mixed, label = _look(lattice, labels, mixed_before, centres_of(cells), reach_m)
        whole = ~mixed & (label >= 0)
        interior.update(zip(cells[whole].tolist(), label[whole].tolist(), strict=True))
        if resolution < FINE:
            cells = h3_arrays.uncompact_cells(cells[mixed], resolution + 1)
    return interior


def _look(
    lattice: Lattice,
    labels: NDArray[np.signedinteger],
    mixed_before: NDArray[np.int32],
    centres: NDArray[np.float64],
    m: float,
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """For the box around a circle of `m` metres around each centre: whether it has a mixed square; and the label of the
    centre."""
    lat, lon = centres.T
    north = m / _METRES_A_DEGREE
    east = north / np.cos(np.radians(np.minimum(np.abs(lat) + north, 89)))
    rows, columns = lattice.rows, lattice.columns

    def index(degrees: NDArray[np.float64], origin: float, size: int) -> NDArray[np.int64]:
        square: NDArray[np.int64] = np.clip(np.floor((degrees - origin) / lattice.step), 0, size - 1).astype(np.int64)
        return square

    low, high = index(lat - north, lattice.bottom, rows), index(lat + north, lattice.bottom, rows) + 1
    left, right = index(lon - east, lattice.left, columns), index(lon + east, lattice.left, columns) + 1
    count = mixed_before[high, right] - mixed_before[low, right] - mixed_before[high, left] + mixed_before[low, left]
    label = labels[index(lat, lattice.bottom, rows), index(lon, lattice.left, columns)]
    return count > 0, label.astype(np.int64)


def _circumradius_m(lattice: Lattice, resolution: int) -> float:
    """The largest distance from centre to corner among cells at the middle and the corners of the layer."""
    middle = (lattice.south + lattice.north) / 2, (lattice.west + lattice.east) / 2
    places = [middle, *((lat, lon) for lat in (lattice.south, lattice.north) for lon in (lattice.west, lattice.east))]
    longest = 0.0
    for lat, lon in places:
        cell = h3.latlng_to_cell(lat, lon, resolution)
        centre = h3.cell_to_latlng(cell)
        for corner in h3.cell_to_boundary(cell):
            longest = max(longest, h3.great_circle_distance(centre, corner, unit="m"))
    return longest
