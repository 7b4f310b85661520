"""A city's fleet as columns: whatever comes, the same units at the same distances as one by one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.city import load_city
from dispatch.model import ASSIGNABLE, Event, EventKind, Seq, Unit, UnitId, UnitPosition, UnitStatus
from dispatch.model.city import City
from dispatch.model.room import Room
from dispatch.picture.picture import Picture
from dispatch.policy.units.unit_table import UnitTable
from dispatch.store.journal import Entry
from geo import Point

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
IDS = [UnitId(f"U{number}") for number in range(8)]
PLACES = st.builds(Point, st.floats(-0.3, 0.0), st.floats(-78.6, -78.3))


@cache
def quito() -> City:
    return load_city(Path(__file__).parents[3] / "data" / "quito")


def a_unit(draw: st.DrawFn) -> Unit:
    stations = [None, *(station.id for station in quito().stations[:3])]
    agency, able = draw(st.sampled_from(["MSP", "CBQ"])), draw(st.sampled_from([("als",), ("bls", "transport")]))
    status = draw(st.sampled_from(list(UnitStatus)))
    gone = draw(st.sampled_from([None, None, None, NOW]))
    station = draw(st.sampled_from(stations))
    return Unit(draw(st.sampled_from(IDS)), agency, "A", able, station, status, NOW, removed_at=gone)


@st.composite
def new_events(draw: st.DrawFn) -> list[Unit | tuple[UnitId, Point]]:
    kinds = st.booleans()
    return [
        a_unit(draw) if draw(kinds) else (draw(st.sampled_from(IDS)), draw(PLACES))
        for _ in range(draw(st.integers(1, 30)))
    ]


def happen(picture: Picture, what: Unit | tuple[UnitId, Point], at: datetime) -> None:
    if isinstance(what, Unit):
        event = Event(EventKind.UNIT_CHANGED, at, "test", units=(what,), seq=Seq(picture.room.seq + 1))
        picture.follow([Entry(event, "")])
    else:
        unit_id, point = what
        picture.move([UnitPosition(unit_id, point.lat, point.lon, at)], now=at)


@given(new_events(), PLACES)
def test_as_one_by_one(whats: list[Unit | tuple[UnitId, Point]], point: Point) -> None:
    picture = Picture(Room(), quito(), [])
    for hour, what in enumerate(whats):
        happen(picture, what, NOW + timedelta(hours=hour))
        table = picture.around([point], lambda sort: sort.status in ASSIGNABLE)
        placed_units = picture.nearest(point, k=len(IDS), where=lambda unit: unit.status in ASSIGNABLE)
        again = UnitTable.of(placed_units)
        assert [unit.id for unit in table.units] == [unit.id for unit in again.units]
        assert list(table.units) == list(again.units)
        assert [table.profiles[n] for n in table.sort] == [again.profiles[n] for n in again.sort]
        for name in ("lats", "lons", "heard_s"):
            np.testing.assert_array_equal(getattr(table, name), getattr(again, name))
        np.testing.assert_allclose(table.distance_m, again.distance_m, atol=1e-6)


def test_a_change_of_status_costs_no_new_table() -> None:
    one = Unit(UnitId("A01"), "MSP", "A", ("als",), quito().stations[0].id, UnitStatus.AVAILABLE, NOW)
    picture = Picture(Room(units={one.id: one}), quito(), [])
    here = Point(-0.2, -78.5)
    picture.around([here], lambda sort: True)
    table = picture._fleet
    happen(picture, replace(one, status=UnitStatus.RETURNING), NOW)
    happen(picture, (one.id, here), NOW)
    assert picture._fleet is table
    assert picture.around([here], lambda sort: True).distance_m == pytest.approx(np.zeros((1, 1)), abs=1e-6)
