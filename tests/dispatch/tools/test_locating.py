import gc
import io
import tracemalloc
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.tools.answers import ADDED, answer
from dispatch.tools.locating import locate_file
from dispatch.tools.rows import Places, Rows, Wanted, read_rows
from dispatch.tools.unusable import Unusable
from geo import Fix, Parishes, Point, Source, cells_of, locate
from tests.dispatch.tools.points import located, read_answers, scattered, write_points

FORMATS = ("csv", "parquet", "geojson", "geojsonl")
NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize("out", FORMATS)
@pytest.mark.parametrize("given", FORMATS)
def test_every_format_goes_in_and_out(given: str, out: str, tmp_path: Path, quito: Parishes) -> None:
    points = scattered(200)
    result = tmp_path / f"out.{out}"
    tally = locate_file(write_points(tmp_path / f"in.{given}", points), result, quito, Wanted(), chunk=37)
    rows = read_answers(result)
    assert tally.rows == len(rows) == 200 and not tally.unreadable
    for number, (row, (lat, lon)) in enumerate(zip(rows, points, strict=True)):
        parish = quito.find(lat, lon)
        assert int(row["id"]) == number
        assert (row["parish_code"] or None) == (parish and parish.code)
        assert (row["parish_name"] or None) == (parish and parish.name)
        assert float(row["probability"]) == (1 if parish else 0)
        assert row["status"] == ("located" if parish else "outside")
        assert (row["cell_coarse"], row["cell_fine"]) == cells_of(lat, lon)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(-0.8, 0.6),
            st.floats(-79.1, -77.9),
            # A radius of 0 is unknown: a row is then answered as a bare point, a caller by the usual radius.
            st.one_of(st.floats(0.01, 200), st.floats(0.01, 30_000)),
            st.one_of(st.none(), st.floats(0.01, 1)),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_a_radius_is_answered_as_a_callers_location_is(
    quito: Parishes, fixes: list[tuple[float, float, float, float | None]]
) -> None:
    columns = tuple(zip(*fixes, strict=True))
    rows = read_rows(columns, Places(0, 1, 2, 3), {})
    answers = dict(zip(ADDED, answer(rows, quito).columns, strict=True))
    for row, (lat, lon, radius, confidence) in enumerate(fixes):
        location = locate([Fix(Source.UNKNOWN, Point(lat, lon), radius, confidence)], quito, at=NOW)
        best = location.candidates[0] if location.candidates else None
        assert answers["status"][row] == location.status
        assert answers["probability"][row] == pytest.approx(best.probability if best else 0, abs=1e-4)
        if best:
            assert answers["parish_code"][row] == best.code


@pytest.mark.parametrize("kind", FORMATS)
def test_chunks_are_dropped_when_they_are_written(kind: str, tmp_path: Path, quito: Parishes) -> None:
    file = write_points(tmp_path / f"in.{kind}", scattered(3_000))
    alive: list[int] = []
    read: list[tuple[int, int]] = []

    def look(done: int, total: int) -> None:
        read.append((done, total))
        alive.append(sum(type(thing) is Rows for thing in gc.get_objects()))

    locate_file(file, tmp_path / "out.csv", quito, Wanted(), progress=look, chunk=100)
    assert len(alive) == 30 and max(alive) <= 2
    assert read == sorted(read) and read[-1] == (file.stat().st_size, file.stat().st_size)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_memory_does_not_grow_with_the_file(kind: str, tmp_path: Path, quito: Parishes) -> None:
    def peak_bytes(count: int) -> int:
        file = write_points(tmp_path / f"{count}.{kind}", scattered(count))
        tracemalloc.start()
        try:
            locate_file(file, tmp_path / f"{count}.out.{kind}", quito, Wanted(), chunk=500)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak_bytes(100)  # what is made once
    assert peak_bytes(20_000) < peak_bytes(2_000) * 1.2


