"""The agencies of a city that provide the emergency services of RFC 5031."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dispatch.model.city import Agency, City

SOS = "urn:service:sos"
URN = re.compile(r"urn:service:[a-z0-9][a-z0-9.-]{0,80}", re.IGNORECASE)
# By the agency's letter on the map, which is the same in every city's data.
LETTERS = {f"{SOS}.ambulance": "A", f"{SOS}.fire": "B", f"{SOS}.police": "P"}


@dataclass(frozen=True, slots=True)
class Authority:
    """The authority of the mappings: `source` is its host name, `updated` the last change of its data, `uri` where a
    call for any service goes and `number` the emergency number."""

    source: str = "dispatch.local"
    uri: str = "tel:911"
    number: str = "911"
    updated: datetime = datetime(2026, 11, 1, tzinfo=UTC)
    lifetime: timedelta = timedelta(days=1)


def agencies_of(service: str, city: City) -> tuple[Agency, ...]:
    """The agencies of a service; none for the general emergency number."""
    letter = LETTERS.get(service)
    return tuple(agency for agency in city.agencies if agency.letter == letter)


def offered(city: City) -> tuple[str, ...]:
    """The services that an agency of this city provides, the general emergency service first."""
    return (SOS, *(service for service in LETTERS if agencies_of(service, city)))


def below(service: str | None, city: City) -> tuple[str, ...]:
    """The services one level below `service`; the topmost for None (RFC 5222 section 10)."""
    if service is None:
        return (SOS,)
    depth = service.count(".") + 1
    return tuple(each for each in offered(city) if each.startswith(f"{service}.") and each.count(".") == depth)


def substitute(service: str, city: City) -> str | None:
    """`service` itself if it is offered; the general emergency service for another kind of emergency; None for anything
    else."""
    if service in offered(city):
        return service
    return SOS if service.startswith(f"{SOS}.") else None
