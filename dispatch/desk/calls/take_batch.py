"""Take a batch of reports in three steps: gather what is known, decide, write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from dispatch import meters
from dispatch.desk.calls.batch_queue import Waiting
from dispatch.desk.desk import Act, Desk, act
from dispatch.desk.recommendation import recommend_for
from dispatch.errors import DispatchError
from dispatch.model import CallId, Incident, IncidentId
from dispatch.model.wire import encode
from dispatch.policy.calls.batch import Decision, IncidentMovedError, Incoming, Known, Outcome, Rules
from dispatch.policy.calls.decide import decide
from dispatch.policy.open_incidents import OpenIncidents
from dispatch.policy.recommendation import RankedUnit
from dispatch.policy.same_incident import Sighting
from dispatch.store import batch as stored
from dispatch.store.calls import Receipt
from dispatch.store.journal import DECIDING
from geo import Location

# For so many incidents units are ranked at once.
AT_ONCE = 16
# In a batch larger than this streets are no longer searched for each incident.
FLOOD = 8


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to a report. `joined`: it belongs to an incident that was known before."""

    call_id: CallId
    incident_id: IncidentId
    joined: bool
    location: Location
    recommended: tuple[RankedUnit, ...]


@dataclass(frozen=True, slots=True)
class Refined:
    """The answer to further fixes of a call."""

    call_id: CallId
    incident_id: IncidentId
    location: Location


Answer = tuple[str, bool] | DispatchError


@dataclass(frozen=True, slots=True)
class Batch:
    """`answers` in the order of the reports: the answer as JSON and whether the report was new, or the error of that
    report alone. `joined`: known incidents that got a call, or more of one."""

    answers: list[Answer]
    joined: set[IncidentId]


async def take_batch(desk: Desk, waiting: Sequence[Waiting]) -> Batch:
    """All or none, but for reports that get an error of their own. Whoever takes calls, on whichever node, first knows
    of all calls taken before.

    Raises IncidentMovedError where it has to be tried again; else what any of them raises: the caller finds out which,
    one by one."""
    at = desk.now()
    batch = [_located(desk, one, at) for one in waiting]
    async with act(desk, actor="", lock=DECIDING) as doing:
        known = await _gather(desk, doing, batch, at)
        decision = _decide(desk, batch, known, at)
        answers = _answers(desk, decision, known, at)
        await _write(doing, waiting, decision, answers)
        doing.told += decision.events
        del desk.queue.numbers[: decision.used]
    return Batch(_in_order(waiting, known, decision, answers), decision.joined_incidents)


def _located(desk: Desk, one: Waiting, at: datetime) -> Incoming:
    return Incoming(one.report, one.actor, desk.locate(one.report.fixes, at=at), one.adds_to)


async def _gather(desk: Desk, doing: Act, batch: Sequence[Incoming], at: datetime) -> Known:
    """Raises IncidentMovedError where this node didn't know yet of an incident that must be locked: now it does."""
    numbers, likely = desk.queue.numbers, _likely_joined(desk, batch, at)
    callers = [one.report.caller for one in batch if one.adds_to is None]
    claim = await stored.claim(
        doing.db,
        report_ids=[one.report.id for one in batch],
        call_ids=[one.adds_to for one in batch if one.adds_to is not None],
        callers=callers,
        since=at - timedelta(seconds=desk.settings.same_phone_window_s),
        incident_ids=likely,
        numbers=len(batch) - len(numbers),
    )
    numbers.extend(claim.numbers)
    if claim.head > desk.feed.seq:
        await desk.feed.catch_up()
        if _likely_joined(desk, batch, at) - likely:
            raise IncidentMovedError("an incident that was changed meanwhile is not locked")
    rows = await stored.read(doing.db, claim=claim) if claim.incident_ids else stored.NO_ROWS
    return Known(claim.answered, rows.calls, rows.incidents, rows.locations, numbers)


