"""Who is silent, and who only has nothing to speak with."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dispatch.model import Unit, UnitId, UnitStatus
from dispatch.model.city import Agency
from dispatch.policy.watch.unit_timeouts import Hearing, listen

S = UnitStatus
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=1)
AGENCIES = {
    "MSP": Agency("MSP", "", "", "A", mobilisation_s=60, speed_kmh=36),
    "MUN": Agency("MUN", "", "", "M", mobilisation_s=60, speed_kmh=36, silent_after_s=300),
}
A1 = Unit(UnitId("A1"), "MSP", "ambulance_bls", (), None, S.AVAILABLE, LONG_AGO)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def hear(unit: Unit, position_at: datetime | None, *, listening_since: datetime = LONG_AGO) -> Hearing:
    positions_at = {unit.id: position_at} if position_at else {}
    return listen([unit], positions_at=positions_at, agencies=AGENCIES, listening_since=listening_since, at=NOW)


NOTHING = Hearing({}, ())


@pytest.mark.parametrize(("agency", "limit_s"), [("MSP", 60), ("MUN", 300), ("of yesterday", 60)])
def test_each_agency_has_its_limit(agency: str, limit_s: float) -> None:
    unit = replace(A1, agency=agency)
    assert hear(unit, ago(limit_s)) == NOTHING
    assert hear(unit, ago(limit_s + 1)) == Hearing({unit.id: ago(limit_s + 1)}, ())


def test_a_status_is_heard_too_but_an_order_is_not() -> None:
    assert hear(replace(A1, since=ago(5)), ago(100)) == NOTHING
    assert hear(replace(A1, since=ago(5), status=S.DISPATCHED), ago(100)).silent == {A1.id: ago(100)}


def test_without_any_device_nobody_is_silent() -> None:
    assert hear(A1, None) == NOTHING


@pytest.mark.parametrize("status", [S.OFF_DUTY, S.OUT_OF_SERVICE])
def test_off_duty_one_need_not_speak(status: UnitStatus) -> None:
    assert hear(replace(A1, status=status), ago(900)) == NOTHING
    assert hear(replace(A1, status=status, silent_since=ago(900)), ago(900)).heard == (A1.id,)


def test_heard_again() -> None:
    silent = replace(A1, silent_since=ago(90))
    assert hear(silent, ago(90)) == NOTHING
    assert hear(silent, ago(1)).heard == (A1.id,)


def test_one_that_another_node_hears_is_that_node_s_to_judge() -> None:
    assert hear(replace(A1, silent_since=ago(90)), None) == NOTHING


def test_when_it_was_we_who_were_away_everybody_gets_the_time_to_speak() -> None:
    assert hear(A1, ago(4_000), listening_since=ago(60)) == NOTHING
    assert hear(A1, ago(4_000), listening_since=ago(61)).silent == {A1.id: ago(4_000)}
