"""The fleet as a table: what goes out comes in again as it was, and what is wrong is told by line and column."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.city import load_city
from dispatch.errors import DispatchError, Invalid, Malformed, TooLarge
from dispatch.exchange.csv_table import guarded, unguarded
from dispatch.exchange.fleet_csv import COLUMNS, FleetTable, write_fleet
from dispatch.model import Unit, UnitId, UnitStatus
from dispatch.model.unit_words import crew_fault, id_fault
from dispatch.settings import Settings

QUITO = load_city(Settings().city)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
A1 = Unit(UnitId("A1"), "MSP", "ambulance_als", ("als", "bls"), "msp-conocoto", UnitStatus.ON_SCENE, NOW, version=7)
FLEET = {A1.id: A1}

words = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=12)
tricky = st.sampled_from(
    ["=1+1", "+593", "-A", "@SUM(A1)", "'", "''", "'=x", "''-", '"', 'a"b', "a, b", "a\u00a0b", "Ñandú"]
)
names = (words | tricky).filter(lambda name: crew_fault([name]) is None)
ids = (words | tricky).filter(lambda text: id_fault(text) is None)
times = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
crews = st.lists(names, max_size=4, unique=True).map(tuple)
kinds = st.sampled_from(QUITO.kinds)
# Also what the city doesn't know any more: it stays as it is until somebody changes it.
capabilities = st.lists(st.sampled_from([*sorted(QUITO.capabilities), "levitation"]), max_size=3, unique=True).map(
    tuple
)
stations = st.sampled_from([None, "msp-conocoto", "pn-guamani", "closed-in-2019"])


@st.composite
def a_unit(draw: st.DrawFn) -> Unit:
    kind = draw(kinds)
    return Unit(
        UnitId(draw(ids)),
        kind.agency if draw(st.booleans()) else "DISSOLVED",
        kind.code,
        draw(capabilities | st.just(kind.capabilities)),
        draw(stations),
        draw(st.sampled_from(UnitStatus)),
        NOW - timedelta(seconds=draw(st.integers(0, 10_000))),
        crew=draw(crews),
        shift=draw(st.none() | st.builds("{}-{}".format, times, times)),
        version=draw(st.integers(1, 9)),
    )


fleets = st.lists(a_unit(), min_size=1, max_size=6, unique_by=lambda unit: unit.id)


def read(text: str | bytes, fleet: dict[UnitId, Unit] = FLEET) -> list[Unit]:
    raw = text.encode() if isinstance(text, str) else text
    return FleetTable.read(raw, QUITO).units(fleet, at=NOW)


def problems(text: str | bytes, fleet: dict[UnitId, Unit] = FLEET) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as error:
        read(text, fleet)
    return [(problem.field, problem.problem) for problem in error.value.errors]


def refusal(raw: bytes) -> DispatchError | None:
    try:
        read(raw)
    except DispatchError as error:
        return error
    return None


@settings(max_examples=300, deadline=None)
@given(fleets, st.booleans())
def test_what_went_out_changes_nothing_when_it_comes_in(fleet: list[Unit], excel: bool) -> None:
    assert read(write_fleet(fleet, excel=excel), {unit.id: unit for unit in fleet}) == fleet


@settings(max_examples=200, deadline=None)
@given(
    fleets,
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_whatever_excel_makes_of_separators_line_ends_and_encoding(
    fleet: list[Unit], separator: str, end: str, encoding: str
) -> None:
    out = StringIO(newline="")
    table = csv.writer(out, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL)
    table.writerow(["id", "agency", "kind", "crew", ""])
    for unit in fleet:
        table.writerow([guarded(unit.id), unit.agency, unit.kind, guarded(" | ".join(unit.crew)), "", ""])
    assert read(out.getvalue().encode(encoding), {unit.id: unit for unit in fleet}) == fleet


@given(st.text())
def test_a_guarded_cell_is_no_formula_and_comes_back_as_it_was(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@"))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_units_or_a_clear_refusal(raw: bytes) -> None:
    for head in (b"", b"id,agency,kind,station\r\n", b"sep=;\nid;agency;kind\n"):
        told = refusal(head + raw)
        assert told is None or (told.errors and all(problem.field and problem.problem for problem in told.errors))


def test_columns_that_are_not_there_leave_what_is() -> None:
    assert read("id,shift\nA1,7:00 – 19:00\n") == [
        Unit(
            A1.id,
            "MSP",
            "ambulance_als",
            ("als", "bls"),
            "msp-conocoto",
            A1.status,
            NOW,
            shift="07:00-19:00",
            version=7,
        )
    ]


def test_empty_cells_empty_and_an_empty_list_of_capabilities_is_the_kinds() -> None:
    [unit] = read("id,capabilities,station,crew,shift\nA1,,,,\n")
    assert unit.capabilities == QUITO.kind("ambulance_als").capabilities
    assert (unit.station, unit.crew, unit.shift) == (None, (), None)


def test_a_new_kind_brings_its_own_capabilities_where_the_table_names_none() -> None:
    [unit] = read("id,kind\nA1,ambulance_bls\n")
    assert unit.capabilities == ("bls", "transport")


def test_a_new_unit_is_available_and_what_a_unit_does_is_not_the_tables_to_say() -> None:
    new, old = read("id,agency,kind,status\nA9,MSP,ambulance_bls,off_duty\nA1,MSP,ambulance_als,off_duty")
    assert (new.status, new.since, new.version) == (UnitStatus.AVAILABLE, NOW, 1)
    assert old == A1


def test_a_crew_may_stand_in_lines_of_one_cell() -> None:
    [unit] = read('id;crew\r\nA1;"Ana Paz\r\n\r\n Luis Vera"\r\n;;;\r\n')
    assert unit.crew == ("Ana Paz", "Luis Vera")


def test_excels_own_windows_encoding_is_understood() -> None:
    table = FleetTable.read("id;crew\r\nA1;María Ñato\r\n".encode("cp1252"), QUITO)
    assert table.table.encoding == "windows-1252"
    assert table.units(FLEET, at=NOW)[0].crew == ("María Ñato",)


def test_everything_wrong_is_told_at_once_by_line_and_column() -> None:
    table = """id,agency,kind,capabilities,station,crew,shift
