"""What the dispatcher's and the crews' requests carry."""

from typing import Annotated

from pydantic import ConfigDict, Field

from dispatch.intake.json_body import Body, Moment
from dispatch.model import UnitStatus
from dispatch.model.unit_words import MOST_CREW, MOST_NAME_CHARS

UnitIdText = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[^\x00-\x1f]+$")]
Words = Annotated[str, Field(min_length=1, max_length=4_000, pattern=r"^[^\x00]*$")]
Code = Annotated[str, Field(max_length=64)]
Capabilities = Annotated[tuple[Code, ...], Field(max_length=50)]
Crew = Annotated[tuple[Annotated[str, Field(max_length=MOST_NAME_CHARS)], ...], Field(max_length=MOST_CREW)]
Shift = Annotated[str, Field(pattern=r"^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$")]
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
    """What is left out stays. `version`, as the dispatcher saw it, is a must (428); 409 where it is another by now."""

    priority: Annotated[int, Field(ge=1, le=5)] | None = None
    nature: Annotated[str, Field(max_length=64)] | None = None
    text: Words | None = None
    location: Place | None = None
    alarm: Annotated[int, Field(ge=1, le=9)] | None = None
    version: Version | None = None


class Closing(Body):
    """`version` is a must (428)."""

    reason: Words
    version: Version | None = None


class Reopening(Body):
    """`version` is a must (428). `join`: an open incident whose calls continue this one, and are joined to it."""

    version: Version | None = None
    join: IncidentNumber | None = None


class Note(Body):
    text: Words


class Link(Body):
    into: IncidentNumber
    version: Version | None = None


Preempt = Annotated[dict[UnitIdText, IncidentNumber], Field(max_length=50)]


class AssignmentBody(Body):
    """`preempt` confirms, for each unit that is to be taken from another incident, from which."""

    unit_ids: tuple[UnitIdText, ...] = Field(min_length=1, max_length=50)
    version: Version | None = None
    preempt: Preempt = Field(default_factory=dict)


class SwapBody(Body):
    release: UnitIdText
    assign: UnitIdText
    version: Version | None = None
    preempt: Preempt = Field(default_factory=dict)


class StatusBody(Body):
    """`at`: when the crew said so, by its own clock, where the message was long on its way."""

    status: UnitStatus
    at: Moment | None = None


class UnitBody(Body):
    """`capabilities` left out: those of its kind."""

    id: UnitIdText
    agency: Code
    kind: Code
    station: Code | None = None
    capabilities: Capabilities | None = None
    crew: Crew = ()
    shift: Shift | None = None


class UnitChange(Body):
    """What is left out stays; `station` and `shift` may be null. `version`: as it was seen; 409 where it is another.

    A field that isn't known is refused: whoever misspelled it should not believe it done."""

    model_config = ConfigDict(extra="forbid")

    kind: Code | None = None
    station: Code | None = None
    capabilities: Capabilities | None = None
    crew: Crew | None = None
    shift: Shift | None = None
    version: Version | None = None


class UnitsBody(Body):
    units: tuple[UnitBody, ...] = Field(min_length=1, max_length=5_000)
