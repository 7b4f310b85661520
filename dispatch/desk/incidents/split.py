"""A call that is about something else after all."""

from dataclasses import replace

from dispatch.desk.desk import Desk, Transaction, begin
from dispatch.desk.incidents.incident_summary import summarized
from dispatch.desk.incidents.same_incident import open_incidents
from dispatch.errors import Conflict
from dispatch.model import Call, CallId, EventKind, Incident, IncidentId
from dispatch.policy.incidents.new_incident import opened
from dispatch.policy.incidents.open_incidents import suggested
from dispatch.policy.incidents.same_incident import Sighting
from dispatch.store.calls import calls
from dispatch.store.incidents import incidents


async def split(
    desk: Desk, *, incident_id: IncidentId, call_id: CallId, actor: str, version: int | None = None
) -> Incident:
    """A new incident with that call, which stays in it: nothing joins it to another again without a person. That it was
    in may be closed. Its units stay where they are. Returns the new one.

    Raises NotFound; Conflict where the call is of another incident, or the only one of this."""
    async with begin(desk, actor=actor) as tx:
        left = await incidents.lock(tx.db, incident_id=incident_id)
        call = await calls.lock(tx.db, call_id=call_id)
        if call.incident_id != incident_id:
            raise Conflict(f"that call is of incident {call.incident_id}, not of {incident_id}", incident=left)
        if version is not None and version != left.version:
            raise Conflict(f"incident {incident_id} was changed by somebody else", incident=left)
        if left.calls < 2:
            raise Conflict(f"incident {incident_id} has only this call", incident=left)
        similar = open_incidents(desk).like_sighting(Sighting(call.location, call.nature, call.received_at))
        similar_ones = suggested(similar, above=desk.settings.suggest_above, but=incident_id)
        new = await incidents.add(tx.db, incident=opened(desk.city, call, similar=similar_ones))
        await calls.save(tx.db, call=replace(call, incident_id=new.id, likeness=None, linked_from=None))
        new = await incidents.save(tx.db, incident=await summarized(tx, new))
        left = await incidents.save(tx.db, incident=await _without(tx, left, call))
        tx.tell(EventKind.CALL_SPLIT, incident=left, data={"call_id": call_id, "to": new.id})
        tx.tell(EventKind.CALL_SPLIT, incident=new, data={"call_id": call_id, "from": incident_id})
    return new


async def _without(tx: Transaction, left: Incident, call: Call) -> Incident:
    left = await summarized(tx, left, without=call.location)
    if call.text is not None and left.text == call.text:
        others = await calls.of_incident(tx.db, incident_id=left.id)
        left = replace(left, text=next((other.text for other in others if other.text), None))
    return left
