import numpy as np
import pytest
import shapely
from shapely.geometry import MultiPolygon, Polygon, box

from geo import Parishes
from geo.edge_grid import LONGEST_M, EdgeGrid
from geo.edges import Edges

HOLED = Polygon([(0, 0), (0, 4), (4, 4), (4, 0)], [[(1, 1), (3, 1), (3, 3), (1, 3)]])
TWO = MultiPolygon([box(10, 0, 11, 1), box(12, 0, 13, 2)])


def areas(edges: Edges, count: int) -> list[float]:
    """By the shoelace formula: right only where the inside of shells and holes is on the left."""
    return list(np.bincount(edges.owner, (edges.x1 * edges.y2 - edges.x2 * edges.y1) / 2, count))


def test_the_inside_is_on_the_left_of_every_edge() -> None:
    edges = Edges.of([HOLED, TWO])
    assert len(edges) == 8 + 8
    assert areas(edges, 2) == [HOLED.area, TWO.area] == [12, 3]


@pytest.mark.parametrize("longest", [0.3, 1.0, 2.5, 100.0])
def test_split_edges_are_short_and_bound_the_same(longest: float) -> None:
    edges = Edges.of([HOLED, TWO])
    split = edges.split(longest)
    assert np.hypot(split.x2 - split.x1, split.y2 - split.y1).max() <= longest + 1e-12
    assert areas(split, 2) == pytest.approx([12, 3])
    assert (len(split) == len(edges)) == (longest >= 4)


def test_the_grid_gives_every_edge_that_reaches_into_a_box(quito: Parishes) -> None:
    edges = Edges.of(list(quito.projected)).split(LONGEST_M)
    lines = shapely.linestrings(np.stack([np.c_[edges.x1, edges.y1], np.c_[edges.x2, edges.y2]], axis=1))
    west, south, east, north = shapely.total_bounds(lines)
    grid, random = EdgeGrid(edges), np.random.default_rng(5)
    for _ in range(60):
        x, y = random.uniform(west - 3000, east + 3000), random.uniform(south - 3000, north + 3000)
        half = random.choice([10.0, 400.0, 5000.0])
        ends, owner = grid.near(x - half, y - half, x + half, y + half)
        given = {(*end, who) for *end, who in zip(*ends.tolist(), owner.tolist(), strict=True)}
        touching = np.flatnonzero(shapely.intersects(lines, box(x - half, y - half, x + half, y + half)))
        needed = np.c_[edges.x1, edges.y1, edges.x2, edges.y2, edges.owner][touching]
        assert {tuple(row) for row in needed.tolist()} <= given


def test_what_is_clear_has_no_edge_in_it(quito: Parishes) -> None:
    grid, random = quito.edge_grid, np.random.default_rng(6)
    west, south, east, north = shapely.total_bounds(quito.projected)
    boundary = shapely.union_all(shapely.boundary(quito.projected))
    shapely.prepare(boundary)
    places = random.uniform((west - 3_000, south - 3_000), (east + 3_000, north + 3_000), (2_000, 2))
    away_m = shapely.distance(boundary, shapely.points(places))
    clear_m = np.array([grid.clear_m(x, y) for x, y in places.tolist()])
    assert (clear_m <= away_m + 1e-6).all()
    assert (clear_m > 0).mean() > 0.5
    assert [grid.clear_m(x, y) for x, y in places.tolist()] == clear_m.tolist()
