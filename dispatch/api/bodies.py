"""What the dispatcher's and the crews' requests carry."""

from typing import Annotated

from pydantic import Field

from dispatch.intake.json_body import Body
from dispatch.model import UnitStatus

UnitIdText = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[^\x00-\x1f]+$")]
Words = Annotated[str, Field(min_length=1, max_length=4_000, pattern=r"^[^\x00]*$")]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
IncidentNumber = Annotated[int, Field(ge=1, le=2**63 - 1)]


class SignIn(Body):
    """One of the two."""

    code: str | None = Field(None, max_length=200)
    key: str | None = Field(None, max_length=200)


class Place(Body):
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    radius_m: float = Field(30.0, gt=0, le=50_000)


class IncidentChange(Body):
    """What is left out stays. `version`: as the dispatcher saw it; 409 where it is another by now."""

    priority: Annotated[int, Field(ge=1, le=5)] | None = None
    nature: Annotated[str, Field(max_length=64)] | None = None
    text: Words | None = None
    location: Place | None = None
    version: Version | None = None


class Closing(Body):
    reason: Words
    version: Version | None = None


class Note(Body):
    text: Words


class Link(Body):
    into: IncidentNumber


class AssignmentBody(Body):
    unit_ids: tuple[UnitIdText, ...] = Field(min_length=1, max_length=50)
    version: Version | None = None


class StatusBody(Body):
    status: UnitStatus


class UnitBody(Body):
    """`capabilities` left out: those of its kind."""

    id: UnitIdText
    agency: Annotated[str, Field(max_length=64)]
    kind: Annotated[str, Field(max_length=64)]
    station: Annotated[str, Field(max_length=64)] | None = None
    capabilities: tuple[Annotated[str, Field(max_length=64)], ...] | None = Field(None, max_length=50)


class UnitsBody(Body):
    units: tuple[UnitBody, ...] = Field(min_length=1, max_length=5_000)
