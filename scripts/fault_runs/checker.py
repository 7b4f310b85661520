"""What must be true of every history. Pure functions of the history."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from itertools import pairwise
from uuid import UUID

import msgspec

from dispatch.model import EventKind, IncidentId, IncidentStatus
from scripts.fault_runs.bookings import faults_of
from scripts.fault_runs.history import History
from scripts.fault_runs.logs import Told, Verb, Word

KINDS = {
    Verb.ASSIGN: EventKind.UNIT_ASSIGNED,
    Verb.RELEASE: EventKind.UNIT_RELEASED,
    Verb.CLOSE: EventKind.INCIDENT_CLOSED,
    Verb.REOPEN: EventKind.INCIDENT_REOPENED,
    Verb.LINK: EventKind.INCIDENT_CHANGED,
    Verb.UNLINK: EventKind.INCIDENT_UNLINKED,
    Verb.SPLIT: EventKind.CALL_SPLIT,
}


class Answer(msgspec.Struct):
    call_id: UUID
    incident_id: IncidentId


def violations(history: History) -> list[str]:
    """All violations as text; empty if every promise was kept."""
    return [wrong for rule in RULES for wrong in rule(history)]


def every_acknowledged_report_is_stored_once(history: History) -> Iterator[str]:
    stored = Counter(report.report_id for report in history.reports)
    calls = Counter(call.call_id for call in history.calls)
    for report_id in _answers(history):
        if stored[report_id] != 1:
            yield f"lost: report {report_id} was acknowledged and is stored {stored[report_id]} times"
    for call_id, times in calls.items():
        if times != 1:
            yield f"doubled: call {call_id} is stored {times} times"
    for report in history.reports:
        if calls[report.call_id] == 0:
            yield f"lost: report {report.report_id} is stored, its call {report.call_id} is not"


def every_report_gets_one_answer(history: History) -> Iterator[str]:
    stored = {report.report_id: report.answer for report in history.reports}
    for report_id, answers in _answers(history).items():
        if len(set(answers)) > 1:
            yield f"two answers: report {report_id} was told {' and '.join(sorted(set(answers)))}"
        elif stored.get(report_id, answers[0]) != answers[0]:
            yield f"two answers: report {report_id} was told {answers[0]}, stored is {stored[report_id]}"
    new = Counter(sent.report_id for sent in history.sent if sent.status == 201)
    for report_id, times in new.items():
        if times > 1:
            yield f"doubled: report {report_id} was new {times} times"


def every_report_is_answered_at_last(history: History) -> Iterator[str]:
    for report_id in {sent.report_id for sent in history.sent} - _answers(history).keys():
        yield f"unanswered: report {report_id} never got an answer, however often it was sent"


def no_answer_is_a_surprise(history: History) -> Iterator[str]:
    """A valid report is accepted, recognised as a repetition, or refused with a time to try again; other answers are
    violations."""
    for sent in history.sent:
        if sent.status not in {0, 200, 201, 503}:
            yield f"surprise: report {sent.report_id} was answered {sent.status}: {sent.answer}"
        elif sent.status == 503 and not sent.says_when:
            yield f"surprise: report {sent.report_id} was answered 503 without a word on when to try again"


def every_call_is_told_once_and_is_where_it_was_told(history: History) -> Iterator[str]:
    """Under the incident of its answer, or where the journal says that it was moved from there."""
    first, now, told = _walks(history)
    for call_id, times in told.items():
        if times > 1:
            yield f"doubled: the journal tells {times} times of call {call_id}"
    for call in history.calls:
        if call.call_id not in now:
            yield f"lost: the journal never told of call {call.call_id}"
        elif now[call.call_id] != call.incident_id:
            yield f"astray: call {call.call_id} is under {call.incident_id}, the journal says {now[call.call_id]}"
    for report_id, answers in _answers(history).items():
        answer = msgspec.json.decode(answers[0], type=Answer)
        if first.get(answer.call_id, answer.incident_id) != answer.incident_id:
            yield (
                f"astray: report {report_id} was told incident {answer.incident_id}, "
                f"the journal began with {first[answer.call_id]}"
            )


def _walks(history: History) -> tuple[dict[UUID, IncidentId], dict[UUID, IncidentId], Counter[UUID]]:
    """Where each call began, where it is after all links, unlinks and splits, and how often it was reported."""
    first: dict[UUID, IncidentId] = {}
    now: dict[UUID, IncidentId] = {}
    told: Counter[UUID] = Counter()
    carried: dict[IncidentId, set[UUID]] = {}
    for event in history.events:
        if event.incident is None:
            continue
        here = event.incident.id
        match event.kind:
            case EventKind.CALL_TAKEN | EventKind.CALL_JOINED:
                call_id = UUID(str(event.data["call_id"]))
                first.setdefault(call_id, here)
                now[call_id] = here
                told[call_id] += 1
            case EventKind.CALL_SPLIT if "from" in event.data:
                call_id = UUID(str(event.data["call_id"]))
                now[call_id] = here
                _stays(carried, {call_id})
            case EventKind.INCIDENT_LINKED:
                carried[here] = {call_id for call_id, incident_id in now.items() if incident_id == here}
                now |= dict.fromkeys(carried[here], IncidentId(event.data["into"]))
            case EventKind.INCIDENT_UNLINKED:
                back = carried.pop(here, set())
                now |= dict.fromkeys(back, here)
                _stays(carried, back)
    return first, now, told


def _stays(carried: dict[IncidentId, set[UUID]], calls: set[UUID]) -> None:
    """These calls now belong to this incident, and are not given back with others."""
    for others in carried.values():
        others -= calls


def the_journal_has_no_gap(history: History) -> Iterator[str]:
    seqs = [int(history.before.seq), *(int(event.seq) for event in history.events)]
    for earlier, later in pairwise(seqs):
        if later != earlier + 1:
            yield f"gap: the journal has {later} after {earlier}"
    if history.fresh.seq != seqs[-1]:
        yield f"gap: the journal ends at {seqs[-1]}, its head says {history.fresh.seq}"


def no_unit_is_ever_on_two_incidents(history: History) -> Iterator[str]:
    yield from (f"the tables: {fault}" for fault in history.tables)
    room = deepcopy(history.before)
    for event in history.events:
        room.seq = event.seq - 1  # type: ignore[assignment]  # a gap is told by another rule
        room.apply(event)
        yield from (f"booked twice, after {event.seq} ({event.kind}): {fault}" for fault in faults_of(room))
    if room != history.fresh:
        yield "the journal, replayed, is not what the tables say"


def what_is_reopened_was_closed_and_has_no_unit(history: History) -> Iterator[str]:
    """Also where it was closed before the run: then its state of before is not known, and is not judged."""
    is_open = dict.fromkeys(history.before.incidents, True)
    for event in history.events:
        if event.incident is None:
            continue
        number, is_closed = event.incident.id, event.incident.status is IncidentStatus.CLOSED
        if event.kind is EventKind.INCIDENT_REOPENED:
            if is_closed or is_open.get(number, False):
                yield f"reopened: incident {number} at {event.seq}, which {'is' if is_closed else 'was not'} closed"
            if event.incident.assignments:
                yield f"reopened: incident {number} at {event.seq} has its units back"
        is_open[number] = not is_closed


def every_acknowledged_act_is_in_the_journal(history: History) -> Iterator[str]:
    found = {(e.kind, e.incident.id, e.incident.version) for e in history.events if e.incident is not None}
    for deed in history.deeds:
        if (KINDS[deed.verb], deed.incident_id, deed.version) not in found:
            yield f"lost: {deed.verb} on {deed.incident_id}, version {deed.version}, is not in the journal"


def every_screen_saw_each_event_once_and_in_order(history: History) -> Iterator[str]:
    for name, told in history.told.items():
        yield from (f"screen {name}: {wrong}" for wrong in _disorders(told))


def _disorders(told: Sequence[Told]) -> Iterator[str]:
    """A snapshot may skip ahead, never back; a screen that reconnects with a number gets the events after it."""
    seen = 0
    for one in told:
        match one.word:
            case Word.SNAPSHOT:
                if one.seq < seen:
                    yield f"was shown {one.seq} after it had seen {seen}"
            case Word.EVENT if one.seq <= seen:
                yield f"was told {one.seq} again, after {seen}"
            case Word.EVENT if one.seq > seen + 1:
                yield f"missed what is between {seen} and {one.seq}"
            case Word.RESUMED if one.seq != seen:
                yield f"came back with {one.seq} though it had seen {seen}"
        seen = max(seen, one.seq)


def every_screen_ends_as_a_fresh_one(history: History) -> Iterator[str]:
    for name, room in history.rooms.items():
        if room.seq != history.fresh.seq:
            yield f"screen {name} ends at {room.seq}, the room is at {history.fresh.seq}"
        elif room != history.fresh:
            yield f"screen {name} differs from a fresh snapshot: {', '.join(_differences(history, name))}"


def _differences(history: History, name: str) -> Iterator[str]:
    room, fresh = history.rooms[name], history.fresh
    if room.quarantine_open != fresh.quarantine_open:
        yield f"quarantine_open {room.quarantine_open}, not {fresh.quarantine_open}"
    for what in ("incidents", "units"):
        here, there = getattr(room, what), getattr(fresh, what)
        yield from (f"{what} {key}" for key in here.keys() | there.keys() if here.get(key) != there.get(key))


def _answers(history: History) -> dict[UUID, list[str]]:
    """The answers to each acknowledged report."""
    answers: dict[UUID, list[str]] = {}
    for sent in history.sent:
        if sent.is_acknowledged:
            answers.setdefault(sent.report_id, []).append(sent.answer)
    return answers


RULES: tuple[Callable[[History], Iterator[str]], ...] = (
    every_acknowledged_report_is_stored_once,
    every_report_gets_one_answer,
    every_report_is_answered_at_last,
    no_answer_is_a_surprise,
    every_call_is_told_once_and_is_where_it_was_told,
    the_journal_has_no_gap,
    no_unit_is_ever_on_two_incidents,
    what_is_reopened_was_closed_and_has_no_unit,
    every_acknowledged_act_is_in_the_journal,
    every_screen_saw_each_event_once_and_in_order,
    every_screen_ends_as_a_fresh_one,
)
