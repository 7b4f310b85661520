"""A point on the earth, in degrees of WGS 84, latitude first."""

from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True, slots=True)
class Point:
    """Raises ValueError for a latitude or longitude out of range, so that other modules need not check."""

    lat: float
    lon: float

    def __post_init__(self) -> None:
        if not (isfinite(self.lat) and -90 <= self.lat <= 90):
            raise ValueError(f"latitude must be between -90 and 90, not {self.lat}")
        if not (isfinite(self.lon) and -180 <= self.lon <= 180):
            raise ValueError(f"longitude must be between -180 and 180, not {self.lon}")
