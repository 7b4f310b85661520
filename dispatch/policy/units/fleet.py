"""Whether a unit matches the city's data, and which spelling was probably meant if not."""

from collections.abc import Collection, Iterator
from difflib import get_close_matches

from dispatch.errors import FieldProblem
from dispatch.model import Unit
from dispatch.model.city import City
from dispatch.model.unit_words import crew_fault, id_fault, shift_of

LONGEST_SHOWN = 60


def faults(unit: Unit, city: City, before: Unit | None = None) -> Iterator[FieldProblem]:
    """The problems of a unit, by field. Values that it already had (`before`) are accepted: the city's data may have
    changed since."""
    if before is None and (fault := id_fault(unit.id)):
        yield FieldProblem("id", fault)
    yield from _whose(unit, city, before)
    if unit.station is not None and (before is None or unit.station != before.station):
        yield from _known("station", unit.station, city.stations_by_id)
    had = before.capabilities if before is not None else ()
    for capability in unit.capabilities:
        if capability not in had:
            yield from _known("capabilities", capability, city.capabilities)
    if unit.capabilities != had and len(set(unit.capabilities)) < len(unit.capabilities):
        yield FieldProblem("capabilities", "contains one twice")
    if (before is None or unit.crew != before.crew) and (fault := crew_fault(unit.crew)):
        yield FieldProblem("crew", fault)
    if unit.shift is not None and (before is None or unit.shift != before.shift) and shift_of(unit.shift) != unit.shift:
        yield FieldProblem("shift", f"{unit.shift[:LONGEST_SHOWN]!r} is not a shift such as 07:00-19:00")


def _whose(unit: Unit, city: City, before: Unit | None) -> Iterator[FieldProblem]:
    if before is not None and (unit.agency, unit.kind) == (before.agency, before.kind):
        return
    yield from _known("agency", unit.agency, city.agencies_by_code)
    yield from _known("kind", unit.kind, city.kinds_by_code)
    kind = city.kinds_by_code.get(unit.kind)
    if kind is not None and unit.agency in city.agencies_by_code and kind.agency != unit.agency:
        yield FieldProblem("kind", f"{unit.kind!r} is a kind of agency {kind.agency}, not of {unit.agency}")


def _known(field: str, value: str, known: Collection[str]) -> Iterator[FieldProblem]:
    if value not in known:
        yield FieldProblem(field, f"{value[:LONGEST_SHOWN]!r} is not in the city's data{meant(value, known)}")


def meant(value: str, known: Collection[str]) -> str:
    """`; did you mean 'engine'?`, or an empty string if no known value is similar."""
    by_folded = {code.casefold(): code for code in known}
    near = get_close_matches(value[:LONGEST_SHOWN].casefold(), by_folded, n=1, cutoff=0.6)
    return f"; did you mean {by_folded[near[0]]!r}?" if near else ""
