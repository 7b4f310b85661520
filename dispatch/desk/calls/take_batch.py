"""Take a batch of reports in three steps: gather what is known, decide, write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4

from dispatch.desk.calls.answers import answer_to, refined, seen_by, told
from dispatch.desk.calls.batch_queue import QueuedReport
from dispatch.desk.desk import Desk, Transaction, begin
from dispatch.desk.units.recommendation import recommend_for
from dispatch.errors import DispatchError
from dispatch.model import CallId, Incident, IncidentId
from dispatch.model.report_key import ReportKey, key_of
from dispatch.model.wire import encode
from dispatch.policy.calls.batch import Decision, IncidentMovedError, Incoming, Known, Outcome, PlacedCall, Rules
from dispatch.policy.calls.decide import decide
from dispatch.policy.calls.shared_numbers import HISTORY, PastCall
from dispatch.policy.incidents.open_incidents import OpenIncidents
from dispatch.policy.incidents.same_incident import Sighting
from dispatch.policy.units.recommendation import RankedUnit
from dispatch.store.calls import batch as stored
from dispatch.store.calls.calls import Receipt
from dispatch.store.journal import DECIDING
from dispatch.telemetry import meters

# For so many incidents units are ranked at once.
AT_ONCE = 16
# In a batch larger than this streets are no longer searched for each incident.
FLOOD = 8


Answer = tuple[str, bool] | DispatchError


@dataclass(frozen=True, slots=True)
class Batch:
    """`answers` in the order of the reports: the answer as JSON and whether the report was new, or the error of that
    report alone. `joined`: known incidents that got a call, or more of one."""

    answers: list[Answer]
    joined: set[IncidentId]


async def take_batch(desk: Desk, waiting: Sequence[QueuedReport]) -> Batch:
    """All or none, but for reports that get an error of their own. Whoever takes calls, on whichever node, first knows
    of all calls taken before.

    Raises IncidentMovedError where it has to be tried again; else what any of them raises: the caller finds out which,
    one by one."""
    at = desk.now()
    batch = [_located(desk, one, at) for one in waiting]
    async with begin(desk, actor="", lock=DECIDING) as tx:
        known = await _gather(desk, tx, batch, at)
        decision = _decide(desk, batch, known, at)
        answers = _answers(desk, decision, known, at)
        await _write(tx, decision, answers)
        tx.told += decision.events
        del desk.queue.numbers[: decision.used]
    return Batch(_in_order(batch, known, decision, answers), decision.joined_incidents)


def _located(desk: Desk, one: QueuedReport, at: datetime) -> Incoming:
    key = key_of(one.report, sender=one.sender.name)
    return Incoming(one.report, one.sender, key, desk.locate(one.report.fixes, at=at), one.adds_to)


async def _gather(desk: Desk, tx: Transaction, batch: Sequence[Incoming], at: datetime) -> Known:
    """Raises IncidentMovedError where this node didn't know yet of an incident that must be locked: now it does."""
    numbers, likely = desk.queue.numbers, _likely_joined(desk, batch, at)
    callers = [one.report.caller for one in batch if one.adds_to is None]
    claim = await stored.claim(
        tx.db,
        report_ids=[one.report.id for one in batch],
        call_ids=[one.adds_to for one in batch if one.adds_to is not None],
        callers=callers,
        since=at - timedelta(seconds=desk.settings.same_phone_window_s),
        redials_since=at - timedelta(seconds=desk.settings.redial_window_s),
        history_since=at - HISTORY,
        incident_ids=likely,
        numbers=len(batch) - len(numbers),
    )
    numbers.extend(claim.numbers)
    if claim.head > desk.feed.seq:
        await desk.feed.catch_up()
        if _likely_joined(desk, batch, at) - likely:
            raise IncidentMovedError("an incident that was changed meanwhile is not locked")
    rows = await stored.read(tx.db, claim=claim) if claim.incident_ids else stored.NO_ROWS
    return Known(
        answered=claim.answered,
        used_ids=claim.used_ids,
        calls=rows.calls,
        incidents=rows.incidents,
        places={i: {c: PlacedCall(*one) for c, one in by_call.items()} for i, by_call in rows.places.items()},
        numbers=numbers,
        spare_ids=[CallId(uuid4()) for _ in batch],
        history={n: {i: PastCall(*values) for i, values in past} for n, past in claim.history.items()},
    )


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
        same_phone_window=timedelta(seconds=desk.settings.same_phone_window_s),
        redial_window=timedelta(seconds=desk.settings.redial_window_s),
    )
    return decide(batch, known, _open_incidents(desk), rules)


