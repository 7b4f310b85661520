"""The JSON door: what it takes, what it refuses of who asks for it, and how precisely it says so."""

import json
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.intake import Unreadable
from dispatch.intake.json_call import CallBody, FixesBody, parse, parse_fixes
from dispatch.model.report import Channel
from geo import CellId, Fix, Point, Source
from tests.dispatch.intake.fuzz import fuzz, mutations, survives

ID = "5f3c1a52-7c0e-4a55-9d3f-0a5b8f6c2e11"
FIX = {"source": "gnss", "lat": -0.22, "lon": -78.51, "radius_m": 12.5, "confidence": 0.68}


def body(**fields: Any) -> bytes:
    return json.dumps({"id": ID, "channel": "app"} | fields).encode()


def problems(raw: bytes) -> dict[str, str]:
    with pytest.raises(Unreadable) as caught:
        parse(raw, strict=True)
    return {p.field: p.problem for p in caught.value.problems}


def test_a_whole_call() -> None:
    report = parse(
        body(
            caller={"number": "099 123 4567", "name": " Ana "},
            nature="fire",
            text="Humo en la quebrada",
            fixes=[FIX | {"at": "2026-11-23T10:00:00-05:00", "altitude_m": 2850}],
        )
    )
    assert str(report.id) == ID
    assert report.channel is Channel.APP
    assert (report.caller.number, report.caller.name) == ("+593991234567", "Ana")
    assert (report.nature, report.text, report.flaws) == ("fire", "Humo en la quebrada", ())
    assert report.fixes == (
        Fix(
            Source.GNSS,
            Point(-0.22, -78.51),
            12.5,
            0.68,
            at=datetime(2026, 11, 23, 15, tzinfo=UTC),
            altitude_m=2850,
        ),
    )


def test_a_call_that_says_nothing_is_still_a_call() -> None:
    assert parse(body()).fixes == ()
    assert parse(body(caller=None, text="  ", nature="")).text is None


def test_the_equator_is_a_position() -> None:
    assert parse(body(fixes=[FIX | {"lat": 0}])).fixes[0].point == Point(0, -78.51)


def test_a_fix_may_be_a_cell_or_a_parish() -> None:
    cell = {"mcc": "740", "mnc": "01", "lac": 20101, "cid": 4511}
    fixes = parse(body(fixes=[{"source": "cell", "cell": cell}, {"source": "address", "parish_code": "170150"}])).fixes
    assert fixes[0].cell == CellId("740", "01", 20101, 4511)
    assert fixes[1].parish_code == "170150"


def test_an_unknown_field_costs_nothing_but_a_flaw() -> None:
    report = parse(body(battery=12, caller={"age": 7}, fixes=[FIX | {"floor": 3}]))
    assert [flaw.split(":")[0] for flaw in report.flaws] == ["'battery'", "caller.'age'", "fixes.0.'floor'"]
    assert len(report.fixes) == 1


def test_a_clock_of_1970_is_not_believed() -> None:
    report = parse(body(fixes=[FIX | {"at": "1970-01-01T00:03:00Z"}]))
    assert report.fixes[0].at is None
    assert report.flaws[0].startswith("fixes.0.at")


def test_a_hidden_number_is_kept_and_flagged() -> None:
    report = parse(body(caller={"number": "anónimo"}))
    assert report.caller.number == "anónimo"
    assert report.flaws[0].startswith("caller.number")


def test_a_place_in_the_words_is_found_where_none_is_measured() -> None:
    words = "Humo, estoy en -0.1807, -78.4678"
    assert parse(body(text=words)).fixes[0].point == Point(-0.1807, -78.4678)
    assert [fix.point for fix in parse(body(text=words, fixes=[FIX])).fixes] == [Point(-0.22, -78.51)]


