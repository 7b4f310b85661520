"""A city as data: reads its folder and reports every fault by file, line and field."""

from dispatch.city.loader import CityError, load_city

__all__ = ["CityError", "load_city"]
