"""A city as data: read from its folder, with every fault by file, line and field."""

from dispatch.city.loader import CityError, load_city

__all__ = ["CityError", "load_city"]
