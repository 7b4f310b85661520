"""Incidents that are surely one become one, without a person; what is only likely is suggested."""

from dataclasses import replace

import structlog

from dispatch.desk.desk import Desk, Transaction, begin
from dispatch.desk.incidents.link import link_into
from dispatch.errors import Conflict, Unavailable
from dispatch.model import EventKind, Incident, IncidentId, IncidentStatus
from dispatch.policy.incidents.open_incidents import OpenIncidents, suggested, with_same_phone
from dispatch.policy.incidents.same_incident import AROUND_M, may_join, original_and_duplicate, sighting_of
from dispatch.store.incidents import incidents, links

log = structlog.get_logger()

# More than this many incidents are not drawn together at once.
MOST_ABSORBED = 5


def open_incidents(desk: Desk) -> OpenIncidents:
    return OpenIncidents(desk.picture.open_index, desk.picture.room.incidents)


def with_similar(desk: Desk, incident: Incident) -> Incident:
    """The incident with what it is perhaps the same as, now that more is known of it."""
    known = open_incidents(desk)
    by_phone = [one for one in incident.similar if one.same_phone and known.get(one.incident_id)]
    similar = with_same_phone(known.like_incident(incident), by_phone)
    return replace(incident, similar=suggested(similar, above=desk.settings.suggest_above))


def emit_likeness(tx: Transaction, before: Incident, after: Incident) -> None:
    """Where the incident is perhaps the same as one that it wasn't before."""
    known = {similar.incident_id for similar in before.similar}
    if any(similar.incident_id not in known for similar in after.similar):
        tx.tell(EventKind.LIKENESS_FOUND, incident=after, data={"similar": list(after.similar)})


async def join_duplicates(desk: Desk, incident_id: IncidentId, *, actor: str) -> None:
    """What was unclear when its callers were few may be clear now: incidents that are surely one become one.

    Only such as nobody has acted on are taken away, and each can be given back (`unlink`). Never fails the act before
    it: that is done."""
    try:
        for _ in range(MOST_ABSORBED):
            incident = desk.picture.room.incidents.get(incident_id)
            if incident is None or not await _absorb_one(desk, incident, actor=actor):
                return
    except (Conflict, Unavailable) as error:
        log.warning("not_settled", incident_id=incident_id, error=str(error))


async def _absorb_one(desk: Desk, incident: Incident, *, actor: str) -> bool:
    # Positions that may be joined without a person are too good to be one from farther away.
    for similar in open_incidents(desk).like_incident(incident, AROUND_M):
        other = desk.picture.room.incidents.get(similar.incident_id)
        if other is None or similar.score < desk.settings.join_above or not may_join(sighting_of(incident), other):
            continue
        into, source = original_and_duplicate(incident, other)
        if await _absorb(desk, source, into, similar.score, actor=actor):
            return True
    return False


async def _absorb(desk: Desk, source: Incident, into: Incident, score: float, *, actor: str) -> bool:
    """False where something has happened to either since the picture was looked at."""
    if source.status is not IncidentStatus.WAITING:
        return False
    async with begin(desk, actor=actor) as tx:
        now = {i: await incidents.lock(tx.db, incident_id=i) for i in sorted((source.id, into.id))}
        if (now[source.id].version, now[into.id].version) != (source.version, into.version):
            return False
        if not await links.is_untouched(tx.db, incident_id=source.id):
            return False
        await link_into(tx, now[source.id], now[into.id], likeness=score)
    return True
