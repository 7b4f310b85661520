"""Mutated reports through every door: `scripts/mutate_reports --count 1000000`, seeded by what clients really send.

Each must become a report that can be located and stored, or be told as unreadable, which the service answers with 422
and keeps in quarantine. What is neither, or holds what no database keeps, is a crash, and printed with its seed."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from time import monotonic

from dispatch.city import load_city
from dispatch.desk.calls.take_call import as_said_by
from dispatch.intake import Unreadable, aml_data_sms, aml_https, aml_sms, json_call, pidf_lo, sip_geolocation, text
from dispatch.intake.doubts import doubted
from dispatch.intake.places import area_of
from dispatch.model.report import Report
from dispatch.model.report_key import key_of
from dispatch.model.sender import Sender, SenderKind
from dispatch.model.wire import encode
from geo import locate

ROOT = Path(__file__).parents[1]
CASES = ROOT / "tests" / "data"
NOW = datetime.now(UTC)
MOST_FLAWS_SHOWN = 10
PIECES = (
    b"", b"null", b"true", b"-1", b"0", b"NaN", b"1e999", b"-78.5", b"99999999999999999999", b"[]", b"{}", b'"', b"\\",
    b"\x00", b"\xff", b"\\ud83d", b"\\u0000", "\u202e".encode(), "−".encode(), b"\xef\xbb\xbf", b",", b":", b";", b"<",
    b">", b"&", b"%", b"\r\n", b"1970-01-01T00:00:00Z", b"2050-01-01T00:00:00Z", b"1e-400", b"--", b"[" * 200,
)  # fmt: skip
VALUES: tuple[object, ...] = (
    None, True, False, 0, -1, 1, -0.3, -78.55, 78.55, 999, 1e308, -1e-320, float("nan"), float("inf"), 10**30, 65_535,
    "", "x", "\0", "\ud83d", "\u202e", "0", "-1", "-0,3", "1e999", "gps", "2026-11-27T10:00:00", "27/11/2026 10:00:00",
    "2007-04-11T10:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", 1_795_000_000, 1_795_000_000_000,
    "x" * 5_000, [], {}, [[]], [None], ["a", 1], {"lat": 1}, [-0.3, -78.55],
)  # fmt: skip
PRESENCE = b"""<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:gml="http://www.opengis.net/gml"
 entity="pres:tel:+593991234567"><tuple><status><geopriv><location-info><gml:Circle
 srsName="urn:ogc:def:crs:EPSG::4326"><gml:pos>-0.2 -78.5</gml:pos><gml:radius>30</gml:radius></gml:Circle>
 </location-info><method>GPS</method></geopriv></status><timestamp>2026-11-27T10:00:00Z</timestamp></tuple></presence>"""
SIP = b"INVITE sip:911@x SIP/2.0\r\nFrom: <tel:+593991234567>\r\nContent-Type: application/pidf+xml\r\n\r\n" + PRESENCE
AML = (
    b'A"ML=1;lt=-0.18070;lg=-78.46780;rd=12;top=20261127100000;lc=90;pm=G;si=740001234567890;ei=353472104343540;ml=106'
)
FORM = b"v=3&device_number=%2B593991234567&location_latitude=-0.1807&location_longitude=-78.4678&location_accuracy=12"


class Doors:
    """The reader of each door, with what good and bad clients send to it."""

    def __init__(self) -> None:
        self.city = load_city(ROOT / "data" / "quito")
        self.area = area_of(self.city)
        area = self.area
        calls, words = _calls(), _words()
        self.doors: dict[str, tuple[Callable[[bytes], Report], list[bytes]]] = {
            "calls": (lambda raw: json_call.parse(raw, area, now=NOW), calls),
            "fixes": (lambda raw: json_call.parse_fixes(raw, area, now=NOW), calls),
            "text": (lambda raw: text.parse(raw, "+593991234567", area=area), words),
            "aml/sms": (lambda raw: aml_sms.parse(raw, "+593991234567"), [AML]),
            "aml/data-sms": (aml_data_sms.parse, [AML]),
            "aml/https": (aml_https.parse, [FORM]),
            "pidf-lo": (pidf_lo.parse, [PRESENCE]),
            "sip": (lambda raw: sip_geolocation.parse(raw, None, None, area), [SIP]),
        }

    def take(self, door: str, raw: bytes) -> str:
        """`report` or `unreadable`. Raises whatever a crash is."""
        try:
            report = self.doors[door][0](raw)
        except Unreadable as error:
            if not error.problems:
                raise AssertionError("unreadable for no reason") from error
            return "unreadable"
        if report.fixes_said is None:
            report = doubted(report, self.area, now=NOW)
        sender = Sender("app", SenderKind.INTAKE)
        report = as_said_by(sender, report)
        key_of(report, sender=sender.name)
        location = locate(report.fixes, self.city.parishes, at=NOW)
        stored = encode((report.caller, report.text, report.nature, report.civic, report.fixes, report.flaws, location))
        # What PostgreSQL refuses in text and JSON; halves of surrogate pairs fail already when they are encoded.
        if "\\u0000" in stored and any("\0" in each for each in _texts(json.loads(stored))):
            raise AssertionError("no database keeps it")
        if report.fixes and location.lat is None and any(fix.point for fix in report.fixes):
            raise AssertionError("a position that is lost")
        return "report"


def mutated(random: Random, samples: list[bytes]) -> bytes:
    """A sample with pieces cut out, doubled, overwritten or taken from another."""
    message = random.choice(samples)
    for _ in range(random.randint(1, 5)):
        start = random.randint(0, len(message))
        end = min(len(message), start + random.choice((0, 1, 4, 20)))
        other = random.choice(samples)
        cut = random.randint(0, len(other))
        piece = random.choice(
            (random.choice(PIECES), message[start:end] * 2, other[cut : cut + 30], random.randbytes(3))
        )
        message = message[:start] + piece + message[end:]
    return message


def with_other_values(random: Random, samples: list[bytes]) -> bytes:
    """A JSON sample of which a few values are others, or gone."""
    told = json.loads(random.choice(samples))
    for _ in range(random.randint(1, 4)):
        at = told
        while True:
            names = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not names:
                break
            name = random.choice(names)
            if isinstance(at[name], dict | list) and at[name] and random.random() < 0.8:
                at = at[name]
                continue
            if random.random() < 0.1:
                del at[name]
            else:
                at[name] = deepcopy(random.choice((*VALUES, [at[name]], {"a": at[name]}, str(at[name]))))
            break
    return json.dumps(told).encode()


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def run(count: int, seed: int, *, until: float | None = None) -> tuple[Counter[str], list[str]]:
    """How many of each door became what, and the crashes."""
    doors, outcomes, crashes = Doors(), Counter[str](), []
    names = list(doors.doors)
    for number in range(count):
        if until is not None and monotonic() > until:
            break
        random = Random(f"{seed} {number}")
        door = names[number % len(names)]
        samples = doors.doors[door][1]
        is_values = door in ("calls", "fixes") and random.random() < 0.7
        raw = with_other_values(random, samples) if is_values else mutated(random, samples)
        try:
            outcome = doors.take(door, raw)
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            outcome = "crash"
            crashes.append(f"{door}, {number}: {type(error).__name__}: {error} for {raw[:300]!r}")
        outcomes[f"{door} {outcome}"] += 1
    return outcomes, crashes


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--seconds", type=float, help="stop after so many")
    asked = options.parse_args()
    began = monotonic()
    outcomes, crashes = run(asked.count, asked.seed, until=began + asked.seconds if asked.seconds else None)
    for name, number in sorted(outcomes.items()):
        print(f"{name:28} {number:10,}")
    print(f"{sum(outcomes.values()):,} reports, {len(crashes)} crashes, {monotonic() - began:.0f} s")
    print("\n".join(crashes[:MOST_FLAWS_SHOWN]))
    return 1 if crashes else 0


def _calls() -> list[bytes]:
    told = json.loads((CASES / "reports_as_sent.json").read_text())
    return [
        json.dumps(told["base"] | case.get("change", {})).replace("{now}", NOW.isoformat()).encode()
        for case in told["cases"]
    ]


def _words() -> list[bytes]:
    lines = (CASES / "places_as_written.tsv").read_text().splitlines()[1:]
    return [line.split("\t")[0].encode() for line in lines]


if __name__ == "__main__":
    sys.exit(main())
