"""Calls taken together: each decides by itself, in the order in which they came; a few statements write them all."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from dispatch import meters
from dispatch.desk.contact import Moved, Phones, add_report, lock_call, tell_call, with_channel
from dispatch.desk.desk import Act, Desk, act
from dispatch.desk.joining import Around, known_with, look_around, suggested, to_join
from dispatch.desk.line import Waiting
from dispatch.desk.opening import opened, urgency
from dispatch.desk.recommendation import recommend_for
from dispatch.model import Call, CallId, EventKind, Incident, IncidentId, IncidentStatus, Report
from dispatch.model.wire import encode
from dispatch.picture.nearby import Nearby
from dispatch.policy.best_location import best_location
from dispatch.policy.recommendation import RankedUnit
from dispatch.policy.same_incident import Sighting
from dispatch.store import calls, incidents, journal
from dispatch.store.calls import Receipt
from geo import Location

# So many calls are decided before others in this process get their turn.
BREATH = 4
# For so many incidents units are ranked at once.
AT_ONCE = 16
# More than this together is a flood: streets are no longer searched for each.
FLOOD = 8


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to a report. `joined`: it belongs to an incident that was known before."""

    call_id: CallId
    incident_id: IncidentId
    joined: bool
    location: Location
    recommended: tuple[RankedUnit, ...]


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
        ids, numbers = [place.report.id for place in waiting], desk.line.numbers
        begun = await calls.begin(doing.db, report_ids=ids, numbers=len(waiting) - len(numbers))
        numbers.extend(begun.numbers)
        if begun.head > desk.feed.seq:
            await desk.feed.catch_up()
        answered = begun.answered
        fresh, more, theirs = await _sorted_out(desk, doing, waiting, answered)
        taken, held = await _take_fresh(desk, doing, fresh, besides=theirs)
        for place in more:
            taken[place.report.id] = await _take_more(desk, doing.by(place.actor), place.report, held)
        receipts = _receipts(waiting, taken, answered, doing)
        if receipts:
            await calls.receipts(doing.db, receipts=receipts)
        answered |= {receipt.report.id: receipt.answer for receipt in receipts}
    new = {receipt.report.id for receipt in receipts}
    answers = []
    for place in waiting:
        # The same report twice in one line: the second is a repeat.
        answers.append((answered[place.report.id], place.report.id in new))
        new.discard(place.report.id)
    return Outcome(answers, {one.incident_id for one in taken.values() if one.joined})


async def _sorted_out(
    desk: Desk, doing: Act, waiting: Sequence[Waiting], answered: dict[UUID, str]
) -> tuple[list[Waiting], list[Waiting], set[IncidentId]]:
    """Reports that begin a call, and those of a phone that has one already, in the database or in this very line; and
    the incidents of such calls."""
    callers = [place.report.caller for place in waiting]
    since = doing.at - timedelta(seconds=desk.settings.same_phone_window_s)
    named = [caller for caller in callers if caller.number or caller.imei or caller.imsi]
    found = await calls.of_phones(doing.db, callers=named, since=since) if named else []
    phones = Phones((call.caller, call.channel) for call in found)
    fresh: list[Waiting] = []
    more: list[Waiting] = []
    seen: set[CallId] = set()
    for place in waiting:
        report = place.report
        if report.id in answered or report.id in seen:
            continue
        seen.add(report.id)
        (more if phones.know(report) else fresh).append(place)
        phones.add(report.caller, report.channel)
    return fresh, more, {call.incident_id for call in found} if more else set()


