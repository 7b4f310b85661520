"""An incident as its first call makes it."""

from dispatch.model import Call, Incident, IncidentId, IncidentStatus, Similar
from dispatch.model.city import City

UNKNOWN_PRIORITY = 3
# What every screen is sent; a call's own text is kept whole.
MOST_TEXT_CHARS = 4_000


def opened(city: City, call: Call, *, similar: tuple[Similar, ...] = ()) -> Incident:
    """Not yet stored: its id is for the store to give. It has been waiting since the call came."""
    return Incident(
        id=IncidentId(0),
        status=IncidentStatus.WAITING,
        priority=priority_of(city, call.nature),
        nature=call.nature,
        text=summary(call.text),
        opened_at=call.received_at,
        location=call.location,
        calls=1,
        channels=(call.channel,),
        similar=similar,
    )


def summary(text: str | None) -> str | None:
    """What an incident says of a call's text."""
    return text[:MOST_TEXT_CHARS] if text else text


def priority_of(city: City, nature: str | None) -> int:
    known = city.natures_by_code.get(nature) if nature else None
    return known.priority if known else UNKNOWN_PRIORITY


def urgency(city: City, incident: Incident, nature: str | None) -> int:
    """The priority of an incident of which a caller says this: never lower than it was, but where nobody had said
    anything yet."""
    if nature is None:
        return incident.priority
    said = priority_of(city, nature)
    unsaid = incident.nature is None and incident.priority == UNKNOWN_PRIORITY
    return said if unsaid else min(said, incident.priority)
