"""Take a call; add a fix to it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from dispatch import meters
from dispatch.desk.answers import Refined, Taken, refined
from dispatch.desk.contact import Moved, added, lock_call, relocate
from dispatch.desk.desk import Desk, act
from dispatch.desk.joining import settle
from dispatch.desk.line import Waiting
from dispatch.desk.together import Outcome, take_together
from dispatch.errors import Conflict, FieldProblem, Invalid, NotFound, SchemaChanged, Unavailable
from dispatch.logs import about
from dispatch.model import Call, CallId, Report
from dispatch.model.call import as_sent
from dispatch.model.sender import Sender, SenderKind
from dispatch.store import calls
from dispatch.store.db import Connection
from geo import Fix, Source

__all__ = ["Refined", "Taken", "add_fixes", "call_of", "take_call"]

TRIES = 5


async def take_call(
    desk: Desk, report: Report, *, actor: str, kind: SenderKind = SenderKind.INTAKE
) -> tuple[str, bool]:
    """The answer as JSON, and whether this report was new. Sent again, a report gets the answer it got before.

    Raises Invalid for a nature the catalogue doesn't have, Unavailable where too many wait."""
    if report.nature is not None and report.nature not in desk.city.natures_by_code:
        raise Invalid(f"no nature {report.nature!r}", errors=[FieldProblem("nature", "not in the catalogue")])
    fixes, flaws = said_by(kind, report.fixes)
    if flaws:
        report = replace(report, fixes=fixes, flaws=(*report.flaws, *flaws))
    place = desk.line.join(report, actor=actor, kind=kind)
    desk.line.attend(partial(_commit, desk))
    # A caller that hangs up is taken all the same.
    return await asyncio.shield(place.answer)


async def add_fixes(
    desk: Desk, *, call_id: CallId, fixes: Sequence[Fix], actor: str, kind: SenderKind = SenderKind.INTAKE
) -> Refined:
    """A later, better or moved fix: the call is located anew, and so is its incident.

    Raises NotFound, also where the call is another's and the sender no dispatcher."""
    fixes, flaws = said_by(kind, fixes)
    for _ in range(TRIES):
        try:
            async with act(desk, actor=actor) as doing:
                call = await lock_call(doing, (await call_of(doing.db, call_id, Sender(actor, kind))).id)
                more = Report(call.id, call.channel, fixes=tuple(fixes))
                call, _incident = await relocate(desk, doing, added(desk, doing, call, more))
        except (Moved, SchemaChanged):
            continue
        await settle(desk, call.incident_id, actor=actor)
        return refined(Sender(actor, kind), call, flaws=flaws)
    raise Conflict("the incident of this call is being linked elsewhere at the same moment")


async def call_of(db: Connection, call_id: CallId, sender: Sender) -> Call:
    """The call as this sender may see it. An intake key has its own only, also by the id of its report; a gateway has
    none, for its reports may be parts of others' calls. Raises NotFound, whether or not there is a call of that id."""
    match sender.kind:
        case SenderKind.DESK:
            return await calls.get(db, call_id=call_id)
        case SenderKind.INTAKE:
            return as_sent(await calls.sent(db, call_id=call_id, sender=sender.name))
        case SenderKind.GATEWAY:
            raise NotFound(f"no call {call_id}")


def said_by(kind: SenderKind, fixes: Sequence[Fix]) -> tuple[tuple[Fix, ...], tuple[str, ...]]:
    """The fixes as this sender may say them, and what was wrong: only a dispatcher places by hand."""
    by_hand = [n for n, fix in enumerate(fixes) if fix.source is Source.MANUAL]
    if kind is SenderKind.DESK or not by_hand:
        return tuple(fixes), ()
    taken = tuple(replace(fix, source=Source.REPORTED) if fix.source is Source.MANUAL else fix for fix in fixes)
    return taken, tuple(f"fixes.{n}.source: 'manual' is for dispatchers, taken as 'reported'" for n in by_hand)


async def _commit(desk: Desk, places: Sequence[Waiting]) -> None:
    """Gives each its answer, or its error: one that can't be stored fails alone."""
    meters.GROUP_CALLS.observe(len(places))
    try:
        with about(reports=[str(place.report.id) for place in places]), meters.COMMIT([p.span for p in places]):
            outcome = await _together(desk, places)
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not take those along who came with it
        if len(places) > 1 and not isinstance(error, Unavailable):
            for place in places:
                await _commit(desk, [place])
            return
        # Those behind would only wait for the same: they are told now, not each after a wait of its own.
        behind = desk.line.first(len(desk.line)) if isinstance(error, Unavailable) else []
        for place in (*places, *behind):
            place.answer.set_exception(error)
        return
    except BaseException:
        desk.line.put_back(places)
        raise
    for place, answer in zip(places, outcome.answers, strict=True):
        place.answer.set_result(answer)
    for incident_id in sorted(outcome.touched):
        await settle(desk, incident_id, actor=places[0].actor)


async def _together(desk: Desk, places: Sequence[Waiting]) -> Outcome:
    for left in reversed(range(TRIES)):
        try:
            return await take_together(desk, places)
        except (Moved, SchemaChanged):
            continue
        except Conflict:
            # Numbers that a primary gave which is no more may be given again by the next.
            desk.line.numbers.clear()
            if not left:
                raise
    raise Conflict("the incident of this call is being linked elsewhere at the same moment")
