"""What an incident's own calls say of it, once some have come or gone."""

from dataclasses import replace

from dispatch.desk.desk import Transaction
from dispatch.model import Incident
from dispatch.policy.incidents.best_location import best_location, by_calls, same_place
from dispatch.store.calls import calls
from geo import Location, Source


async def summarized(tx: Transaction, incident: Incident, *, without: Location | None = None) -> Incident:
    """The incident, not yet saved, with the count, the channels and the place of the calls that are now its own. A
    place that a dispatcher put by hand stands, unless it came with what has gone (`without`); so does the last place
    where there is no call any more."""
    own = await calls.of_incident(tx.db, incident_id=incident.id)
    by_report = await calls.channels(tx.db, incident_id=incident.id)
    places = [call.location for call in own]
    came_with_it = without is not None and same_place(incident.location, without)
    stands = not places or (incident.location.source is Source.MANUAL and not came_with_it)
    return replace(
        incident,
        calls=len(own),
        channels=tuple(dict.fromkeys((*by_report, *(call.channel for call in own)))),
        location=incident.location if stands else by_calls(own, standing=best_location(places)),
    )
