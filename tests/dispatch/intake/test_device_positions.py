"""What the Traccar Client and OwnTracks send, old and new, and what is none of it."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from math import isfinite
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.intake import Unreadable, osmand, owntracks
from dispatch.intake.device_position import DevicePosition
from tests.dispatch.intake.fuzz import fuzz, mutations

AT = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
EPOCH_S = int(AT.timestamp())
TRACCAR_8 = (
    f"id=k&timestamp={EPOCH_S}&lat=-0.2201&lon=-78.5123&speed=19.438&bearing=90.0&altitude=2850&accuracy=12.5&batt=57"
)
TRACCAR_9: dict[str, Any] = {
    "location": {
        "timestamp": "2026-11-23T12:00:00.000Z",
        "coords": {
            "latitude": -0.2201,
            "longitude": -78.5123,
            "accuracy": 12.5,
            "speed": 10,
            "heading": 90,
            "altitude": 2850,
        },
        "is_moving": True,
        "odometer": 1200.5,
        "event": "motionchange",
        "battery": {"level": 0.57, "is_charging": False},
        "activity": {"type": "in_vehicle"},
        "extras": {},
    },
    "device_id": "k",
}
OWNTRACKS: dict[str, Any] = {
    "_type": "location", "tid": "A1", "lat": -0.2201, "lon": -78.5123, "acc": 12.5, "tst": EPOCH_S, "vel": 36,
    "cog": 90, "batt": 57, "conn": "m", "t": "p", "alt": 2850,
}  # fmt: skip


def osmand_json(**coords: Any) -> bytes:
    location = TRACCAR_9["location"]
    return json.dumps(TRACCAR_9 | {"location": location | {"coords": location["coords"] | coords}}).encode()


def heard(**more: Any) -> bytes:
    return json.dumps(OWNTRACKS | more).encode()


@pytest.mark.parametrize(
    "told",
    [
        osmand.parse(TRACCAR_8, b""),
        osmand.parse("", TRACCAR_8.encode()),
        osmand.parse("", osmand_json()),
        owntracks.parse(heard()),
    ],
    ids=["address", "form", "json", "owntracks"],
)
def test_the_same_place_in_every_protocol(told: DevicePosition) -> None:
    assert (told.lat, told.lon, told.at, told.heading_deg, told.accuracy_m) == (-0.2201, -78.5123, AT, 90, 12.5)
    # 19.438 knots, 10 m/s and 36 km/h are one speed.
    assert told.speed_mps == pytest.approx(10, abs=1e-3) and told.valid


def test_the_equator_is_written_with_an_exponent() -> None:
    told = osmand.parse("id=k&lat=-5.0E-4&lon=-78.45&accuracy=1.0E1", b"")
    assert (told.lat, told.accuracy_m, told.at) == (-0.0005, 10.0, None)


@pytest.mark.parametrize(
    "text",
    [
        str(EPOCH_S),
        f"{EPOCH_S}000",
        f"{EPOCH_S}.0",
        "2026-11-23T12:00:00Z",
        "2026-11-23T07:00:00.000-05:00",
        "2026-11-23 12:00:00",
    ],
)
def test_a_moment_in_every_way_it_is_written(text: str) -> None:
    assert osmand.parse(f"lat=-0.2&lon=-78.5&timestamp={text.replace('+', '%2B')}", b"").at == AT


def test_a_clock_that_was_never_set_is_a_clock() -> None:
    told = osmand.parse("lat=-0.2&lon=-78.5&timestamp=12", b"")
    assert told.at is not None and told.at.year == 1970


def test_what_a_phone_doesnt_know_is_left_out() -> None:
    told = osmand.parse("", osmand_json(speed=-1, heading=-1, accuracy=0))
    assert (told.speed_mps, told.heading_deg, told.accuracy_m, told.valid) == (None, None, None, True)
    assert osmand.parse("lat=-0.2&lon=-78.5&hdop=2", b"").accuracy_m == 10
    assert osmand.parse("location=-0.2,-78.5", b"").lat == -0.2


@pytest.mark.parametrize("text", ["valid=false", "valid=0", "accuracy=-1"])
def test_what_the_device_doesnt_vouch_for(text: str) -> None:
    assert not osmand.parse(f"lat=-0.2&lon=-78.5&{text}", b"").valid


@pytest.mark.parametrize(
    ("query", "body", "field"),
    [
        ("id=k", b"", "lat"),
        ("lat=-0.2", b"", "lon"),
        ("lat=NaN&lon=-78.5", b"", "lat"),
        ("lat=1e999&lon=-78.5", b"", "lat"),
        ("lat=-91&lon=-78.5", b"", "lat"),
        ("lat=-0.2&lon=-78.5&timestamp=yesterday", b"", "timestamp"),
        ("lat=-0.2&lon=-78.5&timestamp=-5", b"", "timestamp"),
        ("&".join(f"f{i}=1" for i in range(200)), b"", "body"),
        ("", b"{", "body"),
        ("", b"{" + b'"a":{' * 50_000, "body"),
        ("", b'{"location": 5}', "location.coords"),
        ("", osmand_json(latitude=True), "location.coords.latitude"),
        ("", osmand_json(latitude="-0.2"), "location.coords.latitude"),
        ("", osmand_json(longitude=-181), "lon"),
    ],
)
def test_what_is_no_position_is_told_by_field(query: str, body: bytes, field: str) -> None:
    with pytest.raises(Unreadable) as refused:
        osmand.parse(query, body)
    assert refused.value.problems[0].field == field


@pytest.mark.parametrize(
    ("query", "body", "id"),
    [
        ("id=a", b"", "a"),
        ("deviceid=a", b"", "a"),
        ("", b"id=a&lat=x", "a"),
        ("", b'{"device_id":"a"}', "a"),
        ("id=a", b"{", "a"),
        ("", b'{"device_id":48241179}', "48241179"),
        ("", b'{"device_id":"\\ud800"}', "?"),
        ("", b'{"device_id":{}}', None),
        ("", b"[", None),
    ],
)
def test_whose_it_is(query: str, body: bytes, id: str | None) -> None:
    assert osmand.device_id(query, body) == id


@pytest.mark.parametrize("kind", ["transition", "waypoint", "lwt", "status", "steps", "card", "beacon", ""])
def test_owntracks_tells_other_things_too(kind: str) -> None:
    assert owntracks.parse(json.dumps({"_type": kind, "tst": 1}).encode()) is None


def test_an_empty_message_is_a_deleted_friend() -> None:
    assert owntracks.parse(b"") is None and owntracks.parse(b" \n") is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"[]", "body"),
        (b"{", "body"),
        (b"\xff", "body"),
        (heard(_type="encrypted", data="x"), "_type"),
        (heard(lat=True), "lat"),
        (heard(lon=-200), "lon"),
    ],
)
def test_owntracks_is_told_what_is_wrong(body: bytes, field: str) -> None:
    with pytest.raises(Unreadable) as refused:
        owntracks.parse(body)
    assert refused.value.problems[0].field == field


def sound(told: DevicePosition | None) -> None:
    if told is None:
        return
    assert -90 <= told.lat <= 90 and -180 <= told.lon <= 180
    assert told.at is None or told.at.utcoffset() is not None
    assert all(isfinite(v) for v in (told.heading_deg, told.speed_mps, told.accuracy_m) if v is not None)


@fuzz
@given(mutations([TRACCAR_8.encode(), osmand_json(), b"lat=-5.0E-4&lon=-78&hdop=1&valid=1"]), st.booleans())
def test_any_bytes_are_read_or_refused_as_osmand(body: bytes, in_address: bool) -> None:
    query, rest = (body.decode("latin-1"), b"") if in_address else ("", body)
    osmand.device_id(query, rest)
    with suppress(Unreadable):
        sound(osmand.parse(query, rest))


@fuzz
@given(mutations([heard(), heard(_type="waypoint"), heard(vel=-1, cog=1e9)]))
def test_any_bytes_are_read_or_refused_as_owntracks(body: bytes) -> None:
    with suppress(Unreadable):
        sound(owntracks.parse(body))


@pytest.mark.parametrize(
    "body",
    [heard(lat="-0.2201"), heard(tst=1e300), heard(tst=f"{EPOCH_S}"), heard(acc="12.5"), heard(tst=EPOCH_S * 1_000)],
)
def test_owntracks_that_breaks_its_format_is_a_position_that_nobody_vouches_for(body: bytes) -> None:
    told = owntracks.parse(b"\xef\xbb\xbf" + body)
    assert told is not None and (told.lat, told.lon) == (-0.2201, -78.5123)
    assert told.at in (AT, None) and not told.valid
