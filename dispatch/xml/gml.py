"""Shapes of the Geography Markup Language, as far as location formats use them."""

from dispatch.xml.gml_shapes import READERS, Shape, read_shape
from dispatch.xml.gml_values import NotAShape, UnknownCrs

__all__ = ["READERS", "NotAShape", "Shape", "UnknownCrs", "read_shape"]