def test_a_spreadsheets_first_line_says_what_parts_the_columns(tmp_path: Path, quito: Parishes) -> None:
    rows, _ = located("sep=;\nid;lat;lon;radius\n1;-0,2;-78,5;\n", quito, tmp_path, delimiter=";")
    assert [(row["id"], row["status"]) for row in rows] == [("1", "located")]


def test_a_radius_that_is_none_and_a_confidence_per_cent_cost_no_row() -> None:
    rows = read_rows(([-0.2] * 4, [-78.5] * 4, [-1, 0, 10, 10], [0.95, 95, 95, 0]), Places(0, 1, 2, 3), {})
    assert rows.problems == {}
    assert [str(each) for each in rows.radius_m] == ["nan", "nan", "10.0", "10.0"]
    assert [str(each) for each in rows.confidence] == ["0.95", "0.95", "0.95", "nan"]


def test_rows_that_can_not_be_read_come_out_all_the_same(tmp_path: Path, quito: Parishes) -> None:
    text = (
        "id;lat;lon;radius;note\n"
        "1;-0.2;-78.5;;plain\n"
        '2;-0,2;-78,5;100;"a ; and ""b"""\n'
        "3;91;-78.5;;north of the pole\n"
        "4;;-78.5;;\n"
        "5;nan;-78.5;;\n"
        "6;-0.2;-78.5;-3;\n"
        "7;-0.2\n"
        "8;-0.2;-78.5;;one;two\n"
        '9;-0.2;-78.5;;"never ends\n'
        '10;-0.2;-78.5;;"two\nlines"\n'
        "11;-0.2;true;;\n"
        "12;0;0;;\n"
    )
    rows, tally = located(text, quito, tmp_path, delimiter=";")
    assert [row["id"] for row in rows] == [str(number) for number in range(1, 13)]
    assert [row["id"] for row in rows if row["status"] == "located"] == ["1", "2", "6", "10"]
    assert [row["id"] for row in rows if row["status"] == "outside"] == ["12"]
    said = {row["id"]: row["problem"] for row in rows if row["status"] == "unreadable"}
    assert said == {
        "3": "lat: must be a number from -90 to 90, not '91'",
        "4": "lat: is empty",
        "5": "lat: must be a number from -90 to 90, not 'nan'",
        "7": "the line has 2 values for 5 columns",
        "8": "the line has 6 values for 5 columns",
        "9": said["9"],
        "11": "lon: must be a number from -180 to 180, not 'true'",
    }
    assert said["9"].startswith("the line is not CSV")
    assert rows[7]["note"] == "one;two" and rows[8]["note"] == '"never ends' and rows[9]["note"] == "two\nlines"
    assert str(tally) == (
        "12 rows: 4 located, 1 outside, 7 unreadable (first: row 3, lat: must be a number from -90 to 90, not '91')"
    )


@pytest.mark.parametrize(("encoding", "name"), [("utf-8", "Iñaquito"), ("cp1252", "Iñaquito"), ("utf-16", "Iñaquito")])
def test_text_in_the_encodings_of_spreadsheets(encoding: str, name: str, tmp_path: Path, quito: Parishes) -> None:
    file, out = tmp_path / "points.csv", io.StringIO()
    file.write_bytes(f"Nombre\tLatitud\tLongitud\r\n{name}\t-0,18\t-78,48\r\n".encode(encoding))
    locate_file(file, None, quito, Wanted(), stdout=out)
    assert out.getvalue().splitlines()[1].startswith(f"{name}\t-0,18\t-78,48\t170")


def test_columns_of_the_same_name_are_not_written_over(tmp_path: Path, quito: Parishes) -> None:
    rows, _ = located("lat,lon,status\n-0.2,-78.5,mine\n", quito, tmp_path, Wanted())
    assert rows[0]["status"] == "mine" and rows[0]["located_status"] == "located"


