import pytest

from geo import Cell, CellId, CellTable, CellTableError, Point

HEADER = "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal"
ROWS = [
    "LTE,740,1,12345,67890,0,-78.4900,-0.1800,1500,12,1,1459743588,1459743588,0",
    "UMTS,740,0,222,333,0,-78.5000,-0.2200,0,2,1,1459743588,1459743588,0",
    "GSM,740,2,222,334,0,-78.5100,-0.2300,40,2,1,1459743588,1459743588,0",
]


@pytest.mark.parametrize("lines", [[HEADER, *ROWS], ROWS, ["\ufeff" + HEADER, *ROWS, ""]])
def test_an_export_is_read_with_or_without_its_header(lines: list[str]) -> None:
    table = CellTable.from_csv(lines)
    assert len(table) == 3
    assert table.find(CellId("740", "01", 12345, 67890)) == Cell(Point(-0.18, -78.49), 1500)
    assert table.find(CellId("740", "00", 222, 333)) == Cell(Point(-0.22, -78.5), 2000), "no range: the usual one"
    assert table.find(CellId("740", "02", 222, 334)) == Cell(Point(-0.23, -78.51), 200), "no cell is that small"


def test_network_codes_are_texts_where_the_table_writes_both() -> None:
    table = CellTable(
        [(CellId("740", "1", 5, 6), Cell(Point(-0.1, -78.4))), (CellId("740", "01", 5, 6), Cell(Point(-0.3, -78.6)))]
    )
    found = table.find(CellId("740", "01", 5, 6))
    assert found is not None and found.point.lat == -0.3
    assert table.find(CellId("740", "001", 5, 6)) is None


def test_a_sector_is_known_where_the_table_tells_it() -> None:
    table = CellTable.from_csv([HEADER + ",azimuth,opening", ROWS[0] + ",240,65", ROWS[1] + ",,"])
    assert table.find(CellId("740", "1", 12345, 67890)) == Cell(Point(-0.18, -78.49), 1500, 240, 65)
    assert table.find(CellId("740", "0", 222, 333)) == Cell(Point(-0.22, -78.5), 2000, None, 120)


def test_an_unknown_cell_of_a_known_area_is_around_the_cells_of_the_area() -> None:
    west, east = Cell(Point(-0.2, -78.52), 500), Cell(Point(-0.2, -78.48), 500)
    table = CellTable([(CellId("740", "01", 9, 1), west), (CellId("740", "01", 9, 2), east)])
    found = table.find(CellId("740", "01", 9, 3))
    assert found is not None
    assert found.point == Point(-0.2, -78.5)
    assert found.range_m == pytest.approx(2226 + 500, abs=1)


@pytest.mark.parametrize(
    "key", [CellId("740", "03", 222, 333), CellId("732", "00", 222, 333), CellId("740", "x", 222, 333)]
)
def test_what_the_table_knows_nothing_of_is_not_found(key: CellId) -> None:
    assert CellTable.from_csv(ROWS).find(key) is None


def test_every_bad_line_is_told() -> None:
    bad = ["LTE,740,x,1,2,0,-78,-91,nan,1,1,1,1,0", "LTE,740"]
    table = CellTable.from_csv([ROWS[0], *bad])
    assert len(table) == 1 and table.problems[:3] == (
        "line 2: net: must be digits, not 'x'",
        "line 2: lat: must be a number from -90 to 90, not '-91'",
        "line 2: range: must be a number from 0 to 200000, not 'nan'",
    )
    assert {problem.split(":")[0] for problem in table.problems[3:]} == {"line 3"}
    with pytest.raises(CellTableError):
        CellTable.from_csv(bad)


@pytest.mark.parametrize(
    "bad",
    ["LTE,740,1,12345,-1,0,-78.49,-0.18,1500", "LTE,740,1,12345,9,0,0,0,1500", f"LTE,740,1,{'9' * 5000},9,0,-78,0,1"],
)
def test_one_bad_row_costs_itself_alone(bad: str) -> None:
    table = CellTable.from_csv([HEADER, *ROWS, bad])
    assert len(table) == 3 and len(table.problems) == 1
    around = table.find(CellId("740", "01", 12345, 1))
    assert around is not None and around.range_m < 3_000


def test_a_row_far_from_its_area_makes_no_circle_around_the_earth() -> None:
    rows = [f"LTE,740,1,7,{n},0,-78.49,-0.1{n},1500" for n in range(1, 4)] + ["LTE,740,1,7,9,0,2.35,48.85,1500"]
    around = CellTable.from_csv(rows).find(CellId("740", "01", 7, 99))
    assert around is not None and around.range_m < 20_000


@pytest.mark.parametrize("area", [0, 65_535, 2_147_483_647])
def test_an_unknown_area_is_no_area(area: int) -> None:
    rows = [f"LTE,740,1,{area},1,0,-78.49,-0.18,1500", f"LTE,740,1,{area},2,0,-79.9,-2.2,1500"]
    table = CellTable.from_csv(rows)
    assert table.find(CellId("740", "01", area, 3)) is None
    assert CellTable.from_csv(ROWS).find(CellId("740", "01", area, 67890)) == Cell(Point(-0.18, -78.49), 1500)


def test_radios_number_their_cells_each_for_itself() -> None:
    table = CellTable.from_csv(["LTE,740,1,5,6,0,-78.49,-0.18,1500", "GSM,740,1,5,6,0,-78.51,-0.18,1500"])
    found = table.find(CellId("740", "01", 5, 6))
    assert len(table) == 2 and found is not None
    assert found.point.lon == pytest.approx(-78.50) and 2_500 < found.range_m < 2_700


def test_a_table_with_other_names_is_known() -> None:
    table = CellTable.from_csv(["Radio,MCC,MNC,LAC,CellID,PSC,Lon,Lat,Range", "LTE,740,1,5,6,,-78.49,-0.18,1500"])
    assert table.find(CellId("740", "01", 5, 6)) == Cell(Point(-0.18, -78.49), 1500)


def test_a_header_without_what_is_needed_is_told() -> None:
    with pytest.raises(CellTableError) as caught:
        CellTable.from_csv(["radio,mcc,net,cell", "LTE,740,1,2"])
    assert caught.value.problems == ("line 1: area: is missing", "line 1: lat: is missing", "line 1: lon: is missing")
