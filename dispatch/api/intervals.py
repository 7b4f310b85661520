"""How long things took, for the supervisor: as JSON for a screen, as CSV for whoever goes on calculating."""

import csv
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from io import StringIO
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from dispatch.api.access import Dispatcher
from dispatch.api.dependencies import TheDesk
from dispatch.api.wire import Json
from dispatch.errors import FieldProblem, Invalid
from dispatch.intake.json_body import Moment
from dispatch.model import Interval
from dispatch.store.db import connection
from dispatch.store.watch.intervals import Figures, Grouping, figures

router = APIRouter(prefix="/v1", tags=["intervals"])

USUAL = timedelta(hours=24)
LONGEST = timedelta(days=400)
CSV = "text/csv"


class Format(StrEnum):
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class IntervalsView:
    """Of incidents opened and units sent from `since` to before `until`."""

    since: datetime
    until: datetime
    by: Grouping
    items: list[Figures]


@router.get(
    "/intervals",
    response_model=IntervalsView,
    responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}},
)
async def get_intervals(
    request: Request,
    desk: TheDesk,
    _: Dispatcher,
    since: Annotated[Moment | None, Query(alias="from", description="A day before `to`, if not said.")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="Not included; now, if not said.")] = None,
    by: Grouping = Grouping.AGENCY,
    interval: Annotated[list[Interval] | None, Query(description="Only these.", max_length=len(Interval))] = None,
    format: Annotated[Format | None, Query(description="`csv`, which `Accept: text/csv` asks for too.")] = None,
) -> Response:
    since, until = period(since, until, now=datetime.now(UTC))
    async with connection(desk.pool) as db:
        found = await figures(db, city=desk.city, since=since, until=until, by=by, only=interval or tuple(Interval))
    found = [rounded(each) for each in found]
    if format is Format.CSV or (format is None and _wants_csv(request)):
        return Response(as_csv(found), media_type=f"{CSV}; charset=utf-8; header=present")
    return Json(IntervalsView(since, until, by, found))


def period(since: datetime | None, until: datetime | None, *, now: datetime) -> tuple[datetime, datetime]:
    """Raises Invalid where it is none, or too long for one question."""
    try:
        until = until or (now if since is None or since < now else since + USUAL)
        since = since or until - USUAL
    except OverflowError as error:
        raise Invalid("not a period", errors=[FieldProblem("to", "is out of all time")]) from error
    if since >= until:
        raise Invalid("not a period", errors=[FieldProblem("from", "must be before `to`")])
    if until - since > LONGEST:
        problem = f"may be {LONGEST.days} days before `to` at most"
        raise Invalid("too long a period", errors=[FieldProblem("from", problem)])
    return since, until


def rounded(of: Figures) -> Figures:
    return replace(
        of,
        median_s=round(of.median_s, 1),
        p90_s=round(of.p90_s, 1),
        met=None if of.met is None else round(of.met, 4),
    )


def as_csv(found: Sequence[Figures]) -> str:
    """RFC 4180; several targets stand in one field with spaces between."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(field.name for field in fields(Figures))
    writer.writerows([_cell(value) for value in astuple(each)] for each in found)
    return out.getvalue()


def _cell(value: Any) -> Any:
    return " ".join(f"{v:g}" for v in value) if isinstance(value, tuple) else value


def _wants_csv(request: Request) -> bool:
    """Named in Accept, and not refused or put after JSON there."""
    accepted = [part.strip().split(";")[0] for part in request.headers.get("accept", "").lower().split(",")]
    return CSV in accepted and (
        "application/json" not in accepted or accepted.index(CSV) < accepted.index("application/json")
    )