def test_control_characters_do_not_get_in() -> None:
    assert parse(body(text="a\x00b\r\nc\x1b\x9f")).text == "ab\nc"


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"lat": False}, "fixes.0.lat", "number"),
        ({"lat": "-0.2"}, "fixes.0.lat", "number"),
        ({"lat": 91}, "fixes.0.lat", "90"),
        ({"lon": -180.1}, "fixes.0.lon", "-180"),
        ({"lat": None}, "fixes.0", "together"),
        ({"lon": float("nan")}, "fixes.0.lon", "finite"),
        ({"lon": float("inf")}, "fixes.0.lon", "finite"),
        ({"lat": None, "lon": None}, "fixes.0", "needs"),
        ({"radius_m": 0}, "fixes.0.radius_m", "greater than 0"),
        ({"radius_m": -5}, "fixes.0.radius_m", "greater than 0"),
        ({"confidence": 68}, "fixes.0.confidence", "less than or equal to 1"),
        ({"confidence": 0}, "fixes.0.confidence", "greater than 0"),
        ({"at": 1700000000}, "fixes.0.at", "ISO 8601"),
        ({"at": "1700000000"}, "fixes.0.at", "ISO 8601"),
        ({"at": "2026-11-23"}, "fixes.0.at", "ISO 8601"),
        ({"at": "2026-11-23T10:00:00"}, "fixes.0.at", "timezone"),
        ({"at": "9999-12-31T23:59:59-05:00"}, "fixes.0.at", "end of time"),
        ({"source": "gps"}, "fixes.0.source", "gnss"),
        ({"cell": {"mcc": 740, "mnc": "1", "lac": 1, "cid": 1}}, "fixes.0.cell.mcc", "string"),
    ],
)
def test_a_wrong_fix_is_named(change: dict[str, Any], field: str, words: str) -> None:
    found = problems(body(fixes=[FIX | change]))
    assert words in found[field]


@pytest.mark.parametrize(
    ("raw", "field", "words"),
    [
        (b"", "body", "JSON"),
        (b"{", "body", "JSON"),
        (b"[]", "body", "object"),
        (b"\xff\xfe", "body", "UTF-8 at byte 0"),
        (b"[" * 200_000, "body", "recursion"),
        (b" " * 300_000, "body", "at most"),
        (b"{}", "id", "required"),
        (body(id="1"), "id", "UUID"),
        (body(id=1), "id", "UUID"),
        (body(id="00000000-0000-0000-0000-000000000000"), "id", "made for this call"),
        (body(channel="fax"), "channel", "voice"),
        (body(text="x" * 4001), "text", "4000"),
        (body(text=5), "text", "string"),
        (body(fixes=[FIX] * 21), "fixes", "20"),
        (body(fixes={}), "fixes", "array"),
        (body(caller="0991234567"), "caller", "object"),
    ],
)
def test_a_wrong_body_is_named(raw: bytes, field: str, words: str) -> None:
    assert words in problems(raw)[field]


def test_all_problems_are_told_at_once() -> None:
    assert set(problems(body(id="x", channel="y", fixes=[{"source": "z"}]))) == {"id", "channel", "fixes.0.source"}


def test_later_fixes() -> None:
    found = parse_fixes(json.dumps({"fixes": [FIX]}).encode())
    assert found.fixes == (Fix(Source.GNSS, Point(-0.22, -78.51), 12.5, 0.68),)
    with pytest.raises(Unreadable, match=r"fixes: .*at least 1"):
        parse_fixes(b'{"fixes": []}', strict=True)
    with pytest.raises(Unreadable, match="fixes: is missing or empty"):
        parse_fixes(b'{"fixes": []}')


def test_the_shapes_can_be_published() -> None:
    assert "date-time" in json.dumps(CallBody.model_json_schema())
    assert FixesBody.model_json_schema()["required"] == ["fixes"]


SAMPLES = [
    body(caller={"number": "0991234567", "name": "Ana"}, text="Humo", nature="fire", fixes=[FIX]),
    body(
        fixes=[{"source": "cell", "cell": {"mcc": "740", "mnc": "01", "lac": 1, "cid": 2}, "at": "2026-11-23T10:00Z"}]
    ),
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["lat", "lon", "at", "x"]), inner),
    max_leaves=6,
)


@fuzz
@given(st.one_of(mutations(SAMPLES), st.binary(max_size=200)))
def test_no_body_breaks_it(raw: bytes) -> None:
    survives(parse, raw)
    survives(partial(parse, strict=True), raw)


@fuzz
@given(st.dictionaries(st.sampled_from([*CallBody.model_fields, "extra"]), VALUES))
def test_no_values_break_it(fields: dict[str, Any]) -> None:
    report = parse(body(**fields))
    assert len(report.flaws) <= 41
    survives(parse, body(**fields))


@fuzz
@given(st.dictionaries(st.sampled_from([*FIX, "at", "cell", "parish_code", "altitude_m", "extra"]), VALUES))
def test_no_fix_breaks_it(change: dict[str, Any]) -> None:
    survives(parse, body(fixes=[FIX | change]))
    parse(body(fixes=[FIX | change]))
