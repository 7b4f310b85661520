"""Calls taken together: each decides by itself, in the order in which they came; a few statements write them all."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from dispatch import meters
from dispatch.desk.answers import Taken, answer_to, seen_by, told
from dispatch.desk.contact import Moved, Phones, add_report, call_of_phone, lock_call, tell_call, with_channel
from dispatch.desk.desk import Act, Desk, act
from dispatch.desk.joining import Around, known_with, look_around, suggested, to_join
from dispatch.desk.line import Waiting
from dispatch.desk.opening import opened, urgency
from dispatch.desk.recommendation import recommend_for
from dispatch.desk.repeats import Due, not_taken
from dispatch.model import Call, EventKind, Incident, IncidentId, IncidentStatus
from dispatch.model.report_key import ReportKey, key_of
from dispatch.picture.nearby import Nearby
from dispatch.policy.best_location import when_joined
from dispatch.policy.recommendation import RankedUnit
from dispatch.policy.same_incident import Sighting
from dispatch.store import calls, incidents, journal
from dispatch.store.calls import Receipt

# So many calls are decided before others in this process get their turn.
BREATH = 4
# For so many incidents units are ranked at once.
AT_ONCE = 16
# More than this together is a flood: streets are no longer searched for each.
FLOOD = 8


@dataclass(slots=True)
class Drafts:
    """Incidents as these calls make them: `known` are locked, or new, and `near` says where they are; nothing is
    written before all have decided."""

    near: Nearby
    known: dict[IncidentId, Incident] = field(default_factory=dict)
    new: set[IncidentId] = field(default_factory=set)
    changed: set[IncidentId] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)

    def open(self, incident: Incident) -> None:
        self.known[incident.id] = incident
        self.near.follow(incident)
        self.new.add(incident.id)

    def change(self, incident: Incident) -> Incident:
        """With the next version, as every saved incident."""
        changed = self.known[incident.id] = replace(incident, version=incident.version + 1)
        self.near.follow(changed)
        self.changed.add(incident.id)
        return changed

    async def write(self, doing: Act) -> None:
        if new := [self.known[i] for i in sorted(self.new)]:
            await incidents.add_all(doing.db, incidents=new)
        if changed := [self.known[i] for i in sorted(self.changed - self.new)]:
            await incidents.save_all(doing.db, incidents=changed)
        if self.calls:
            await calls.add(doing.db, calls=self.calls)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`answers` in the order of the reports; `touched`: known incidents that got a call more."""

    answers: list[tuple[str, bool]]
    touched: set[IncidentId]


async def take_together(desk: Desk, waiting: Sequence[Waiting]) -> Outcome:
    """All or none. Whoever takes calls, on whichever node, first knows of all calls taken before.

    Raises what any of them raises: the caller finds out which, one by one."""
    async with act(desk, actor="") as doing:
        await journal.queue_up(doing.db)
        numbers = desk.line.numbers
        report_ids = [place.report.id for place in waiting]
        begun = await calls.begin(doing.db, report_ids=report_ids, numbers=len(waiting) - len(numbers))
        numbers.extend(begun.numbers)
        if begun.head > desk.feed.seq:
            await desk.feed.catch_up()
        keys = [begun.known_as(key_of(place.report, sender=place.actor)) for place in waiting]
        due = not_taken(waiting, keys, begun)
        fresh, more, theirs = await _sorted_out(desk, doing, due)
        taken, held = await _take_fresh(desk, doing, fresh, besides=theirs)
        for one in more:
            taken[one.key] = await _take_more(desk, doing.by(one.sender.name), one, held)
        receipts = [_receipt(one, taken[one.key], doing) for one in due]
        if receipts:
            await calls.receipts(doing.db, receipts=receipts)
    new = {receipt.key for receipt in receipts}
    answered = begun.answered | {receipt.key: receipt.answer for receipt in receipts}
    answers = []
    for key in keys:
        # The same report twice in one line: the second is a repeat.
        answers.append((answered[key], key in new))
        new.discard(key)
    return Outcome(answers, {one.incident_id for one in taken.values() if one.joined})


async def _sorted_out(desk: Desk, doing: Act, due: Sequence[Due]) -> tuple[list[Due], list[Due], set[IncidentId]]:
    """Reports that begin a call, and those of a phone that has one already, in the database or in this very line; and
    the incidents of such calls."""
    callers = [one.report.caller for one in due]
    since = doing.at - timedelta(seconds=desk.settings.same_phone_window_s)
    named = [caller for caller in callers if caller.number or caller.imei or caller.imsi]
    found = await calls.of_phones(doing.db, callers=named, since=since) if named else []
    phones = Phones(found)
    fresh: list[Due] = []
    more: list[Due] = []
    for one in due:
        (more if phones.know(one.report, one.sender) else fresh).append(one)
        phones.add(one.report, one.sender)
    return fresh, more, {call.incident_id for call in found} if more else set()


