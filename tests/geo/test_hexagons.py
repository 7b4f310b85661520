import h3.api.basic_int as h3  # type: ignore[import-untyped]
import numpy as np

from geo import Parishes, cells_of, cells_of_many
from geo.hexagons import ancestor_masks, cells_between, centres_of, interior_cells


def test_a_cell_that_is_kept_holds_points_of_its_parish_only(quito: Parishes) -> None:
    interior = interior_cells(quito.lattice)
    random = np.random.default_rng(2)
    west, south, east, north = quito.bounds
    lat, lon = random.uniform(south, north, 200_000), random.uniform(west, east, 200_000)
    positions = quito.find_many(lat, lon)
    hits = 0
    for place, position in zip(zip(lat.tolist(), lon.tolist(), strict=True), positions.tolist(), strict=True):
        fine = h3.latlng_to_cell(*place, 10)
        for xor, ones in ancestor_masks():
            kept = interior.get((fine ^ xor) | ones)
            if kept is not None:
                hits += 1
                assert kept == position
    assert hits > 0.85 * (positions >= 0).sum(), "nearly all points are answered by their cell"


def test_the_cells_kept_are_of_mixed_resolution_and_none_lies_in_another(quito: Parishes) -> None:
    interior = interior_cells(quito.lattice)
    resolutions = {h3.get_resolution(cell) for cell in interior}
    assert resolutions == {8, 9, 10}
    for cell in interior:
        above = range(8, h3.get_resolution(cell))
        assert not any(h3.cell_to_parent(cell, resolution) in interior for resolution in above)


def test_the_cells_of_a_box_are_those_whose_centre_is_in_it() -> None:
    south, west, north, east = -0.3, -78.6, -0.1, -78.4
    wide = cells_between(south, west, north, east, 8, margin_m=3_000)
    lat, lon = centres_of(wide).T
    inside = (south <= lat) & (lat <= north) & (west <= lon) & (lon <= east)
    assert set(cells_between(south, west, north, east, 8).tolist()) == set(wide[inside].tolist())
    # And with a margin that no cell's corner is beyond, those that any point of it can be in.
    random = np.random.default_rng(3)
    points = zip(random.uniform(south, north, 5_000).tolist(), random.uniform(west, east, 5_000).tolist(), strict=True)
    assert {h3.latlng_to_cell(*point, 8) for point in points} < set(wide.tolist())


def test_ancestors_by_bits_are_those_of_the_library() -> None:
    fine = h3.latlng_to_cell(-0.2, -78.5, 10)
    by_bits = [(fine ^ xor) | ones for xor, ones in ancestor_masks()]
    assert by_bits == [h3.cell_to_parent(fine, 8), h3.cell_to_parent(fine, 9), fine]


def test_a_place_has_a_coarse_and_a_fine_cell() -> None:
    coarse, fine = cells_of(-0.2, -78.5)
    assert (coarse, fine) == ("8766d338cffffff", "8a66d338c777fff")


def test_the_cells_of_many_points_are_those_of_each() -> None:
    lat, lon = np.array([-0.2, 0.0, np.nan, 40.0, -0.2]), np.array([-78.5, -78.4, -78.4, np.nan, -78.5])
    coarse, fine = cells_of_many(lat, lon)
    for i in (0, 1, 4):
        assert (f"{coarse[i]:x}", f"{fine[i]:x}") == cells_of(float(lat[i]), float(lon[i]))
    assert coarse[2] == fine[2] == coarse[3] == fine[3] == 0
