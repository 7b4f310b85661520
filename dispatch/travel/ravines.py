"""Generates ravines (quebradas) across a city: streets end there, except for a few bridges."""

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEP_M = 150.0
BETWEEN_BRIDGES_M = 2_500.0


def ravines(outline_x: Floats, outline_y: Floats, valley_deg: float, random: np.random.Generator) -> list[Floats]:
    """Winding lines, each (k, 2) in metres, that begin at some of these places: most run across the valley, which leads
    `valley_deg` east of north, a few along it."""
    found = []
    for number in range(28):
        start = random.integers(len(outline_x))
        along = number % 7 == 0
        bearing = np.radians(valley_deg + (0 if along else 90))
        length_m = random.uniform(10_000, 25_000) if along else random.uniform(3_000, 8_000)
        turns = bearing + np.cumsum(random.normal(0, 0.12, int(length_m / STEP_M)))
        x = outline_x[start] + np.cumsum(np.sin(turns)) * STEP_M
        y = outline_y[start] + np.cumsum(np.cos(turns)) * STEP_M
        found.append(np.column_stack([x, y]))
    return found


def cut(ways: NDArray[np.object_], may_bridge: NDArray[np.bool_], lines: list[Floats]) -> NDArray[np.bool_]:
    """Mask of the ways (straight lines) that a ravine cuts. Along each ravine a bridge stays every 2.5 km, the first
    way that may be one."""
    gone = np.zeros(len(ways), bool)
    tree = shapely.STRtree(ways)
    for line in lines:
        ravine = shapely.linestrings(line)
        met = tree.query(ravine, predicate="intersects")
        gone[met] = True
        met = np.sort(met[may_bridge[met]])
        if not len(met):
            continue
        where = shapely.line_locate_point(ravine, shapely.centroid(ways[met]))
        last = -np.inf
        for position in np.argsort(where, kind="stable").tolist():
            if where[position] - last >= BETWEEN_BRIDGES_M:
                gone[met[position]] = False
                last = where[position]
    return gone
