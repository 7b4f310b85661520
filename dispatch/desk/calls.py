"""Take a call; add a fix to it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from dispatch import meters
from dispatch.desk.contact import Moved, lock_call, relocate
from dispatch.desk.desk import Desk, act
from dispatch.desk.joining import settle
from dispatch.desk.line import Waiting
from dispatch.desk.together import Outcome, Taken, take_together
from dispatch.errors import Conflict, FieldProblem, Invalid, SchemaChanged, Unavailable
from dispatch.logs import about
from dispatch.model import CallId, IncidentId, Report
from geo import Fix, Location

__all__ = ["Refined", "Taken", "add_fixes", "take_call"]

TRIES = 5


@dataclass(frozen=True, slots=True)
class Refined:
    call_id: CallId
    incident_id: IncidentId
    location: Location


async def take_call(desk: Desk, report: Report, *, actor: str) -> tuple[str, bool]:
    """The answer as JSON, and whether this report was new. Sent again, a report gets the answer it got before.

    Raises Invalid for a nature the catalogue doesn't have, Unavailable where too many wait."""
    if report.nature is not None and report.nature not in desk.city.natures_by_code:
        raise Invalid(f"no nature {report.nature!r}", errors=[FieldProblem("nature", "not in the catalogue")])
    place = desk.line.join(report, actor=actor)
    desk.line.attend(partial(_commit, desk))
    # A caller that hangs up is taken all the same.
    return await asyncio.shield(place.answer)


async def add_fixes(desk: Desk, *, call_id: CallId, fixes: Sequence[Fix], actor: str) -> Refined:
    """A later, better or moved fix: the call is located anew, and so is its incident. Raises NotFound."""
    for _ in range(TRIES):
        try:
            async with act(desk, actor=actor) as doing:
                call = await lock_call(doing, call_id)
                call, _incident = await relocate(desk, doing, replace(call, fixes=(*call.fixes, *fixes)))
        except (Moved, SchemaChanged):
            continue
        await settle(desk, call.incident_id, actor=actor)
        return Refined(call.id, call.incident_id, call.location)
    raise Conflict("the incident of this call is being linked elsewhere at the same moment")


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
