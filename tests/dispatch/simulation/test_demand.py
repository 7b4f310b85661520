from collections import Counter
from datetime import UTC, datetime
from itertools import islice
from random import Random

import pytest

from dispatch.model.city import City, Station
from dispatch.simulation.demand import (
    OPEN_COUNTRY,
    Demand,
    Emergency,
    busyness,
    by_the_hour,
    place_name,
    spread,
    steadily,
)

QUITO = "America/Guayaquil"
MIDNIGHT = datetime(2026, 1, 1, 5, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def emergencies(quito: City) -> list[Emergency]:
    demand = Demand(quito, Random(11))
    return [demand.draw(misuse=0.1) for _ in range(6_000)]


def test_each_lies_in_its_parish(quito: City, emergencies: list[Emergency]) -> None:
    for emergency in emergencies:
        assert quito.parishes.find(emergency.lat, emergency.lon) == emergency.parish


def test_parishes_have_them_as_they_have_people(quito: City, emergencies: list[Emergency]) -> None:
    people = sum(parish.population for parish in quito.parishes)
    drawn = Counter(e.parish.code for e in emergencies if e.nature is None or e.nature.code not in OPEN_COUNTRY)
    for parish in quito.parishes:
        assert drawn[parish.code] / drawn.total() == pytest.approx(parish.population / people, abs=0.012)


def test_services_have_their_shares_and_some_of_all_is_misuse(quito: City, emergencies: list[Emergency]) -> None:
    real = [e.nature for e in emergencies if e.nature is not None]
    assert 1 - len(real) / len(emergencies) == pytest.approx(0.1, abs=0.015)
    drawn = Counter(nature.service for nature in real)
    for service in quito.services:
        assert drawn[service.code] / len(real) == pytest.approx(service.share, abs=0.02)


def test_what_needs_open_country_is_not_in_the_city(emergencies: list[Emergency]) -> None:
    outdoors = [e for e in emergencies if e.nature is not None and e.nature.code in OPEN_COUNTRY]
    assert outdoors
    assert all(e.parish.kind == "rural" for e in outdoors)


def test_a_day_of_the_curve_has_its_mean_rate_and_its_hours() -> None:
    day_s = 24 * 3600
    calls: Counter[int] = Counter()
    for at_s in by_the_hour(Random(3), rate=0.5, start=MIDNIGHT, timezone=QUITO):
        if at_s >= day_s:
            break
        calls[int(at_s // 3600)] += 1
    assert calls.total() / day_s == pytest.approx(0.5, rel=0.02)
    assert calls[19] / calls[4] == pytest.approx(1.40 / 0.46, rel=0.15)


def test_hours_are_those_of_the_place_and_pass_into_each_other() -> None:
    assert busyness(datetime(2026, 1, 1, 0, 0, tzinfo=UTC), QUITO) == pytest.approx(1.42)
    assert busyness(datetime(2026, 1, 1, 0, 30, tzinfo=UTC), QUITO) == pytest.approx((1.42 + 1.38) / 2)


def test_a_count_over_a_time_is_kept_exactly() -> None:
    arrivals = list(spread(Random(1), count=600, over_s=30))
    assert len(arrivals) == 600
    assert arrivals == sorted(arrivals)
    assert 0 <= arrivals[0] < arrivals[-1] <= 30


def test_steady_arrivals_keep_their_rate() -> None:
    arrivals = list(islice(steadily(Random(1), rate=4.0), 8_000))
    assert arrivals == sorted(arrivals)
    assert 8_000 / arrivals[-1] == pytest.approx(4.0, rel=0.03)


@pytest.mark.parametrize(
    ("station", "place"),
    [("UPC Plaza Grande", "Plaza Grande"), ("Base de montaña Cruz Loma", "Cruz Loma"), ("Mitad del Mundo",) * 2],
)
def test_the_place_in_a_station_s_name(station: str, place: str) -> None:
    assert place_name(Station("x", "PN", station, 0, -78.5)) == place
