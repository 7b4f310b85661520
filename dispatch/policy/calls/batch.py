"""What goes into the decision about a batch of reports, and what comes out."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from dispatch.errors import DispatchError
from dispatch.model import Call, CallId, Incident, IncidentId, NewEvent, Report
from dispatch.model.city import City
from dispatch.model.report_key import ReportKey
from dispatch.model.sender import Sender
from dispatch.policy.calls.shared_numbers import PastCall
from geo import Fix, Location


@dataclass(frozen=True, slots=True)
class Incoming:
    """A report as it came, and where its own fixes put the caller. `key`: by which it is known when it comes again.
    `adds_to`: the call that its sender says it refines; such a report has fixes only, and no receipt."""

    report: Report
    sender: Sender
    key: ReportKey
    location: Location
    adds_to: CallId | None = None


class PlacedCall(NamedTuple):
    """What an incident's location depends on of a call: who sent it, and where it is."""

    sender: str
    location: Location


@dataclass(frozen=True, slots=True)
class Known:
    """What the database says of a batch. `answered`: the stored answer of each report that came before. `used_ids`: ids
    of this batch that a report or a call has already. `calls`: recent calls of the phones that report, and the calls
    that are refined. `incidents`: those that are locked. `places`: all calls of the incidents that `calls` belong to.
    `numbers`: unused incident ids, and `spare_ids` unused call ids, one for each report. `history`: the last calls of
    each number that reports, by their ids."""

    answered: Mapping[ReportKey, str]
    used_ids: Collection[UUID]
    calls: Sequence[Call]
    incidents: Mapping[IncidentId, Incident]
    places: Mapping[IncidentId, Mapping[CallId, PlacedCall]]
    numbers: Sequence[IncidentId]
    spare_ids: Sequence[CallId]
    history: Mapping[str, Mapping[CallId, PastCall]] = field(default_factory=dict)

    def known_as(self, key: ReportKey) -> ReportKey:
        """The key under which this report is stored: of one from before there were digests, sender and id must do."""
        without = key._replace(content=b"")
        return without if without in self.answered else key


@dataclass(frozen=True, slots=True)
class Rules:
    """`join_above`, `suggest_above`: probabilities (0-1) from which a call joins an incident, or is suggested to.
    `same_phone_window`: so long a phone's AML messages belong to its call; `redial_window`: so long its next call may
    be about the same emergency."""

    city: City
    locate: Callable[[Sequence[Fix]], Location]
    at: datetime
    join_above: float
    suggest_above: float
    same_phone_window: timedelta = timedelta(minutes=5)
    redial_window: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`report`: with the flaws that were found in deciding. `joined`: the call belongs to an incident that was known
    before this report. `refined`: it only got fixes."""

    report: Report
    sender: Sender
    call: Call
    joined: bool
    refined: bool = False


@dataclass(slots=True)
class Decision:
    """`outcomes`: one for each report that has not been answered before, by its key, or the error that it alone gets.
    Everything is as it will be when the whole batch is written; an incident that is new and changed is new.
    `fixes_set_aside`: no longer reckoned with, and kept. `used`: how many incident numbers."""

    outcomes: dict[ReportKey, Outcome | DispatchError] = field(default_factory=dict)
    new_incidents: dict[IncidentId, Incident] = field(default_factory=dict)
    changed_incidents: dict[IncidentId, Incident] = field(default_factory=dict)
    new_calls: dict[CallId, Call] = field(default_factory=dict)
    changed_calls: dict[CallId, Call] = field(default_factory=dict)
    fixes_set_aside: list[tuple[CallId, Fix]] = field(default_factory=list)
    events: list[NewEvent] = field(default_factory=list)
    used: int = 0

    @property
    def joined_incidents(self) -> set[IncidentId]:
        taken = (one for one in self.outcomes.values() if isinstance(one, Outcome))
        return {one.call.incident_id for one in taken if one.joined}


class IncidentMovedError(Exception):
    """A call is in an incident that this batch has not locked, or would join such a one: the batch is gathered anew,
    for whoever waits for a second lock while holding a first may wait forever."""