def _likely_joined(desk: Desk, batch: Sequence[Incoming], at: datetime) -> set[IncidentId]:
    """The known incidents that these would join if each were alone."""
    incidents = _open_incidents(desk)
    found = set()
    with meters.span("match"):
        for one in batch:
            sighting = Sighting(one.location, one.report.nature, at)
            similar = incidents.like_sighting(sighting)
            same = incidents.surely_same(sighting, similar, above=desk.settings.join_above)
            if same is not None:
                found.add(same.incident_id)
    return found


def _decide(desk: Desk, batch: Sequence[Incoming], known: Known, at: datetime) -> Decision:
    rules = Rules(
        city=desk.city,
        locate=partial(desk.locate, at=at),
        at=at,
        join_above=desk.settings.join_above,
        suggest_above=desk.settings.suggest_above,
    )
    return decide(batch, known, _open_incidents(desk), rules)


def _open_incidents(desk: Desk) -> OpenIncidents:
    return OpenIncidents(desk.picture.nearby, desk.picture.room.incidents)


def _answers(desk: Desk, decision: Decision, known: Known, at: datetime) -> dict[UUID, str]:
    """Of each report that was decided on, by its id, as JSON: with who should go, as all incidents now are."""
    outcomes = {i: one for i, one in decision.outcomes.items() if isinstance(one, Outcome)}
    asked = {one.call.incident_id for one in outcomes.values() if not one.refined}
    now = {**known.incidents, **decision.changed_incidents, **decision.new_incidents}
    recommended = _recommended(desk, [now[i] for i in sorted(asked)], at, in_flood=len(outcomes) > FLOOD)
    return {i: encode(_answer(one, recommended)) for i, one in outcomes.items()}


def _answer(one: Outcome, recommended: Mapping[IncidentId, tuple[RankedUnit, ...]]) -> Taken | Refined:
    call = one.call
    if one.refined:
        return Refined(call.id, call.incident_id, call.location)
    return Taken(call.id, call.incident_id, one.joined, call.location, recommended[call.incident_id])


def _recommended(
    desk: Desk, incidents: Sequence[Incident], at: datetime, *, in_flood: bool
) -> dict[IncidentId, tuple[RankedUnit, ...]]:
    found: dict[IncidentId, tuple[RankedUnit, ...]] = {}
    for start in range(0, len(incidents), AT_ONCE):
        some = incidents[start : start + AT_ONCE]
        answers = recommend_for(desk, some, at=at, in_flood=in_flood)
        found |= {one.id: answer.units for one, answer in zip(some, answers, strict=True)}
    return found


async def _write(doing: Act, waiting: Sequence[Waiting], decision: Decision, answers: Mapping[UUID, str]) -> None:
    first = {one.report.id: one for one in reversed(waiting) if one.adds_to is None and one.report.id in answers}
    receipts = [
        Receipt(
            report=one.report,
            call_id=_outcome(decision, report_id).call.id,
            at=doing.at,
            by=one.actor,
            answer=answers[report_id],
        )
        for report_id, one in first.items()
    ]
    with meters.span("write"):
        await stored.write(
            doing.db,
            new_incidents=list(decision.new_incidents.values()),
            changed_incidents=list(decision.changed_incidents.values()),
            new_calls=list(decision.new_calls.values()),
            changed_calls=list(decision.changed_calls.values()),
            receipts=receipts,
        )


def _in_order(
    waiting: Sequence[Waiting], known: Known, decision: Decision, answers: Mapping[UUID, str]
) -> list[Answer]:
    found: list[Answer] = []
    new = set(answers)
    for one in waiting:
        report_id = one.report.id
        outcome = decision.outcomes.get(report_id)
        if isinstance(outcome, DispatchError):
            found.append(outcome)
        else:
            # The same report twice in one batch: the second is a repetition.
            found.append((answers.get(report_id) or known.answered[report_id], report_id in new))
            new.discard(report_id)
    return found


def _outcome(decision: Decision, report_id: UUID) -> Outcome:
    outcome = decision.outcomes[report_id]
    assert isinstance(outcome, Outcome)
    return outcome
