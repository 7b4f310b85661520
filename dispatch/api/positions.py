"""Where units are, by the thousand; and where one has been."""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from msgspec import Meta

from dispatch.api import metrics
from dispatch.api.access import Actor, Crew, Dispatcher, Role
from dispatch.api.dependencies import TheDesk, TheWriter
from dispatch.api.wire import Json, describes, limited_body
from dispatch.desk.units.positions import take, trail
from dispatch.errors import FieldProblem, Forbidden, Invalid, Malformed
from dispatch.intake.json_body import Moment
from dispatch.model import UnitId, UnitPosition
from dispatch.picture.picture import Doubtful, Refused, Taken
from dispatch.store.units.positions import TrailEnd, UnitTrailPoint

router = APIRouter(prefix="/v1/units", tags=["positions"])

MOST = 20_000
MOST_VALUES = 12 * MOST
PIECE = 1_000
TRAIL = timedelta(hours=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class PositionBody(msgspec.Struct, frozen=True):
    """One position of a unit. Read by msgspec, which is as strict and ten times as fast: these come by the thousand."""

    unit_id: str
    lat: Annotated[float, Meta(ge=-90, le=90)]
    lon: Annotated[float, Meta(ge=-180, le=180)]
    at: Annotated[datetime, Meta(tz=True)]
    heading_deg: Annotated[float, Meta(ge=-1, le=360)] | None = None
    speed_mps: Annotated[float, Meta(ge=-1, le=300)] | None = None
    accuracy_m: Annotated[float, Meta(ge=-1, le=1_000_000)] | None = None


class PositionsBody(msgspec.Struct, frozen=True):
    positions: Annotated[list[PositionBody], Meta(max_length=MOST)]


class RawBatch(msgspec.Struct, frozen=True):
    positions: Annotated[list[msgspec.Raw], Meta(max_length=MOST)]


@dataclass(frozen=True, slots=True)
class Moved:
    """`accepted`: believed. `doubtful`: kept as history, not shown as where the unit is. `rejected`: not kept.
    `corrected`: of a time that can't be, read as what it most probably means; left out where there are none."""

    accepted: int
    doubtful: list[Doubtful]
    rejected: list[Refused]
    corrected: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TrailPage:
    items: list[UnitTrailPoint]
    next: str | None


_batch = msgspec.json.Decoder(PositionsBody)
_raw_batch = msgspec.json.Decoder(RawBatch)
_one = msgspec.json.Decoder(PositionBody)


@router.post(
    "/positions",
    operation_id="add_unit_positions",
    response_model=Moved,
    openapi_extra=describes(PositionsBody),
)
async def post_positions(request: Request, desk: TheDesk, writer: TheWriter, actor: Crew) -> Response:
    """A batch, the positions of each unit in the order in which they were measured. A bad one fails alone, and so does
    one of another unit than the crew's own."""
    indexes, positions, unreadable = read(await limited_body(request))
    if actor.role is Role.CREW:
        indexes, positions, foreign = _own(actor, indexes, positions)
        unreadable += foreign
    taken = Taken()
    for first in range(0, len(positions), PIECE):
        taken.add(take(desk, writer, positions[first : first + PIECE]), offset=first)
        # A call that waits is taken between two pieces.
        await asyncio.sleep(0)
    doubtful, refused, corrected = taken.doubtful, taken.refused, taken.corrected
    if unreadable:
        corrected = [indexes[index] for index in corrected]
        doubtful = [Doubtful(indexes[d.index], d.doubt) for d in doubtful]
        refused = [*unreadable, *(Refused(indexes[r.index], r.problem) for r in refused)]
    count(taken, rejected=len(refused))
    answer = {"accepted": taken.accepted, "doubtful": doubtful, "rejected": sorted(refused, key=lambda r: r.index)}
    return Json(answer | ({"corrected": corrected} if corrected else {}))


@router.get("/{unit_id}/trail", operation_id="get_unit_trail", response_model=TrailPage)
async def get_trail(
    unit_id: Annotated[str, Path(min_length=1, max_length=64)],
    desk: TheDesk,
    _: Dispatcher,
    since: Annotated[Moment | None, Query(alias="from", description="An hour before `to`, if not said.")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="Not included; now, if not said.")] = None,
    limit: Annotated[int, Query(ge=1, le=5_000)] = 1_000,
    cursor: Annotated[str | None, Query(max_length=100, description="`next` of the page before.")] = None,
) -> Response:
    """Oldest first, by the device's clock, doubtful positions among them with what makes them so."""
    until = until or datetime.now(UTC)
    points, end = await trail(
        desk,
        unit_id=UnitId(unit_id),
        since=since or until - TRAIL,
        until=until,
        after=_end(cursor) if cursor else None,
        limit=limit,
    )
    return Json(TrailPage(points, _cursor(end) if end else None))


