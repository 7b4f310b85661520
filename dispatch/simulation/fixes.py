"""A phone's fixes, with errors that match the stated uncertainty."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import cos, hypot, log, pi, sin, sqrt
from random import Random
from typing import Any

from geo import Projection

# The radius that each source states, metres; drawn uniformly over its logarithm.
RADIUS_M = {"gnss": (5.0, 30.0), "wifi": (20.0, 100.0), "cell": (300.0, 2_000.0), "address": (30.0, 150.0)}
# Phones state 68 % (AML's usual) or 95 %.
CONFIDENCES = (0.68, 0.95)
ECUADOR_MCC, OPERATOR_MNCS = "740", ("00", "01", "02")


@dataclass(frozen=True, slots=True)
class PlannedFix:
    """A fix `age_s` old when it is sent. `error_m` is the true error, which the service doesn't get."""

    source: str
    lat: float
    lon: float
    radius_m: float
    confidence: float
    age_s: float
    error_m: float
    cell: dict[str, Any] | None = None

    def body(self, now: datetime) -> dict[str, Any]:
        """The body for `POST /v1/calls`."""
        body = {
            "source": self.source,
            "lat": self.lat,
            "lon": self.lon,
            "radius_m": self.radius_m,
            "confidence": self.confidence,
            "at": (now - timedelta(seconds=self.age_s)).isoformat(timespec="milliseconds"),
        }
        return body | ({"cell": self.cell} if self.cell else {})


class Positioning:
    """Measures true positions as phones do: with probability `confidence` the truth is within `radius_m`."""

    def __init__(self, projection: Projection, random: Random) -> None:
        self._projection = projection
        self._random = random

    def fix(self, source: str, lat: float, lon: float) -> PlannedFix:
        random = self._random
        low, high = RADIUS_M[source]
        radius = round(low * (high / low) ** random.random(), 1)
        confidence = 0.95 if source in {"cell", "address"} else random.choice(CONFIDENCES)
        east, north = self._cell_error(radius, confidence) if source == "cell" else self._error(radius, confidence)
        x, y = self._projection.forward(lat, lon)
        said_lat, said_lon = self._projection.inverse(x + east, y + north)
        age = random.uniform(0, 8) if source in {"gnss", "wifi"} else 0.0
        cell = self._cell() if source == "cell" else None
        return PlannedFix(
            source, round(said_lat, 6), round(said_lon, 6), radius, confidence, age, hypot(east, north), cell
        )

    def _error(self, radius_m: float, confidence: float) -> tuple[float, float]:
        """Circular Gaussian: its radius at confidence c is sigma * sqrt(-2 ln(1 - c)) (Rayleigh; RFC 7459)."""
        sigma = radius_m / sqrt(-2 * log(1 - confidence))
        return self._random.gauss(0, sigma), self._random.gauss(0, sigma)

    def _cell_error(self, radius_m: float, confidence: float) -> tuple[float, float]:
        """Uniform over the disc, and as often as the phone states up to half a radius outside it."""
        inside = self._random.random() < confidence
        distance = radius_m * (sqrt(self._random.random()) if inside else self._random.uniform(1.0, 1.5))
        angle = self._random.uniform(0, 2 * pi)
        return distance * cos(angle), distance * sin(angle)

    def _cell(self) -> dict[str, Any]:
        random = self._random
        mnc = random.choice(OPERATOR_MNCS)
        return {"mcc": ECUADOR_MCC, "mnc": mnc, "lac": random.randint(1, 9_999), "cid": random.randint(1, 2**28 - 1)}