A1,MSP,ambulance_als,als,msp-conocoto,"Ana
Luis",07:00-19:00
A2,MPS,ambulance_bls,,msp-conocoto,,
A2,MSP,engine,,moon,,
,MSP,ambulance_bls,,,,
A4,MSP,ambulance_blss,"bls, flight",msp-conocotto,Ana|Ana,25:00-26:00
A5,MSP
A/6,MSP,ambulance_bls,,,,,,
A7,,,,,,
"A8"x,MSP,ambulance_bls,,,,
A9,"MSP,ambulance_bls
"""
    assert problems(table) == [
        ("line 4, agency", "'MPS' is not in the city's data; did you mean 'MSP'?"),
        ("line 5, kind", "'engine' is a kind of agency CBQ, not of MSP"),
        ("line 5, station", "'moon' is not in the city's data"),
        ("line 5, id", "'A2' is in line 4 too"),
        ("line 6, id", "is required for every unit"),
        ("line 7, kind", "'ambulance_blss' is not in the city's data; did you mean 'ambulance_bls'?"),
        ("line 7, station", "'msp-conocotto' is not in the city's data; did you mean 'msp-conocoto'?"),
        ("line 7, capabilities", "'flight' is not in the city's data"),
        ("line 7, crew", "contains a name twice"),
        ("line 7, shift", "'25:00-26:00' is not a shift such as 07:00-19:00"),
        ("line 8", "has 2 values for 7 columns"),
        ("line 9, id", "'A/6' can't be part of a URL; don't use / \\ ? # %"),
        ("line 10, agency", "is required for every unit"),
        ("line 10, kind", "is required for every unit"),
        ("line 11", "is not CSV: ',' expected after '\"'"),
        ("line 12", "an opening quote here has no closing quote"),
    ]


def test_a_kind_of_another_agency_is_told() -> None:
    assert problems("id,kind\nA1,engine") == [("line 2, kind", "'engine' is a kind of agency CBQ, not of MSP")]


@pytest.mark.parametrize(
    ("raw", "field", "says"),
    [
        (b"", "line 1", "is empty"),
        (b"\r\n \r\n", "line 1", "is empty"),
        (b"PK\x03\x04rest", "line 1", "save it as CSV"),
        (b"id,agency\nA1,\x00", "line 2", "NUL"),
        (b"id,agency\nA1,M\x81\xff", "line 2", "neither UTF-8 nor Windows-1252"),
        (b"\xff\xfeA", "line 1", "neither UTF-8 nor"),
        (b"agency,kind\nMSP,ambulance_bls", "line 1, id", "missing"),
        (b"id,kindd\nA1,x", "line 1, kindd", "unknown column; the columns are id, agency"),
        (b"id,kind,ID\nA1,x,A2", "line 1, id", "twice"),
        (b'id,"kind\nA1', "line 1", "no closing quote"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_whole(raw: bytes, field: str, says: str) -> None:
    with pytest.raises(Malformed) as error:
        FleetTable.read(raw, QUITO)
    [problem] = error.value.errors
    assert problem.field == field and says in problem.problem


def test_a_table_without_units_is_refused() -> None:
    assert problems(",".join(COLUMNS) + "\n") == [("body", "has no row with a unit")]


def test_more_rows_than_a_fleet_can_have_are_refused() -> None:
    with pytest.raises(TooLarge):
        FleetTable.read(b"id\n" + b"".join(b"A%d\n" % n for n in range(20_001)), QUITO)


def test_the_problems_told_are_bounded() -> None:
    assert len(problems("id,kind\n" + "".join(f"A{n},{n}\n" for n in range(2, 3_000)))) == 1_000