def read(raw: bytes) -> tuple[Sequence[int], list[UnitPosition], list[Refused]]:
    """The positions and the index of each in the batch, and what is wrong with those that aren't any.

    Raises Malformed where it is no batch."""
    if raw.count(b",") > MOST_VALUES:
        # Each would be looked at before the list is found too long.
        raise Malformed("not a batch of positions", errors=[FieldProblem("body", f"more than {MOST_VALUES:,} values")])
    try:
        good = _batch.decode(raw).positions
        return range(len(good)), list(map(_position, good)), []
    except (msgspec.DecodeError, RecursionError):
        pass
    indexes, positions, refused = [], [], []
    try:
        each = _raw_batch.decode(raw).positions
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("not a batch of positions", errors=[FieldProblem("body", str(error))]) from error
    for index, one in enumerate(each):
        try:
            positions.append(_position(_one.decode(one)))
            indexes.append(index)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            refused.append(Refused(index, str(error)))
    return indexes, positions, refused


def _own(
    actor: Actor, indexes: Sequence[int], positions: list[UnitPosition]
) -> tuple[list[int], list[UnitPosition], list[Refused]]:
    """Those of the crew's own unit, and the refusal of the others. Raises Forbidden where all are of others."""
    own = [(index, one) for index, one in zip(indexes, positions, strict=True) if one.unit_id == actor.unit_id]
    problem = f"this key is of unit {actor.unit_id}, and of no other"
    if positions and not own:
        raise Forbidden(problem)
    mine = {index for index, _ in own}
    return [i for i, _ in own], [one for _, one in own], [Refused(i, problem) for i in indexes if i not in mine]


def count(taken: Taken, *, rejected: int) -> None:
    """Into the metrics, by outcome."""
    outcomes = Counter[str](d.doubt for d in taken.doubtful)
    outcomes |= Counter(accepted=taken.accepted, rejected=rejected)
    for outcome, number in outcomes.items():
        metrics.POSITIONS.labels(outcome=outcome).inc(number)


def _position(body: PositionBody) -> UnitPosition:
    at = body.at
    return UnitPosition(
        UnitId(body.unit_id),
        body.lat,
        body.lon,
        at if at.tzinfo is UTC else at.astimezone(UTC),
        _known(body.heading_deg),
        _known(body.speed_mps),
        _known(body.accuracy_m),
    )


def _known(value: float | None) -> float | None:
    """Below 0 is what devices send for what they don't know."""
    return value if value is None or value >= 0 else None


def _cursor(end: TrailEnd) -> str:
    return f"{(end.at - EPOCH) // MICROSECOND}.{(end.received_at - EPOCH) // MICROSECOND}.{end.told}"


def _end(cursor: str) -> TrailEnd:
    found = re.fullmatch(r"(-?[0-9]{1,18})\.(-?[0-9]{1,18})\.([0-9]{1,9})", cursor)
    try:
        if found:
            at, received_at, told = (int(group) for group in found.groups())
            return TrailEnd(EPOCH + at * MICROSECOND, EPOCH + received_at * MICROSECOND, told)
    except OverflowError:
        pass
    raise Invalid("this is not the `next` of a page", errors=[FieldProblem("cursor", "is not one of ours")])
