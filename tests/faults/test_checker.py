"""The checker is blind to nothing that it is there for: each rule is broken on purpose, and each time it says so."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from dispatch.model import (
    Assignment,
    Event,
    EventKind,
    Incident,
    IncidentId,
    IncidentStatus,
    Seq,
    Unit,
    UnitId,
    UnitStatus,
)
from dispatch.model.room import Room
from geo import Location, LocationStatus
from scripts.fault_runs.checker import RULES, violations
from scripts.fault_runs.history import History, StoredCall, StoredReport
from scripts.fault_runs.logs import Deed, Sent, Told, Verb, Word

NOW = datetime(2026, 11, 24, tzinfo=UTC)
FIRST, SECOND = UUID(int=1), UUID(int=2)
ONE, TWO = IncidentId(1001), IncidentId(1002)
FREE = Unit(UnitId("U"), "PN", "patrol_car", (), None, UnitStatus.AVAILABLE, NOW)
SENT_OUT = replace(FREE, status=UnitStatus.DISPATCHED, incident_id=ONE)


def incident(number: IncidentId, version: int, calls: int, *, closed: bool = False, assigned: bool = False) -> Incident:
    status = IncidentStatus.CLOSED if closed else IncidentStatus.WAITING
    where = Location(LocationStatus.UNLOCATED)
    assignments = (Assignment(FREE.id, NOW, "x"),) if assigned else ()
    made = Incident(number, status, 3, None, None, NOW, where, calls, (), assignments=assignments)
    return replace(made, version=version)


def answer(call: UUID, number: IncidentId) -> str:
    return f'{{"call_id":"{call}","incident_id":{number}}}'


def events() -> list[Event]:
    """Two calls; a unit goes to the first; the second incident is linked into the first, and given back."""
    kind = EventKind
    told = [
        Event(kind.CALL_TAKEN, NOW, "x", incident(ONE, 1, 1), data={"call_id": str(FIRST)}),
        Event(kind.CALL_TAKEN, NOW, "x", incident(TWO, 1, 1), data={"call_id": str(SECOND)}),
        Event(kind.UNIT_ASSIGNED, NOW, "x", incident(ONE, 2, 1, assigned=True), (SENT_OUT,)),
        Event(kind.INCIDENT_LINKED, NOW, "x", incident(TWO, 2, 0, closed=True), data={"into": ONE}),
        Event(kind.INCIDENT_CHANGED, NOW, "x", incident(ONE, 3, 2, assigned=True)),
        Event(kind.INCIDENT_UNLINKED, NOW, "x", incident(TWO, 3, 1), data={"from": ONE}),
        Event(kind.INCIDENT_CHANGED, NOW, "x", incident(ONE, 4, 1, assigned=True)),
    ]
    return [replace(event, seq=Seq(seq)) for seq, event in enumerate(told, 2)]


def clean() -> History:
    before = Room(Seq(1), units={FREE.id: FREE})
    fresh = deepcopy(before)
    for event in events():
        fresh.apply(event)
    return History(
        sent=[
            Sent(FIRST, 0, 0.0, 0.1, 0),
            Sent(FIRST, 1, 0.2, 0.3, 503, "", says_when=True),
            Sent(FIRST, 0, 0.4, 0.5, 201, answer(FIRST, ONE)),
            Sent(FIRST, 1, 0.6, 0.7, 200, answer(FIRST, ONE)),
            Sent(SECOND, 1, 0.6, 0.7, 201, answer(SECOND, TWO)),
        ],
        deeds=[Deed(Verb.ASSIGN, ONE, 2, (FREE.id,)), Deed(Verb.LINK, ONE, 3), Deed(Verb.UNLINK, TWO, 3)],
        told={
            "steady": [Told(Word.SNAPSHOT, 1), *seen(2, 8)],
            "moved": [Told(Word.SNAPSHOT, 1), *seen(2, 5), Told(Word.RESUMED, 5), *seen(6, 8)],
            "slow": [Told(Word.SNAPSHOT, 1), *seen(2, 3), Told(Word.RESYNC), Told(Word.SNAPSHOT, 7), *seen(8, 8)],
        },
        rooms={name: deepcopy(fresh) for name in ("steady", "moved", "slow")},
        before=before,
        events=events(),
        fresh=fresh,
        reports=[StoredReport(FIRST, FIRST, answer(FIRST, ONE)), StoredReport(SECOND, SECOND, answer(SECOND, TWO))],
        calls=[StoredCall(FIRST, ONE), StoredCall(SECOND, TWO)],
    )


def seen(first: int, last: int) -> list[Told]:
    return [Told(Word.EVENT, seq) for seq in range(first, last + 1)]


Plant = Callable[[History], None]


def a_lost_call(history: History) -> None:
    history.reports, history.calls = history.reports[1:], history.calls[1:]


def a_report_without_its_call(history: History) -> None:
    history.calls = history.calls[1:]


def a_doubled_call(history: History) -> None:
    history.calls = [*history.calls, StoredCall(FIRST, TWO)]


def a_doubled_report(history: History) -> None:
    history.reports = [*history.reports, history.reports[0]]


def a_call_told_of_twice(history: History) -> None:
    history.events = [replace(e, data={"call_id": str(FIRST)}) if e.seq == 3 else e for e in history.events]


def a_report_that_is_new_twice(history: History) -> None:
    history.sent = [*history.sent, Sent(SECOND, 0, 1.0, 1.1, 201, answer(SECOND, TWO))]


def another_answer(history: History) -> None:
    history.sent = [*history.sent, Sent(FIRST, 0, 1.0, 1.1, 200, answer(FIRST, TWO))]


def an_answer_that_is_not_the_stored_one(history: History) -> None:
    history.reports = [StoredReport(FIRST, FIRST, answer(FIRST, TWO)), history.reports[1]]


def a_call_that_went_astray(history: History) -> None:
    history.calls = [history.calls[0], StoredCall(SECOND, ONE)]


def an_answer_that_named_another_incident(history: History) -> None:
    told = answer(SECOND, ONE)
    history.sent = [*history.sent[:-1], Sent(SECOND, 1, 0.6, 0.7, 201, told)]
    history.reports = [history.reports[0], StoredReport(SECOND, SECOND, told)]


def a_report_never_answered(history: History) -> None:
    history.sent = [*history.sent, Sent(UUID(int=3), 0, 1.0, 60.0, 0)]


def a_traceback_for_an_answer(history: History) -> None:
    history.sent = [Sent(FIRST, 0, 0.0, 0.1, 500), *history.sent]


def a_refusal_that_says_not_when(history: History) -> None:
    history.sent = [Sent(FIRST, 0, 0.0, 0.1, 503), *history.sent]


def a_gap(history: History) -> None:
    history.events = [event for event in history.events if event.seq != 6]


def a_head_that_is_ahead(history: History) -> None:
    history.fresh.seq = Seq(9)
    for room in history.rooms.values():
        room.seq = Seq(9)


def a_moment_on_two_incidents(history: History) -> None:
    """Which the next event makes good."""
    history.events = [replace(e, incident=incident(TWO, 3, 1, assigned=True)) if e.seq == 7 else e for e in events()]
    history.events[-1] = replace(history.events[-1], incident=incident(TWO, 4, 1))
    history.fresh.incidents[ONE] = incident(ONE, 3, 2, assigned=True)


def a_unit_booked_twice_in_the_tables(history: History) -> None:
    history.tables = ["('U', 2)"]


def an_open_incident_reopened(history: History) -> None:
    history.events = [
        replace(e, kind=EventKind.INCIDENT_REOPENED) if e.kind is EventKind.INCIDENT_CHANGED else e for e in events()
    ]


def a_reopening_that_puts_units_back(history: History) -> None:
    again = incident(ONE, 6, 1, assigned=True)
    closed = Event(EventKind.INCIDENT_CLOSED, NOW, "x", incident(ONE, 5, 1, closed=True), (FREE,), seq=Seq(9))
    opened = Event(EventKind.INCIDENT_REOPENED, NOW, "x", again, (SENT_OUT,), seq=Seq(10))
    history.events = [*events(), closed, opened]


def an_act_that_left_no_trace(history: History) -> None:
    history.deeds = [*history.deeds, Deed(Verb.CLOSE, ONE, 5)]


def an_event_told_twice(history: History) -> None:
    tell(history, "moved", [Told(Word.SNAPSHOT, 1), *seen(2, 5), Told(Word.RESUMED, 5), *seen(5, 8)])


def events_out_of_order(history: History) -> None:
    tell(history, "steady", [Told(Word.SNAPSHOT, 1), *seen(2, 3), *seen(5, 5), *seen(4, 4), *seen(6, 8)])


def an_event_missed_while_away(history: History) -> None:
    tell(history, "moved", [Told(Word.SNAPSHOT, 1), *seen(2, 5), Told(Word.RESUMED, 5), *seen(7, 8)])


def a_snapshot_of_the_past(history: History) -> None:
    tell(history, "slow", [Told(Word.SNAPSHOT, 1), *seen(2, 5), Told(Word.RESYNC), Told(Word.SNAPSHOT, 3), *seen(4, 8)])


def a_screen_that_differs(history: History) -> None:
    history.rooms["slow"].units[FREE.id] = FREE


def a_screen_that_fell_asleep(history: History) -> None:
    history.rooms["slow"].seq = Seq(7)


def tell(history: History, screen: str, told: list[Told]) -> None:
    history.told = {**history.told, screen: told}


PLANTED: dict[Plant, str] = {
    a_lost_call: f"lost: report {FIRST} was acknowledged and is stored 0 times",
    a_report_without_its_call: f"lost: report {FIRST} is stored, its call",
    a_doubled_call: f"doubled: call {FIRST} is stored 2 times",
    a_doubled_report: f"lost: report {FIRST} was acknowledged and is stored 2 times",
    a_call_told_of_twice: f"doubled: the journal tells 2 times of call {FIRST}",
    a_report_that_is_new_twice: f"doubled: report {SECOND} was new 2 times",
    another_answer: f"two answers: report {FIRST} was told",
    an_answer_that_is_not_the_stored_one: f"two answers: report {FIRST} was told",
    a_call_that_went_astray: f"astray: call {SECOND} is under 1001, the journal says 1002",
    an_answer_that_named_another_incident: f"astray: report {SECOND} was told incident 1001",
    a_report_never_answered: "unanswered: report 00000000-0000-0000-0000-000000000003",
    a_traceback_for_an_answer: f"surprise: report {FIRST} was answered 500",
    a_refusal_that_says_not_when: f"surprise: report {FIRST} was answered 503 without",
    a_gap: "gap: the journal has 7 after 5",
    a_head_that_is_ahead: "gap: the journal ends at 8, its head says 9",
    a_moment_on_two_incidents: "booked twice, after 7 (incident_unlinked): U is on 2 incidents",
    a_unit_booked_twice_in_the_tables: "the tables: ('U', 2)",
    an_open_incident_reopened: "reopened: incident 1001 at 6, which was not closed",
    a_reopening_that_puts_units_back: "reopened: incident 1001 at 10 has its units back",
    an_act_that_left_no_trace: "lost: close on 1001, version 5",
    an_event_told_twice: "screen moved: was told 5 again, after 5",
    events_out_of_order: "screen steady: was told 4 again, after 5",
    an_event_missed_while_away: "screen moved: missed what is between 5 and 7",
    a_snapshot_of_the_past: "screen slow: was shown 3 after it had seen 5",
    a_screen_that_differs: "screen slow differs from a fresh snapshot: units U",
    a_screen_that_fell_asleep: "screen slow ends at 7, the room is at 8",
}


def test_a_clean_history_is_clean() -> None:
    assert violations(clean()) == []


@pytest.mark.parametrize(("plant", "said"), PLANTED.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_what_is_planted_is_found(plant: Plant, said: str) -> None:
    history = clean()
    plant(history)
    assert any(found.startswith(said) for found in violations(history)), violations(history)


def test_every_rule_is_broken_by_some_plant() -> None:
    broken = set()
    for plant in PLANTED:
        history = clean()
        plant(history)
        broken |= {rule for rule in RULES if list(rule(history))}
    assert broken == set(RULES)
