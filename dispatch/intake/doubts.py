"""What is asked of every position of a caller, whatever format it came in: can it have been measured at that time, and
can a caller be there? What can't be is read as what it most probably means, and told as a flaw."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from dispatch.intake.places import Area, find
from dispatch.intake.places.pairs import whole
from dispatch.intake.places.written import FAR, Written, shown, taken
from dispatch.model import clock
from dispatch.model.report import Report
from geo import ArcBand, Ellipse, Fix, Point, Polygon, Source

# What devices send that don't know where they are, some of them with noise.
NULL_ISLAND_DEG = 0.01
NOWHERE = "0, 0 es lo que envía un teléfono sin posición; no se usa"
MOST_FLAWS = 40


def doubted(report: Report, area: Area, *, now: datetime, names: Sequence[str] | None = None) -> Report:
    """The report with its fixes as they are most probably meant at the time `now`; `names` of the fixes in flaws.

    A fix that can't be a caller's is left out, unless it is all that there is and no reading of it is nearer."""
    kept: list[Fix] = []
    far: list[Fix] = []
    flaws: list[str] = []
    for number, said in enumerate(report.fixes):
        name = names[number] if names is not None else "location"
        fix = _with_time(said, name, flaws, area, now)
        point = _middle(fix)
        if fix.source is Source.MANUAL or point is None or _is_plausible(point, area):
            kept.append(fix)
        elif (read := _elsewhere(fix, point, name, flaws, area)) is not None:
            (kept if area.reaches(_middle(read) or point) else far).append(read)
    fixes = tuple(kept or far)
    if not fixes and report.fixes and report.text:
        fixes, more = find(report.text, area)
        flaws.extend(more)
    every = tuple(dict.fromkeys((*report.flaws, *flaws)))[:MOST_FLAWS]
    return replace(report, fixes=fixes, fixes_said=report.fixes, flaws=every)


def _with_time(fix: Fix, name: str, flaws: list[str], area: Area, now: datetime) -> Fix:
    if fix.at is None:
        return fix
    at, problem = clock.meant(fix.at, now=now, zone=area.zone)
    if problem is None:
        return fix
    flaws.append(f"{name}.at: {problem}")
    return replace(fix, at=at)


def _is_plausible(point: Point, area: Area) -> bool:
    return area.reaches(point) and not _is_null_island(point)


def _is_null_island(point: Point) -> bool:
    return abs(point.lat) < NULL_ISLAND_DEG and abs(point.lon) < NULL_ISLAND_DEG


def _elsewhere(fix: Fix, point: Point, name: str, flaws: list[str], area: Area) -> Fix | None:
    """The fix where it is meant to be; as it is, far away, where no other reading leads near; None where it is nowhere,
    or may be at several places."""
    if _is_null_island(point):
        flaws.append(f"{name}: {NOWHERE}")
        return None
    written = whole(f"{point.lat:.7f},{point.lon:.7f}") or Written(())
    read, told = taken(replace(written, is_weak=False), area, where=name)
    if read is None or read.point is None or isinstance(fix.region, Polygon):
        if read is None and any(FAR not in each for each in told):
            flaws.extend(told)
            return None
        flaws.append(f"{name}: {shown(point)} {FAR} {area.name}; pregunte dónde es")
        return fix
    flaws.extend(told)
    region = replace(fix.region, centre=read.point) if fix.region is not None else None
    return replace(fix, point=read.point, region=region)


def _middle(fix: Fix) -> Point | None:
    match fix.region:
        case Ellipse(centre=centre) | ArcBand(centre=centre):
            return centre
        case Polygon(corners):
            return corners[0]
    return fix.point