async def _take_fresh(
    desk: Desk, doing: Act, fresh: Sequence[Due], *, besides: set[IncidentId]
) -> tuple[dict[ReportKey, Taken], set[IncidentId]]:
    """What became of each, and the incidents that are ours until the commit: locked, `besides` among them, or new."""
    places = [desk.locate(one.report.fixes, at=doing.at) for one in fresh]
    sightings = (Sighting(at, one.report.nature, doing.at) for at, one in zip(places, fresh, strict=True))
    with meters.span("match"):
        arounds = [look_around(desk, sighting) for sighting in sightings]
    drafts, held = await _locked(desk, doing, arounds, besides)
    decided = []
    for count, (one, around) in enumerate(zip(fresh, arounds, strict=True)):
        if count % BREATH == 0:
            await asyncio.sleep(0)
        decided.append(_take(desk, doing.by(one.sender.name), drafts, one, around))
    with meters.span("write"):
        await drafts.write(doing)
    return await _answered(desk, doing, drafts, fresh, decided), held | drafts.new


async def _answered(
    desk: Desk, doing: Act, drafts: Drafts, fresh: Sequence[Due], decided: Sequence[tuple[Call, bool]]
) -> dict[ReportKey, Taken]:
    """Each call with who should go to its incident, as that is now that all have decided."""
    asked = [
        seen_by(desk, one.sender, call, drafts.known[call.incident_id])
        for one, (call, _) in zip(fresh, decided, strict=True)
    ]
    # Of one incident as it is, once.
    concerned = list({id(incident): incident for incident in asked if incident is not None}.values())
    units: dict[int, tuple[RankedUnit, ...]] = {}
    in_flood = len(decided) > FLOOD
    for start in range(0, len(concerned), AT_ONCE):
        await asyncio.sleep(0)
        some = concerned[start : start + AT_ONCE]
        answers = recommend_for(desk, some, at=doing.at, in_flood=in_flood)
        units |= {id(incident): answer.units for incident, answer in zip(some, answers, strict=True)}
    return {
        one.key: told(one.sender, call, joined=joined, units=units.get(id(incident), ()))
        for one, (call, joined), incident in zip(fresh, decided, asked, strict=True)
    }


async def _locked(
    desk: Desk, doing: Act, arounds: Sequence[Around], besides: set[IncidentId]
) -> tuple[Drafts, set[IncidentId]]:
    """The incidents that these will probably join, as they are and stay until the commit: all locked at once, by id."""
    surely = (to_join(desk, around.sighting, around.known) for around in arounds)
    joined = {same.incident_id for same in surely if same is not None}
    drafts = Drafts(desk.picture.nearby.beside())
    if not joined | besides:
        return drafts, set()
    now = await incidents.lock_all(doing.db, incident_ids=joined | besides)
    for incident in now.values():
        if incident.id in joined and incident.status is not IncidentStatus.CLOSED:
            drafts.known[incident.id] = incident
            drafts.near.follow(incident)
    return drafts, set(now)


def _take(desk: Desk, doing: Act, drafts: Drafts, due: Due, around: Around) -> tuple[Call, bool]:
    """One call into the incident that it is surely of, else into its own; and whether it joined."""
    known = known_with(around, drafts.near, held=drafts.known.keys() - drafts.new)
    same = to_join(desk, around.sighting, known, drafts.known)
    into = drafts.known.get(same.incident_id) if same is not None else None
    call = _call(due, around.sighting)
    if same is not None and into is not None:
        call = replace(call, incident_id=into.id, likeness=same.score)
        incident = drafts.change(_with(desk, into, call))
    else:
        call = replace(call, incident_id=desk.line.numbers.popleft())
        incident = replace(opened(desk.city, call, similar=suggested(desk, known)), id=call.incident_id)
        drafts.open(incident)
    drafts.calls.append(call)
    tell_call(doing, EventKind.CALL_JOINED if into else EventKind.CALL_TAKEN, incident, call, call.channel)
    return call, into is not None


def _with(desk: Desk, incident: Incident, call: Call) -> Incident:
    """The incident with one call more."""
    return replace(
        incident,
        calls=incident.calls + 1,
        channels=with_channel(incident, call.channel),
        nature=incident.nature or call.nature,
        priority=urgency(desk.city, incident, call.nature),
        text=incident.text or call.text,
        location=when_joined(incident.location, call.location),
    )


async def _take_more(desk: Desk, doing: Act, due: Due, held: set[IncidentId]) -> Taken:
    """Raises Moved where its call has gone to an incident that isn't ours: to lock that one too might wait for ever."""
    since = doing.at - timedelta(seconds=desk.settings.same_phone_window_s)
    found = await calls.of_phones(doing.db, callers=[due.report.caller], since=since)
    known = call_of_phone(found, due.report, due.sender)
    if known.incident_id not in held:
        raise Moved
    call, incident = await add_report(desk, doing, await lock_call(doing, known.id), due.report)
    asked = seen_by(desk, due.sender, call, incident)
    [units] = [one.units for one in recommend_for(desk, [asked], at=doing.at)] if asked is not None else [()]
    return told(due.sender, call, joined=True, units=units)


def _receipt(due: Due, taken: Taken, doing: Act) -> Receipt:
    answer = answer_to(due.sender, due.report, taken, at=doing.at)
    return Receipt(report=due.report, key=due.key, call_id=taken.call_id, at=doing.at, answer=answer)


def _call(due: Due, sighting: Sighting) -> Call:
    report = due.report
    return Call(
        id=due.call_id,
        incident_id=IncidentId(0),
        channel=report.channel,
        caller=report.caller,
        nature=report.nature,
        text=report.text,
        fixes=report.fixes,
        location=sighting.location,
        received_at=sighting.at,
        civic=report.civic,
        sender=due.sender.name,
    )
