"""Why a position of a unit is stored but not shown."""

from datetime import timedelta
from enum import StrEnum

# A device's clock may be this far ahead of the service's; more is a wrong clock.
CLOCK_AHEAD = timedelta(seconds=30)


class Doubt(StrEnum):
    """`invalid`: stated by the device; `future`: its clock is ahead, and the position is stored under the time of its
    receipt; `too_fast`: it can't be reached from the last accepted position."""

    INVALID = "invalid"
    NULL_ISLAND = "null_island"
    OUTSIDE = "outside"
    INACCURATE = "inaccurate"
    FUTURE = "future"
    DUPLICATE = "duplicate"
    OUT_OF_ORDER = "out_of_order"
    TOO_FAST = "too_fast"
