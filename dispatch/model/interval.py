"""The stretches of time that a room is held to."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dispatch.model.ids import UnitId


class Interval(StrEnum):
    """PROCESS: opened to first unit sent. TURNOUT: sent to moving. TRAVEL: moving to there. RESPONSE: opened to first
    unit there. ON_SCENE: there to leaving. TRANSPORT: leaving with a patient to the hospital. HANDOVER: at the
    hospital to free."""

    PROCESS = "process"
    TURNOUT = "turnout"
    TRAVEL = "travel"
    RESPONSE = "response"
    ON_SCENE = "on_scene"
    TRANSPORT = "transport"
    HANDOVER = "handover"


@dataclass(frozen=True, slots=True)
class Target:
    """`share` (0-1) of an interval is to be within `seconds`. `agency`, `priority` None: any; `source`: who says so."""

    code: str
    interval: Interval
    seconds: float
    share: float
    agency: str | None = None
    priority: int | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Overdue:
    """An interval of an incident that has outlasted its target. `since`: it began; `unit_id`: whose it is, if one's."""

    interval: Interval
    since: datetime
    target_s: float
    unit_id: UnitId | None = None
