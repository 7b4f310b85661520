"""Crews that have not been heard of for longer than their agency allows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.model import Unit, UnitId, UnitStatus
from dispatch.model.city import Agency

# For an agency that is no longer in the city's data.
USUAL_S = 60.0
OFF = frozenset({UnitStatus.OFF_DUTY, UnitStatus.OUT_OF_SERVICE})


@dataclass(frozen=True, slots=True)
class Hearing:
    """Changes: units that fell silent, each since its own time, and those that are heard again or no longer need to
    be."""

    silent: dict[UnitId, datetime]
    heard: tuple[UnitId, ...]


def last_heard(unit: Unit, position_at: datetime | None) -> datetime | None:
    """By the arrival of its position or a change of its status, whichever is later; None: a unit without a device, or
    one that only other nodes hear, which decide about it.

    Being dispatched is the dispatcher's change, not the crew's, so it doesn't count."""
    if position_at is None:
        return None
    return position_at if unit.status is UnitStatus.DISPATCHED else max(position_at, unit.since)


def listen(
    units: Iterable[Unit],
    *,
    positions_at: Mapping[UnitId, datetime],
    agencies: Mapping[str, Agency],
    listening_since: datetime,
    at: datetime,
) -> Hearing:
    """`positions_at`: when a position of each unit last arrived. No unit is silent for the time before
    `listening_since`, when this node received nothing."""
    silent: dict[UnitId, datetime] = {}
    heard = []
    for unit in units:
        last = last_heard(unit, positions_at.get(unit.id))
        if unit.silent_since is not None:
            if unit.status in OFF or (last is not None and last > unit.silent_since):
                heard.append(unit.id)
        elif last is not None and unit.status not in OFF:
            agency = agencies.get(unit.agency)
            limit_s = agency.silent_after_s if agency is not None else USUAL_S
            if at - max(last, listening_since) > timedelta(seconds=limit_s):
                silent[unit.id] = last
    return Hearing(silent, tuple(heard))
