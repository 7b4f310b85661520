"""The fleet as a table: export, import, and all problems by line and column."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from dispatch.errors import FieldProblem, Invalid
from dispatch.exchange.csv_table import MOST_PROBLEMS, Row, Table, guarded, read_table, unguarded
from dispatch.model import Unit, UnitId, UnitStatus
from dispatch.model.city import City
from dispatch.model.unit_words import BETWEEN_MEMBERS, members, shift_of
from dispatch.policy.units.fleet import faults

COLUMNS = ("id", "agency", "kind", "capabilities", "station", "crew", "shift", "status")
MOST_UNITS = 20_000
# For a unit without capabilities: an empty cell means those of its kind.
NO_CAPABILITIES = "none"
_BETWEEN = re.compile(r"[\s,;|]+")


def write_fleet(units: Iterable[Unit], *, excel: bool = False) -> str:
    """RFC 4180, with a line for each unit. `excel`: opens correctly by double click where decimals have commas: `;` as
    separator, and a UTF-8 byte order mark."""
    out = io.StringIO(newline="")
    table = csv.writer(out, delimiter=";" if excel else ",")
    table.writerow(COLUMNS)
    table.writerows([guarded(cell) for cell in _cells(unit)] for unit in units)
    return ("\ufeff" if excel else "") + out.getvalue()


def _cells(unit: Unit) -> tuple[str, ...]:
    return (
        unit.id,
        unit.agency,
        unit.kind,
        " ".join(unit.capabilities) or NO_CAPABILITIES,
        unit.station or "",
        BETWEEN_MEMBERS.join(unit.crew),
        unit.shift or "",
        unit.status,
    )


@dataclass(frozen=True, slots=True)
class FleetTable:
    table: Table
    city: City

    @classmethod
    def read(cls, raw: bytes, city: City) -> Self:
        """Raises Malformed, TooLarge."""
        return cls(read_table(raw, columns=COLUMNS, needed=["id"], most_rows=MOST_UNITS), city)

    def units(self, fleet: Mapping[UnitId, Unit], *, at: datetime) -> list[Unit]:
        """The units of the table: existing ones with their changes, and new ones, available since `at`.

        A missing column leaves values unchanged; values that a unit already has are always valid. The status is not
        imported. Raises Invalid with every problem, up to MOST_PROBLEMS."""
        problems = [(line, FieldProblem(f"line {line}", problem)) for line, problem in self.table.problems]
        lines: dict[UnitId, int] = {}
        units = []
        for row in self.table.rows:
            unit, wrong = self._unit(row, fleet, at)
            if unit.id and (first := lines.setdefault(unit.id, row.line)) != row.line:
                wrong.append(FieldProblem("id", f"{unit.id!r} is in line {first} too"))
            problems += [(row.line, FieldProblem(f"line {row.line}, {each.field}", each.problem)) for each in wrong]
            units.append(unit)
            if len(problems) >= MOST_PROBLEMS:
                break
        if problems:
            raise _refused(problems)
        if not units:
            raise Invalid("the table contains no unit", errors=[FieldProblem("body", "has no row with a unit")])
        return units

    def _unit(self, row: Row, fleet: Mapping[UnitId, Unit], at: datetime) -> tuple[Unit, list[FieldProblem]]:
        cells = {column: unguarded(cell) for column, cell in row.cells.items()}
        unit_id = UnitId(cells["id"])
        before = fleet.get(unit_id)
        base = before or Unit(unit_id, "", "", (), None, UnitStatus.AVAILABLE, at)
        missing = [
            FieldProblem(c, "is required for every unit")
            for c in ("id", "agency", "kind")
            if _is_missing(c, cells, before)
        ]
        unit = replace(
            base,
            agency=cells.get("agency", base.agency),
            kind=cells.get("kind", base.kind),
            station=cells.get("station", base.station or "") or None,
            crew=members(cells["crew"]) if "crew" in cells else base.crew,
            shift=_shift(cells.get("shift", base.shift or "")),
        )
        unit = replace(unit, capabilities=self._capabilities(unit, before, cells))
        told = {problem.field for problem in missing}
        return unit, missing + [fault for fault in faults(unit, self.city, before) if fault.field not in told]

    def _capabilities(self, unit: Unit, before: Unit | None, cells: Mapping[str, str]) -> tuple[str, ...]:
        said = cells.get("capabilities")
        if said is None and before is not None and unit.kind == before.kind:
            return before.capabilities
        if said == NO_CAPABILITIES:
            return ()
        if said:
            return tuple(capability for capability in _BETWEEN.split(said) if capability)
        kind = self.city.kinds_by_code.get(unit.kind)
        return kind.capabilities if kind is not None else ()


def _refused(problems: list[tuple[int, FieldProblem]]) -> Invalid:
    in_order = [problem for _, problem in sorted(problems, key=lambda each: each[0])]
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    more = " or more" if len(problems) >= MOST_PROBLEMS else ""
    return Invalid(f"nothing was changed: the table has {count}{more}; see errors", errors=in_order[:MOST_PROBLEMS])


def _is_missing(column: str, cells: Mapping[str, str], before: Unit | None) -> bool:
    return not cells.get(column, "" if before is None else column)


def _shift(cell: str) -> str | None:
    return (shift_of(cell) or cell) or None
