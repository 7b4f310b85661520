"""Where a late status belongs: whatever is said and when, the moments of an assignment stay in their order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.model import Assignment, UnitId, UnitStatus
from dispatch.policy.units.late_status import assignment_at, with_late_status

START = datetime(2026, 11, 27, 10, tzinfo=UTC)
FIELDS = ("en_route_at", "on_scene_at", "transporting_at", "at_hospital_at", "released_at")
S = UnitStatus


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def on(**minutes: float) -> Assignment:
    moments = {f"{name}_at": at(minute) for name, minute in minutes.items()}
    reason = "available" if "released" in minutes else None
    return Assignment(UnitId("A01"), START, "x", release_reason=reason, **moments)


@given(
    minutes=st.lists(st.one_of(st.none(), st.integers(0, 30)), min_size=5, max_size=5),
    status=st.sampled_from(UnitStatus),
    said=st.integers(-5, 40),
    current=st.sampled_from([None, S.DISPATCHED, S.EN_ROUTE, S.ON_SCENE, S.TRANSPORTING, S.AT_HOSPITAL]),
)
def test_the_moments_stay_in_order_and_only_get_earlier(
    minutes: list[int | None], status: UnitStatus, said: int, current: UnitStatus | None
) -> None:
    known = sorted(minute for minute in minutes if minute is not None)
    named = zip(FIELDS, [minute is not None for minute in minutes], strict=True)
    before = on(**{name.removesuffix("_at"): known.pop(0) for name, is_known in named if is_known})
    after = with_late_status(before, status, at(said), current=current)
    if after is None:
        return
    moments = [getattr(after, name) for name in ("assigned_at", *FIELDS) if getattr(after, name) is not None]
    assert moments == sorted(moments)
    [changed] = [name for name in FIELDS if getattr(after, name) != getattr(before, name)]
    assert getattr(before, changed) is None or getattr(after, changed) < getattr(before, changed)
    assert (after.released_at is None) == (before.released_at is None)


@pytest.mark.parametrize(
    ("before", "status", "said", "current", "field"),
    [
        (on(on_scene=5), S.EN_ROUTE, 2, S.ON_SCENE, "en_route_at"),
        (on(en_route=2, on_scene=5), S.ON_SCENE, 4, S.ON_SCENE, "on_scene_at"),
        (on(en_route=1, released=9), S.ON_SCENE, 5, None, "on_scene_at"),
        (on(on_scene=2, released=9), S.RETURNING, 6, None, "released_at"),
        (on(on_scene=5), S.EN_ROUTE, 6, S.ON_SCENE, None),
        (on(en_route=5), S.ON_SCENE, 4, S.EN_ROUTE, None),
        (on(on_scene=5), S.AVAILABLE, 3, S.ON_SCENE, None),
        (on(), S.DISPATCHED, 3, S.DISPATCHED, None),
        (on(on_scene=5, released=9), S.AVAILABLE, 3, None, None),
    ],
)
def test_gaps_are_filled_and_contradictions_are_not(
    before: Assignment, status: UnitStatus, said: float, current: UnitStatus | None, field: str | None
) -> None:
    after = with_late_status(before, status, at(said), current=current)
    assert (after and getattr(after, field or "")) == (at(said) if field else None)


def test_of_two_assignments_the_one_that_ran_then() -> None:
    first, second = on(released=5), Assignment(UnitId("A01"), at(7), "x")
    assert assignment_at([first, second], at(3)) == first
    assert assignment_at([first, second], at(6)) is None
    assert assignment_at([first, second], at(8)) == second
