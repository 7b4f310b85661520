"""The measured intervals of a response."""

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
    """`share` (0-1) of an interval should be within `seconds`. `agency`, `priority` None: any; `source`: origin of the
    target."""

    code: str
    interval: Interval
    seconds: float
    share: float
    agency: str | None = None
    priority: int | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Overdue:
    """An interval of an incident that has exceeded its target. `since`: its beginning; `unit_id`: the unit, if it
    belongs to one."""

    interval: Interval
    since: datetime
    target_s: float
    unit_id: UnitId | None = None
