"""Where a caller is: fixes with their uncertainty, parishes with their probability, and the units near by.

Pure geography, usable on its own: no I/O, no web, no database.
"""

from geo.cells import Cell, CellTable, CellTableError
from geo.fix import CellId, Fix, Pdf, Source
from geo.hexagons import cells_of, cells_of_many
from geo.layer import LayerError
from geo.locating import locate
from geo.location import Location, LocationStatus, Nearest, ParishProbability
from geo.parish import Parish
from geo.parishes import Parishes
from geo.point import Point
from geo.probability import parish_probabilities
from geo.projection import Projection, bearing_deg, destination, distance_m
from geo.region import ArcBand, Ellipse, Polygon, Region
from geo.travel_time import StraightLine, TravelTime
from geo.uncertainty import scale_radius
from geo.unit_index import UnitIndex

__all__ = [
    "ArcBand",
    "Cell",
    "CellId",
    "CellTable",
    "CellTableError",
    "Ellipse",
    "Fix",
    "LayerError",
    "Location",
    "LocationStatus",
    "Nearest",
    "Parish",
    "ParishProbability",
    "Parishes",
    "Pdf",
    "Point",
    "Polygon",
    "Projection",
    "Region",
    "Source",
    "StraightLine",
    "TravelTime",
    "UnitIndex",
    "bearing_deg",
    "cells_of",
    "cells_of_many",
    "destination",
    "distance_m",
    "locate",
    "parish_probabilities",
    "scale_radius",
]
