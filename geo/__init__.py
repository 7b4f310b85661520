"""Geography of calls: fixes with their uncertainty, parishes with their probability, and nearby units.

Usable on its own: no I/O, no network, no database."""

from geo.best_fixes import best_few
from geo.bounded_polygon import bounded_polygon
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
from geo.projection import Projection, bearing_deg, destination, distance_m, distances_m
from geo.region import ArcBand, Ellipse, Polygon, Region
from geo.road_measures import Measures, measure
from geo.road_network import PROFILES, Pace, Profile, RoadNetwork, RoadNetworkError
from geo.roads import Roads, Trips
from geo.support import WeightedPoint, support_points
from geo.travel_time import StraightLine, TravelTime
from geo.uncertainty import scale_radius
from geo.unit_index import UnitIndex

__all__ = [
    "PROFILES",
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
    "Measures",
    "Nearest",
    "Pace",
    "Parish",
    "ParishProbability",
    "Parishes",
    "Pdf",
    "Point",
    "Polygon",
    "Profile",
    "Projection",
    "Region",
    "RoadNetwork",
    "RoadNetworkError",
    "Roads",
    "Source",
    "StraightLine",
    "TravelTime",
    "Trips",
    "UnitIndex",
    "WeightedPoint",
    "bearing_deg",
    "best_few",
    "bounded_polygon",
    "cells_of",
    "cells_of_many",
    "destination",
    "distance_m",
    "distances_m",
    "locate",
    "measure",
    "parish_probabilities",
    "scale_radius",
    "support_points",
]