async def _take_fresh(
    desk: Desk, doing: Act, fresh: Sequence[Waiting], *, besides: set[IncidentId]
) -> tuple[dict[CallId, Taken], set[IncidentId]]:
    """What became of each, and the incidents that are ours until the commit: locked, `besides` among them, or new."""
    places = [desk.locate(place.report.fixes, at=doing.at) for place in fresh]
    sightings = (Sighting(at, place.report.nature, doing.at) for at, place in zip(places, fresh, strict=True))
    with meters.span("match"):
        arounds = [look_around(desk, sighting) for sighting in sightings]
    drafts, held = await _locked(desk, doing, arounds, besides)
    decided = []
    for count, (place, around) in enumerate(zip(fresh, arounds, strict=True)):
        if count % BREATH == 0:
            await asyncio.sleep(0)
        decided.append(_take(desk, doing.by(place.actor), drafts, place.report, around))
    with meters.span("write"):
        await drafts.write(doing)
    return await _answered(desk, doing, drafts, decided), held | drafts.new


async def _answered(
    desk: Desk, doing: Act, drafts: Drafts, decided: Sequence[tuple[Call, bool]]
) -> dict[CallId, Taken]:
    """Each call with who should go to its incident, as that is now that all have decided."""
    concerned = [drafts.known[i] for i in dict.fromkeys(call.incident_id for call, _ in decided)]
    recommended: dict[IncidentId, tuple[RankedUnit, ...]] = {}
    in_flood = len(decided) > FLOOD
    for start in range(0, len(concerned), AT_ONCE):
        await asyncio.sleep(0)
        some = concerned[start : start + AT_ONCE]
        answers = recommend_for(desk, some, at=doing.at, in_flood=in_flood)
        recommended |= {one.id: answer.units for one, answer in zip(some, answers, strict=True)}
    return {
        call.id: Taken(call.id, call.incident_id, joined, call.location, recommended[call.incident_id])
        for call, joined in decided
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


def _take(desk: Desk, doing: Act, drafts: Drafts, report: Report, around: Around) -> tuple[Call, bool]:
    """One call into the incident that it is surely of, else into its own; and whether it joined."""
    known = known_with(around, drafts.near, held=drafts.known.keys() - drafts.new)
    same = to_join(desk, around.sighting, known, drafts.known)
    into = drafts.known.get(same.incident_id) if same is not None else None
    call = _call(report, around.sighting)
    if same is not None and into is not None:
        call = replace(call, incident_id=into.id, likeness=same.score)
        incident = drafts.change(_with(desk, into, call))
    else:
        call = replace(call, incident_id=desk.line.numbers.popleft())
        incident = replace(opened(desk.city, call, similar=suggested(desk, known)), id=call.incident_id)
        drafts.open(incident)
    drafts.calls.append(call)
    tell_call(doing, EventKind.CALL_JOINED if into else EventKind.CALL_TAKEN, incident, call, report.channel)
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
        location=best_location([incident.location, call.location]),
    )


async def _take_more(desk: Desk, doing: Act, report: Report, held: set[IncidentId]) -> Taken:
    """Raises Moved where its call has gone to an incident that isn't ours: to lock that one too might wait for ever."""
    since = doing.at - timedelta(seconds=desk.settings.same_phone_window_s)
    found = await calls.of_phones(doing.db, callers=[report.caller], since=since)
    known = next(call for call in found if Phones([(call.caller, call.channel)]).know(report))
    if known.incident_id not in held:
        raise Moved
    call, incident = await add_report(desk, doing, await lock_call(doing, known.id), report)
    [recommended] = recommend_for(desk, [incident], at=doing.at)
    return Taken(call.id, incident.id, True, call.location, recommended.units)


def _receipts(
    waiting: Sequence[Waiting], taken: dict[CallId, Taken], answered: dict[UUID, str], doing: Act
) -> list[Receipt]:
    first = {place.report.id: place for place in reversed(waiting) if place.report.id not in answered}
    return [
        Receipt(report=place.report, call_id=one.call_id, at=doing.at, by=place.actor, answer=encode(one))
        for place, one in ((place, taken[place.report.id]) for place in first.values())
    ]


def _call(report: Report, sighting: Sighting) -> Call:
    return Call(
        id=report.id,
        incident_id=IncidentId(0),
        channel=report.channel,
        caller=report.caller,
        nature=report.nature,
        text=report.text,
        fixes=report.fixes,
        location=sighting.location,
        received_at=sighting.at,
        civic=report.civic,
    )