def _open_incidents(desk: Desk) -> OpenIncidents:
    return OpenIncidents(desk.picture.open_index, desk.picture.room.incidents)


def _answers(desk: Desk, decision: Decision, known: Known, at: datetime) -> dict[ReportKey, str]:
    """Of each report that was decided on, as JSON: with who should go, as all incidents now are."""
    outcomes = {key: one for key, one in decision.outcomes.items() if isinstance(one, Outcome)}
    now = {**known.incidents, **decision.changed_incidents, **decision.new_incidents}
    seen = {
        key: seen_by(desk.city, one.sender, one.call, now[one.call.incident_id])
        for key, one in outcomes.items()
        if not one.refined
    }
    units = _recommended(desk, [one for one in seen.values() if one is not None], at, in_flood=len(outcomes) > FLOOD)
    return {key: _answer(key, one, units.get(id(seen.get(key)), ()), at) for key, one in outcomes.items()}


def _answer(key: ReportKey, one: Outcome, units: tuple[RankedUnit, ...], at: datetime) -> str:
    if one.refined:
        return encode(refined(one.sender, one.call, flaws=one.report.flaws))
    taken = told(one.sender, one.call, joined=one.joined, units=units, flaws=one.report.flaws)
    return answer_to(one.sender, key.id, taken, at=at)


def _recommended(
    desk: Desk, incidents: Sequence[Incident], at: datetime, *, in_flood: bool
) -> dict[int, tuple[RankedUnit, ...]]:
    """By the identity of the incident: of one that several reports concern units are ranked once."""
    each = list({id(one): one for one in incidents}.values())
    found: dict[int, tuple[RankedUnit, ...]] = {}
    for start in range(0, len(each), AT_ONCE):
        some = each[start : start + AT_ONCE]
        answers = recommend_for(desk, some, at=at, in_flood=in_flood)
        found |= {id(one): answer.units for one, answer in zip(some, answers, strict=True)}
    return found


async def _write(tx: Transaction, decision: Decision, answers: Mapping[ReportKey, str]) -> None:
    receipts = [
        Receipt(report=one.report, key=key, call_id=one.call.id, at=tx.at, answer=answers[key])
        for key, one in decision.outcomes.items()
        # Later fixes are known by no id; what was wrong with them is kept all the same.
        if isinstance(one, Outcome) and (one.report.flaws or not one.refined)
    ]
    with meters.span("write"):
        await stored.write(
            tx.db,
            new_incidents=list(decision.new_incidents.values()),
            changed_incidents=list(decision.changed_incidents.values()),
            new_calls=list(decision.new_calls.values()),
            changed_calls=list(decision.changed_calls.values()),
            receipts=receipts,
            fixes_set_aside=decision.fixes_set_aside,
            at=tx.at,
        )


def _in_order(
    batch: Sequence[Incoming], known: Known, decision: Decision, answers: Mapping[ReportKey, str]
) -> list[Answer]:
    found: list[Answer] = []
    new = set(answers)
    for one in batch:
        key = known.known_as(one.key)
        outcome = decision.outcomes.get(key)
        if isinstance(outcome, DispatchError):
            found.append(outcome)
        else:
            # The same report twice in one batch: the second is a repetition.
            found.append((answers.get(key) or known.answered[key], key in new))
            new.discard(key)
    return found
