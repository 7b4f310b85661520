"""Which intervals of an incident have exceeded their targets, and when the next one will."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from dispatch.model import Incident, Overdue, Unit, UnitId
from dispatch.model.city import City
from dispatch.policy.watch.intervals import clocks


def overdue(incident: Incident, *, units: Mapping[UnitId, Unit], city: City, at: datetime) -> tuple[Overdue, ...]:
    """Of the running intervals with a target, those that exceed it.

    Entries that the incident already has stay while the interval runs to the same target, whatever `at` is: two nodes
    whose clocks differ a little must not contradict each other."""
    known = frozenset(incident.overdue)
    return tuple(o for o in _possible(incident, units, city) if o in known or _due(o) <= at)


def next_due(incident: Incident, *, units: Mapping[UnitId, Unit], city: City, at: datetime) -> datetime | None:
    """When `incident.overdue` will next have to change: `at` if it is wrong now, None if only a change of the incident
    can change it."""
    if overdue(incident, units=units, city=city, at=at) != incident.overdue:
        return at
    coming = (_due(o) for o in _possible(incident, units, city) if o not in incident.overdue)
    return min(coming, default=None)


def still_overdue(incident: Incident) -> tuple[Overdue, ...]:
    """`incident.overdue` without the intervals that have ended: for the change that ended them."""
    running = {(c.interval, c.since, c.unit_id) for c in clocks(incident)} if incident.overdue else set()
    return tuple(o for o in incident.overdue if (o.interval, o.since, o.unit_id) in running)


def _possible(incident: Incident, units: Mapping[UnitId, Unit], city: City) -> Iterator[Overdue]:
    """Every running interval that has a target, as the entry that it is or will be."""
    for clock in clocks(incident):
        unit = units.get(clock.unit_id) if clock.unit_id is not None else None
        agency = unit.agency if unit is not None else None
        target = city.target(clock.interval, agency=agency, priority=incident.priority)
        if target is not None:
            yield Overdue(clock.interval, clock.since, target.seconds, clock.unit_id)


def _due(overdue: Overdue) -> datetime:
    return overdue.since + timedelta(seconds=overdue.target_s)