def test_parquet_keeps_its_types(tmp_path: Path, quito: Parishes) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    times = pa.array([1_700_000_000_000_000_001, None], pa.timestamp("ns", "UTC"))
    table = pa.table({"lat": pa.array([-0.2, None]), "lon": pa.array([-78.5, -78.5], pa.float32()), "at": times})
    pq.write_table(table, tmp_path / "in.parquet")
    tally = locate_file(tmp_path / "in.parquet", tmp_path / "out.parquet", quito, Wanted())
    result = pq.read_table(tmp_path / "out.parquet")
    assert result.select(table.column_names).equals(table)
    assert result["status"].to_pylist() == ["located", "unreadable"]
    assert result["probability"].to_pylist() == [1.0, None]
    assert tally.unreadable == 1


def test_decimals_are_numbers(tmp_path: Path, quito: Parishes) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"lat": pa.array([Decimal("-0.2")]), "lon": pa.array([Decimal("-78.5")])})
    pq.write_table(table, tmp_path / "in.parquet")
    locate_file(tmp_path / "in.parquet", tmp_path / "out.csv", quito, Wanted())
    assert read_answers(tmp_path / "out.csv")[0]["status"] == "located"


def test_a_damaged_parquet_file_says_how_far_it_went(tmp_path: Path, quito: Parishes) -> None:
    file = write_points(tmp_path / "in.parquet", scattered(10_000))
    content = bytearray(file.read_bytes())
    content[len(content) // 2 : len(content) * 3 // 4] = b"\xff" * (len(content) * 3 // 4 - len(content) // 2)
    file.write_bytes(content)
    with pytest.raises(Unusable, match=r"can't be read past row [\d,]+"):
        locate_file(file, tmp_path / "out.csv", quito, Wanted())
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("out", ["csv", "parquet", "geojson"])
def test_columns_that_share_a_name_or_have_none_are_all_kept(out: str, tmp_path: Path, quito: Parishes) -> None:
    file = tmp_path / "in.csv"
    file.write_text("lat,lon,a,a,\n-0.2,-78.5,1,2,3\n", "utf-8")
    locate_file(file, tmp_path / f"out.{out}", quito, Wanted())
    (row,) = read_answers(tmp_path / f"out.{out}")
    if out == "csv":
        assert (tmp_path / "out.csv").read_text("utf-8").startswith("lat,lon,a,a,,parish_code")
    else:
        assert (row["a"], row["a_2"], row["column_5"]) == ("1", "2", "3")


def test_an_output_that_is_not_whole_is_not_there(tmp_path: Path, quito: Parishes) -> None:
    file = write_points(tmp_path / "in.geojson", scattered(500))
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(Unusable, match="is not valid GeoJSON from character"):
        locate_file(file, tmp_path / "out.csv", quito, Wanted(), chunk=50)
    assert [path.name for path in tmp_path.iterdir()] == ["in.geojson"]


@pytest.mark.parametrize(
    ("name", "content", "out", "said"),
    [
        ("in.csv", "a,b\n1,2\n", None, "no column lat or latitude"),
        ("in.csv", "", None, "its first line must name the columns"),
        ("in.csv", "lat,lon\n1,2\n", "out.xlsx", "the name must end in"),
        ("in.csv", "lat,lon\n1,2\n", "in.csv", "is the input file"),
        ("in.parquet", "lat,lon\n1,2\n", None, "can't be read as Parquet"),
        ("in.geojson", '{"type": "Topology"}', None, "has no features"),
        ("in.geojson", "[1, 2]", None, "expected {, not \\["),
        ("in.geojson", "", None, "expected {, not the end"),
    ],
)
def test_a_file_that_can_not_be_used_says_why(
    name: str, content: str, out: str | None, said: str, tmp_path: Path, quito: Parishes
) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    with pytest.raises(Unusable, match=said):
        locate_file(tmp_path / name, tmp_path / out if out else None, quito, Wanted(), stdout=io.StringIO())


def test_without_pyarrow_the_way_to_it_is_told(
    tmp_path: Path, quito: Parishes, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_points(tmp_path / "in.parquet", scattered(5))
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(Unusable, match=r"pip install 'quito-dispatch\[parquet\]'"):
        locate_file(file, None, quito, Wanted(), stdout=io.StringIO())
