"""Take a call, or further fixes of one: wait for the batch that it goes with."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from uuid import uuid4

from dispatch.desk.calls.batch_queue import QueuedReport
from dispatch.desk.calls.take_batch import Batch, take_batch
from dispatch.desk.desk import Desk
from dispatch.desk.incidents.same_incident import join_duplicates
from dispatch.errors import Conflict, FieldProblem, Invalid, NotFound, SchemaChanged, Unavailable
from dispatch.model import Call, CallId, Report
from dispatch.model.sender import Sender, SenderKind
from dispatch.policy.calls.batch import IncidentMovedError
from dispatch.store.calls import calls
from dispatch.store.db import Connection, connection
from dispatch.telemetry import meters
from dispatch.telemetry.logs import about
from geo import Source

TRIES = 5
MOST_NATURE = 64


async def take_call(desk: Desk, report: Report, *, sender: Sender, strict: bool = False) -> tuple[str, bool]:
    """The answer (`Taken`, to a gateway `Received`) as JSON, and whether this report was new. Sent again, a report gets
    the same answer. A nature that the catalogue doesn't have is a flaw.

    Raises Unavailable where too many wait; if `strict`, Invalid for such a nature."""
    if report.nature is not None and report.nature not in desk.city.natures_by_code:
        if strict:
            raise Invalid(f"no nature {report.nature!r}", errors=[FieldProblem("nature", "not in the catalogue")])
        report = _of_the_catalogue(desk, report, report.nature)
    return await _wait(desk, desk.queue.join(as_said_by(sender, report), sender=sender))


def _of_the_catalogue(desk: Desk, report: Report, said: str) -> Report:
    """With the nature that was meant, or none."""
    meant = said.strip().lower()
    flaw = f"nature: {said[:MOST_NATURE]!r} is not in the catalogue"
    if meant in desk.city.natures_by_code:
        return replace(report, nature=meant, flaws=(*report.flaws, f"{flaw}, read as {meant!r}"))
    return replace(report, nature=None, flaws=(*report.flaws, f"{flaw}, not used"))


async def add_fixes(desk: Desk, *, call_id: CallId, said: Report, sender: Sender) -> str:
    """A later, better or moved fix: the call is located anew, and so is its incident. The answer (`Refined`) as JSON.
    Of what was said only the fixes and their flaws count.

    Raises NotFound, also where the call is another's and the sender no dispatcher; Unavailable where too many wait."""
    async with connection(desk.pool) as db:
        call = await call_of(db, call_id, sender)
    report = as_said_by(sender, replace(said, id=CallId(uuid4()), channel=call.channel))
    answer, _ = await _wait(desk, desk.queue.join(report, sender=sender, adds_to=call.id))
    return answer


async def call_of(db: Connection, call_id: CallId, sender: Sender) -> Call:
    """The call, if this sender may see and refine it. An intake key has its own only, also by the id of its report; a
    gateway none, for its reports may be parts of others' calls. Raises NotFound, whether or not there is such a call.
    """
    match sender.kind:
        case SenderKind.DESK:
            return await calls.get(db, call_id=call_id)
        case SenderKind.INTAKE:
            return await calls.sent(db, call_id=call_id, sender=sender.name)
        case SenderKind.GATEWAY:
            raise NotFound(f"no call {call_id}")


def as_said_by(sender: Sender, report: Report) -> Report:
    """The report as this sender may say it: only a dispatcher places by hand."""
    by_hand = [n for n, fix in enumerate(report.fixes) if fix.source is Source.MANUAL]
    if sender.kind is SenderKind.DESK or not by_hand:
        return report
    fixes = (replace(fix, source=Source.REPORTED) if fix.source is Source.MANUAL else fix for fix in report.fixes)
    flaws = (f"fixes.{n}.source: 'manual' is for dispatchers, taken as 'reported'" for n in by_hand)
    return replace(report, fixes=tuple(fixes), flaws=(*report.flaws, *flaws))


async def _wait(desk: Desk, place: QueuedReport) -> tuple[str, bool]:
    desk.queue.attend(partial(_commit, desk))
    # A caller that hangs up is taken all the same.
    return await asyncio.shield(place.answer)


async def _commit(desk: Desk, places: Sequence[QueuedReport]) -> None:
    """Gives each its answer, or its error: one that can't be stored fails alone."""
    meters.BATCH_CALLS.observe(len(places))
    try:
        with about(reports=[str(place.report.id) for place in places]), meters.COMMIT([p.span for p in places]):
            batch = await _take(desk, places)
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not take those along who came with it
        if len(places) > 1 and not isinstance(error, Unavailable):
            for place in places:
                await _commit(desk, [place])
            return
        # Those behind would only wait for the same: they are told now, not each after a wait of its own.
        behind = desk.queue.first(len(desk.queue)) if isinstance(error, Unavailable) else []
        for place in (*places, *behind):
            place.answer.set_exception(error)
        return
    except BaseException:
        desk.queue.put_back(places)
        raise
    for place, answer in zip(places, batch.answers, strict=True):
        if isinstance(answer, Exception):
            place.answer.set_exception(answer)
        else:
            place.answer.set_result(answer)
    for incident_id in sorted(batch.joined):
        await join_duplicates(desk, incident_id, actor=places[0].sender.name)


async def _take(desk: Desk, places: Sequence[QueuedReport]) -> Batch:
    for left in reversed(range(TRIES)):
        try:
            return await take_batch(desk, places)
        except (IncidentMovedError, SchemaChanged):
            continue
        except Conflict:
            # Numbers that a primary gave which is no more may be given again by the next.
            desk.queue.numbers.clear()
            if not left:
                raise
    raise Conflict("the incident of this call is being changed again and again at the same moment")
