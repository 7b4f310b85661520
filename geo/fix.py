"""A fix: one measured or stated position with its uncertainty."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from geo.point import Point
from geo.region import Region


class Source(StrEnum):
    """`MANUAL`: placed by a dispatcher; `REPORTED`: a place stated by a caller or app, as a pin, a shared link or
    coordinates in a text."""

    GNSS = "gnss"
    WIFI = "wifi"
    CELL = "cell"
    ADDRESS = "address"
    MANUAL = "manual"
    REPORTED = "reported"
    UNKNOWN = "unknown"


class Pdf(StrEnum):
    """The distribution over the region (RFC 7459, 2.2.1)."""

    UNKNOWN = "unknown"
    NORMAL = "normal"
    RECTANGULAR = "rectangular"


@dataclass(frozen=True, slots=True)
class CellId:
    """A radio cell. Network codes are strings: `01` is not `1`."""

    mcc: str
    mnc: str
    lac: int
    cid: int


@dataclass(frozen=True, slots=True)
class Fix:
    """One position of a caller.

    `point` is None if the fix is only a cell still to be looked up, or a parish (`parish_code`) named by the caller.
    `radius_m` is the uncertainty at `confidence` (None: 95 %, RFC 7459); None: unknown, the source's usual error.
    `region` replaces the circle if the format gives an ellipse, arc band or polygon."""

    source: Source
    point: Point | None = None
    radius_m: float | None = None
    confidence: float | None = None
    at: datetime | None = None
    altitude_m: float | None = None
    vertical_m: float | None = None
    pdf: Pdf = Pdf.UNKNOWN
    region: Region | None = None
    cell: CellId | None = None
    parish_code: str | None = None
