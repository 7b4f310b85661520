"""What the room's units cover now: told by the desk, asked for over the wire, and never acted upon."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dispatch.city import load_city
from dispatch.desk.units.coverage import EVERY, Coverage
from dispatch.model import Event, EventKind, Seq, Unit, UnitId, UnitPosition, UnitStatus
from dispatch.model.city import City
from dispatch.model.room import Room
from dispatch.picture.picture import Picture
from dispatch.settings import QUITO, Settings
from dispatch.store.journal import Entry
from geo import Projection, StraightLine
from tests.service import Service

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def quito() -> City:
    return load_city(QUITO)


def picture_of(city: City, *out: str) -> Picture:
    """The whole fleet at its stations, but for those who are out."""
    units = [
        Unit(
            UnitId(u.id),
            u.agency,
            u.kind,
            u.capabilities,
            u.station,
            UnitStatus.ON_SCENE if u.id in out else UnitStatus.AVAILABLE,
            NOW,
        )
        for u in city.fleet
    ]
    return Picture(Room(units={unit.id: unit for unit in units}), city, [])


def coverage_of(city: City, picture: Picture) -> Coverage:
    return Coverage(city, picture, StraightLine(Projection(city.crs)), incidents_per_day=1_000, busy=0.3)


def test_the_only_unit_of_its_kind_is_worth_all_that_it_reaches(quito: City) -> None:
    als = [u.id for u in quito.fleet if "als" in u.capabilities]
    alone = coverage_of(quito, picture_of(quito, *als[1:])).lost(at=NOW)[UnitId(als[0])]
    among = coverage_of(quito, picture_of(quito)).lost(at=NOW)[UnitId(als[0])]
    assert alone > among > 0


def test_who_is_out_isnt_counted(quito: City) -> None:
    lost = coverage_of(quito, picture_of(quito, "A01")).lost(at=NOW)
    assert UnitId("A01") not in lost
    assert len(lost) == len(quito.fleet) - 1


def test_it_is_made_again_when_others_may_be_sent_and_after_a_while(quito: City) -> None:
    picture = picture_of(quito)
    coverage = coverage_of(quito, picture)
    before = coverage.lost(at=NOW)
    assert coverage.lost(at=NOW + EVERY / 2) is before

    far = UnitPosition(UnitId("A01"), 0.06, -78.68, NOW)
    picture.move([far], now=NOW)
    assert coverage.lost(at=NOW + EVERY / 2) is before
    assert coverage.lost(at=NOW + EVERY)[UnitId("A01")] != before[UnitId("A01")]

    latest = coverage.lost(at=NOW + EVERY)
    soon = NOW + EVERY + timedelta(milliseconds=1)
    picture.room.seq = Seq(picture.room.seq + 1)
    assert coverage.lost(at=soon) is latest  # one of a burst of calls
    gone = replace(picture.room.units[UnitId("A01")], status=UnitStatus.DISPATCHED)
    event = Event(EventKind.UNIT_ASSIGNED, soon, "test", units=(gone,), seq=Seq(picture.room.seq + 1))
    picture.follow([Entry(event, "")])
    assert UnitId("A01") not in coverage.lost(at=soon)


def test_covering_says_what_is_reached_and_advises_without_moving(quito: City) -> None:
    picture = picture_of(quito, "A01", "A02", "A15")
    before = dict(picture.room.units)
    covering = coverage_of(quito, picture).covering(coverage_of(quito, picture).placed_units(), at=NOW)
    full = coverage_of(quito, picture_of(quito))
    assert 0 < covering.covered < full.covering(full.placed_units(), at=NOW).covered < 1
    reached = sum(cell.demand * cell.covered for cell in covering.cells)
    assert reached / covering.demand == pytest.approx(covering.covered, abs=1e-3)
    assert all(0 <= cell.covered <= 1 for cell in covering.cells)
    assert covering.moves and all(move.gain >= 1 for move in covering.moves)
    stations = quito.stations_by_id
    assert all(stations[m.to_station].agency == picture.room.units[m.unit_id].agency for m in covering.moves)
    assert picture.room.units == before


def test_a_city_without_units_is_covered_nowhere(quito: City) -> None:
    coverage = coverage_of(quito, Picture(Room(), quito, []))
    assert coverage.lost(at=NOW) == {}
    covering = coverage.covering([], at=NOW)
    assert covering.covered == 0 and covering.moves == ()


async def test_over_the_wire(module_service: Service) -> None:
    async with module_service.client() as client:
        answer = await client.get("/v1/coverage")
    assert answer.status_code == 200
    body = answer.json()
    assert body["cells"] and 0 <= body["covered"] <= 1 and body["travel"] == "line"
    assert {"h3", "demand", "covered"} <= body["cells"][0].keys()


@pytest.mark.parametrize(("name", "text"), [("BUSY_FRACTION", "1"), ("INCIDENTS_PER_DAY", "-3")])
def test_what_cant_be_reckoned_with_is_refused(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=name):
        Settings.from_env({f"DISPATCH_{name}": text})
