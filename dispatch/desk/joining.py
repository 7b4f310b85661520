"""Which incidents are perhaps, or surely, the same: asked of the picture, and acted upon where it is sure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from dispatch.desk.desk import Act, Desk, act
from dispatch.desk.linking import link_into
from dispatch.errors import Conflict, Unavailable
from dispatch.model import EventKind, Incident, IncidentId, IncidentStatus, Similar
from dispatch.picture.nearby import NONE, Nearby
from dispatch.policy.near import Near
from dispatch.policy.same_incident import (
    AROUND_M,
    MOST_SIMILAR,
    REACH_M,
    Sighting,
    incidents_alike,
    likenesses,
    may_join,
    reach_m,
    sighting_of,
    source_and_echo,
)
from dispatch.store import incidents, links
from geo import Location

log = structlog.get_logger()

# More than this many incidents are not drawn together at once.
MOST_ABSORBED = 5

NO_DRAFTS: Mapping[IncidentId, Incident] = {}


@dataclass(frozen=True, slots=True)
class Around:
    """A sighting amid the open incidents: `near` are those within reach, `known` such as are likely what was sighted,
    the likeliest first, whatever their score."""

    sighting: Sighting
    near: Near
    known: list[Similar]


def look_around(desk: Desk, sighting: Sighting) -> Around:
    near = _near(desk.picture.nearby, sighting.location)
    return Around(sighting, near, likenesses(sighting, near, desk.picture.nearby.echoes))


def known_with(around: Around, drafts: Nearby, *, held: Collection[IncidentId]) -> list[Similar]:
    """The same with `drafts`, incidents as they will be after this act: new ones and, of those `held`, all that are
    still open."""
    drafted = _near(drafts, around.sighting.location)
    near = around.near.but(held)
    if not len(drafted) and len(near) == len(around.near):
        return around.known
    return likenesses(around.sighting, near + drafted, drafts.echoes)


def to_join(
    desk: Desk, sighting: Sighting, known: Sequence[Similar], drafts: Mapping[IncidentId, Incident] = NO_DRAFTS
) -> Similar | None:
    """The one that is surely the same."""
    for similar in known:
        if similar.score < desk.settings.join_above:
            return None
        incident = drafts.get(similar.incident_id) or desk.picture.room.incidents.get(similar.incident_id)
        if incident is not None and may_join(sighting, incident):
            return similar
    return None


def suggested(desk: Desk, known: Sequence[Similar], *, but: IncidentId | None = None) -> tuple[Similar, ...]:
    """Those that a person should look at, the likeliest first."""
    likely = [s for s in known if s.score >= desk.settings.suggest_above and s.incident_id != but]
    return tuple(likely[:MOST_SIMILAR])


def looked_around(desk: Desk, incident: Incident) -> Incident:
    """The incident with what it is perhaps the same as, now that more is known of it."""
    return replace(incident, similar=suggested(desk, _alike(desk, incident)))


def tell_likeness(doing: Act, before: Incident, after: Incident) -> None:
    """Where the incident is perhaps the same as one that it wasn't before."""
    known = {similar.incident_id for similar in before.similar}
    if any(similar.incident_id not in known for similar in after.similar):
        doing.tell(EventKind.LIKENESS_FOUND, incident=after, data={"similar": list(after.similar)})


async def settle(desk: Desk, incident_id: IncidentId, *, actor: str) -> None:
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
    for similar in _alike(desk, incident, within_m=AROUND_M):
        other = desk.picture.room.incidents.get(similar.incident_id)
        if other is None or similar.score < desk.settings.join_above or not may_join(sighting_of(incident), other):
            continue
        into, source = source_and_echo(incident, other)
        if await _absorb(desk, source, into, similar.score, actor=actor):
            return True
    return False


async def _absorb(desk: Desk, source: Incident, into: Incident, score: float, *, actor: str) -> bool:
    """False where something has happened to either since the picture was looked at."""
    if source.status is not IncidentStatus.WAITING:
        return False
    async with act(desk, actor=actor) as doing:
        now = {i: await incidents.lock(doing.db, incident_id=i) for i in sorted((source.id, into.id))}
        if (now[source.id].version, now[into.id].version) != (source.version, into.version):
            return False
        if not await links.is_untouched(doing.db, incident_id=source.id):
            return False
        await link_into(doing, now[source.id], now[into.id], likeness=score)
    return True


def _alike(desk: Desk, incident: Incident, *, within_m: float = REACH_M) -> list[Similar]:
    nearby = desk.picture.nearby
    return incidents_alike(incident, _near(nearby, incident.location, within_m), nearby.echoes)


def _near(nearby: Nearby, location: Location, within_m: float = REACH_M) -> Near:
    if location.lat is None or location.lon is None:
        return NONE
    return nearby.within(location.lat, location.lon, within_m, narrow_m=reach_m(location, nearby.echoes))
