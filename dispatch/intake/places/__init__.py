"""Places as people write them: a module a notation, each from text to what it can mean (`Written`)."""

from dispatch.intake.places.area import Area, Grid, area_of
from dispatch.intake.places.finding import find

__all__ = ["Area", "Grid", "area_of", "find"]
