"""A batch of reports ends as the same reports taken one by one."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.city import load_city
from dispatch.errors import NotFound
from dispatch.model import (
    Call,
    Caller,
    CallId,
    Channel,
    EventKind,
    Incident,
    IncidentId,
    IncidentStatus,
    NewEvent,
    Report,
)
from dispatch.model.city import City
from dispatch.model.report_key import ReportKey, key_of
from dispatch.model.sender import Sender, SenderKind
from dispatch.policy.calls.batch import Decision, IncidentMovedError, Incoming, Known, Outcome, PlacedCall, Rules
from dispatch.policy.calls.decide import decide
from dispatch.policy.calls.shared_numbers import PastCall
from dispatch.policy.incidents.duplicate_likelihood import DuplicateModel
from dispatch.policy.incidents.incident_index import IncidentIndex
from dispatch.policy.incidents.open_incidents import OpenIncidents
from dispatch.settings import PROJECT
from geo import Fix, Location, Point, Projection, Source, locate

AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
LAT, LON = -0.2201, -78.5123


@cache
def quito() -> City:
    return load_city(PROJECT / "data" / "quito")


@cache
def duplicates() -> DuplicateModel:
    return DuplicateModel(quito())


APP, OTHER_APP = Sender("app", SenderKind.INTAKE), Sender("other app", SenderKind.INTAKE)
GATEWAY, DESK = Sender("aml", SenderKind.GATEWAY), Sender("consola", SenderKind.DESK)


def place(fixes: Sequence[Fix]) -> Location:
    return locate(fixes, quito().parishes, at=AT)


RULES = Rules(quito(), place, AT, join_above=0.9, suggest_above=0.35)


@dataclass
class World:
    """What a database and a picture would know, in memory."""

    incidents: dict[IncidentId, Incident] = field(default_factory=dict)
    calls: dict[CallId, Call] = field(default_factory=dict)
    answered: dict[ReportKey, str] = field(default_factory=dict)
    outcomes: list[tuple[CallId, IncidentId, bool] | None] = field(default_factory=list)
    events: list[NewEvent] = field(default_factory=list)
    number: int = 1001
    spare: int = 0

    def take(self, batch: Sequence[Incoming]) -> Decision:
        index = IncidentIndex(Projection(quito().crs), duplicates())
        for incident in self.incidents.values():
            index.follow(incident)
        places: dict[IncidentId, dict[CallId, PlacedCall]] = {}
        for call in self.calls.values():
            places.setdefault(call.incident_id, {})[call.id] = PlacedCall(call.sender, call.location)
        numbers = [IncidentId(self.number + n) for n in range(len(batch))]
        used = {key.id for key in self.answered} | self.calls.keys()
        spare = [CallId(UUID(int=10_000 + self.spare + n)) for n in range(len(batch))]
        history: dict[str, dict[CallId, PastCall]] = {}
        for call in self.calls.values():
            if number := call.caller.number:
                history.setdefault(number, {})[call.id] = PastCall.of(call)
        calls = list(self.calls.values())
        known = Known(self.answered, used, calls, self.incidents, places, numbers, spare, history)
        decision = decide(batch, known, OpenIncidents(index, dict(self.incidents)), RULES)
        self.number += decision.used
        self.spare += len(decision.outcomes)
        self.incidents |= decision.new_incidents | decision.changed_incidents
        self.calls |= decision.new_calls | decision.changed_calls
        self.events += decision.events
        for one in batch:
            outcome = decision.outcomes.get(one.key)
            told = isinstance(outcome, Outcome) and one.key not in self.answered
            self.outcomes.append(
                (outcome.call.id, outcome.call.incident_id, outcome.joined)
                if told and isinstance(outcome, Outcome)
                else None
            )
            if one.adds_to is None:
                self.answered.setdefault(one.key, "")
        return decision


def incoming(
    number: int,
    east_m: float = 0.0,
    *,
    nature: str | None = "crash_injured",
    channel: Channel = Channel.APP,
    phone: str | None = None,
    radius_m: float = 15.0,
    has_place: bool = True,
    adds_to: CallId | None = None,
    sender: Sender = APP,
) -> Incoming:
    fix = Fix(Source.GNSS, Point(LAT, LON + east_m / 111_320), radius_m)
    report = Report(CallId(UUID(int=number + 1)), channel, Caller(phone), nature, None, (fix,) if has_place else ())
    return Incoming(report, sender, key_of(report, sender=sender.name), place(report.fixes), adds_to)


reports = st.builds(
    incoming,
    number=st.integers(0, 30),
    east_m=st.sampled_from([0.0, 5.0, 40.0, 180.0, 260.0, 320.0, 600.0, 3_000.0]),
    nature=st.sampled_from([None, "crash_injured", "chest_pain", "structure_fire"]),
    channel=st.sampled_from([Channel.APP, Channel.VOICE, Channel.AML, Channel.SMS]),
    phone=st.sampled_from([None, "+593991234567", "+593998887766", "anonymous"]),
    radius_m=st.sampled_from([5.0, 15.0, 200.0, 900.0]),
    has_place=st.booleans(),
    sender=st.sampled_from([APP, OTHER_APP, GATEWAY, DESK]),
)


@settings(max_examples=60)
@given(before=st.lists(reports, max_size=4), batch=st.lists(reports, min_size=1, max_size=12))
def test_a_batch_ends_as_its_reports_one_by_one(before: list[Incoming], batch: list[Incoming]) -> None:
    together, apart = World(), World()
    for world in (together, apart):
        for one in before:
            world.take([one])
    together.take(batch)
    for one in batch:
        apart.take([one])
    assert together.incidents == apart.incidents
    assert together.calls == apart.calls
    assert together.events == apart.events
    assert together.number == apart.number
    assert [o[:2] if o else None for o in _first(together)] == [o[:2] if o else None for o in _first(apart)]


def _first(world: World) -> list[tuple[CallId, IncidentId, bool] | None]:
    seen: set[CallId] = set()
    found: list[tuple[CallId, IncidentId, bool] | None] = []
    for one in world.outcomes:
        found.append(one if one and one[0] not in seen else None)
        seen |= {one[0]} if one else set()
    return found


def test_callers_of_one_crash_are_one_incident_and_each_sees_those_before() -> None:
    world = World()
    decision = world.take([incoming(n, n * 2.0) for n in range(20)])
    [incident] = world.incidents.values()
    assert incident.calls == 20 and incident.version == 20
    assert list(decision.new_incidents) == [incident.id] and not decision.changed_incidents
    assert [e.kind for e in decision.events] == [EventKind.CALL_TAKEN] + [EventKind.CALL_JOINED] * 19
    assert [e.incident.calls for e in decision.events if e.incident] == list(range(1, 21))


def test_a_phone_that_calls_and_sends_aml_is_one_call_in_either_order() -> None:
    for channels in ((Channel.VOICE, Channel.AML), (Channel.AML, Channel.VOICE)):
        world = World()
        world.take([incoming(n, channel=channel, phone="+593991234567") for n, channel in enumerate(channels)])
        [call], [incident] = world.calls.values(), world.incidents.values()
        assert call.channel is Channel.VOICE and incident.calls == 1 and len(call.fixes) == 2


@pytest.mark.parametrize("is_shared", [False, True])
def test_a_shared_number_joins_nothing_not_even_by_its_place(is_shared: bool) -> None:
    rules = replace(RULES, city=replace(quito(), shared_numbers=frozenset({"+59322220006"} if is_shared else ())))
    said = [incoming(n, channel=Channel.VOICE, phone="+59322220006") for n in range(2)]
    numbers, spare = [IncidentId(1), IncidentId(2)], [CallId(UUID(int=8)), CallId(UUID(int=9))]
    known = Known({}, set(), [], {}, {}, numbers, spare)
    decision = decide(said, known, OpenIncidents(IncidentIndex(Projection(quito().crs), duplicates()), {}), rules)
    assert len(decision.new_incidents) == (2 if is_shared else 1)
    if is_shared:
        suggestions = [[s.incident_id for s in one.similar] for one in decision.new_incidents.values()]
        assert suggestions == [[2], [1]]


def test_a_better_fix_moves_the_incident_and_says_from_where() -> None:
    world = World()
    world.take([incoming(0, radius_m=900.0)])
    [call] = world.calls.values()
    decision = world.take([incoming(1, 100.0, adds_to=call.id)])
    [outcome] = decision.outcomes.values()
    assert isinstance(outcome, Outcome) and outcome.refined and outcome.call.location.radius_m is not None
    [event] = decision.events
    assert event.kind is EventKind.LOCATION_CHANGED and event.data["before_m"] > event.data["after_m"]


def test_fixes_of_an_unknown_call_fail_alone() -> None:
    world = World()
    decision = world.take([incoming(0), incoming(1, adds_to=CallId(UUID(int=999))), incoming(2, 5.0)])
    assert [isinstance(one, NotFound) for one in decision.outcomes.values()] == [False, True, False]
    assert len(world.calls) == 2


def test_a_call_in_an_incident_that_is_not_locked_is_gathered_again() -> None:
    world = World()
    world.take([incoming(0, phone="+593991234567")])
    index = IncidentIndex(Projection(quito().crs), duplicates())
    known = Known({}, set(), list(world.calls.values()), {}, {}, [IncidentId(2)], [CallId(UUID(int=9))])
    more = incoming(1, channel=Channel.AML, phone="+593991234567")
    with pytest.raises(IncidentMovedError):
        decide([more], known, OpenIncidents(index, {}), RULES)


def test_more_of_a_call_in_a_closed_incident_changes_the_call_alone() -> None:
    world = World()
    world.take([incoming(0, phone="+593991234567")])
    [incident] = world.incidents.values()
    world.incidents[incident.id] = replace(incident, status=IncidentStatus.CLOSED, closed_at=AT)
    decision = world.take([incoming(1, channel=Channel.AML, phone="+593991234567")])
    assert not decision.events and not decision.changed_incidents and len(decision.changed_calls) == 1
