"""What is sent, alarm by alarm."""

import pytest

from dispatch.city import load_city
from dispatch.model.city import City, Nature, Need
from dispatch.policy.incidents.response_plan import alarms_of, needed_at
from dispatch.settings import QUITO

FIRE = Nature(
    "fire", "s", "", "", 1, (Need("engine", 2), Need("bls", 1)), 1.0,
    alarms=((Need("engine", 2), Need("ladder", 1)), (Need("engine", 3),)),
)  # fmt: skip


@pytest.fixture(scope="module")
def quito() -> City:
    return load_city(QUITO)


@pytest.mark.parametrize(
    ("alarm", "sent"),
    [
        (1, {"engine": 2, "bls": 1}),
        (2, {"engine": 4, "bls": 1, "ladder": 1}),
        (3, {"engine": 7, "bls": 1, "ladder": 1}),
        (9, {"engine": 7, "bls": 1, "ladder": 1}),
    ],
)
def test_each_alarm_adds_to_those_before(alarm: int, sent: dict[str, int]) -> None:
    assert {need.capability: need.count for need in needed_at(FIRE, alarm)} == sent


def test_nothing_is_planned_for_what_has_no_nature() -> None:
    assert needed_at(None, 1) == () and alarms_of(None) == 1


def test_quitos_emergencies_that_outgrow_their_first_response_have_alarms(quito: City) -> None:
    for code in ("structure_fire", "highrise_fire", "wildland_fire", "bus_crash", "landslide", "structural_collapse"):
        nature = quito.nature(code)
        assert alarms_of(nature) == 3
        sent = [sum(need.count for need in needed_at(nature, alarm)) for alarm in (1, 2, 3)]
        assert sent[0] < sent[1] < sent[2]
