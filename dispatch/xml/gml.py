"""Shapes of the Geography Markup Language that location formats use."""

from dispatch.xml.gml_shapes import READERS, Shape, read_shape
from dispatch.xml.gml_values import NotAShape, UnknownCrs

__all__ = ["READERS", "NotAShape", "Shape", "UnknownCrs", "read_shape"]
