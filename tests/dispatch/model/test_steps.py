"""What a unit may become: no status that can't be reached or left, and a document that says the same as the code."""

from pathlib import Path

from dispatch.desk.units.status import NOT_YET_THERE
from dispatch.model import ASSIGNABLE, ON_INCIDENT, STEPS, UnitStatus

DOCUMENT = Path(__file__).parents[3] / "docs" / "fleet.md"


def by_the_room(status: UnitStatus) -> dict[UnitStatus, str]:
    """Where the acts of a dispatcher take a unit."""
    if status in ON_INCIDENT:
        freed = UnitStatus.AVAILABLE if status in NOT_YET_THERE else UnitStatus.RETURNING
        taken = {UnitStatus.DISPATCHED: "pre-empted"} if status in NOT_YET_THERE else {}
        return taken | {freed: "released, or incident closed"}
    return {UnitStatus.DISPATCHED: "assigned"} if status in ASSIGNABLE else {}


def reached_from(start: UnitStatus) -> set[UnitStatus]:
    found, ahead = {start}, [start]
    while ahead:
        status = ahead.pop()
        new = (STEPS[status] | by_the_room(status).keys()) - found
        found |= new
        ahead += new
    return found


def table() -> str:
    lines = [
        "| status | on an incident | set by crew or dispatcher: to | by a dispatcher's request: to |",
        "| --- | --- | --- | --- |",
    ]
    for status in UnitStatus:
        steps = ", ".join(f"`{to}`" for to in UnitStatus if to in STEPS[status])
        acts = ", ".join(f"`{to}` ({why})" for to, why in by_the_room(status).items())
        lines.append(f"| `{status}` | {'yes' if status in ON_INCIDENT else ''} | {steps or '–'} | {acts or '–'} |")
    return "\n".join(lines)


def test_every_status_has_its_steps_and_none_leads_to_itself() -> None:
    assert STEPS.keys() == set(UnitStatus)
    assert not any(status in steps for status, steps in STEPS.items())


def test_from_every_status_every_other_can_be_reached() -> None:
    assert all(reached_from(status) == set(UnitStatus) for status in UnitStatus)


def test_a_crew_alone_never_enters_an_incident_and_leaves_one_only_after_it_was_there() -> None:
    into = {(a, b) for a, steps in STEPS.items() for b in steps if a not in ON_INCIDENT and b in ON_INCIDENT}
    away = {a for a, steps in STEPS.items() for b in steps if a in ON_INCIDENT and b not in ON_INCIDENT}
    assert into == set() and away.isdisjoint(NOT_YET_THERE) and away == {UnitStatus.ON_SCENE, UnitStatus.AT_HOSPITAL}


def test_who_may_be_sent_is_on_no_incident() -> None:
    assert ASSIGNABLE.isdisjoint(ON_INCIDENT)


def test_the_document_says_the_same() -> None:
    assert table() in DOCUMENT.read_text("utf-8"), f"docs/fleet.md needs this table:\n{table()}"
