"""Why a position of a unit is kept as history but not shown as where it is."""

from datetime import timedelta
from enum import StrEnum

# A device's clock may be a little ahead of ours; more than this is a wrong clock.
CLOCK_AHEAD = timedelta(seconds=30)


class Doubt(StrEnum):
    """`invalid`: the device itself says so; `future`: its clock is ahead, and the position is kept under the time of
    its receipt; `too_fast`: no road leads there from where the unit was believed to be."""

    INVALID = "invalid"
    NULL_ISLAND = "null_island"
    OUTSIDE = "outside"
    INACCURATE = "inaccurate"
    FUTURE = "future"
    DUPLICATE = "duplicate"
    OUT_OF_ORDER = "out_of_order"
    TOO_FAST = "too_fast"
