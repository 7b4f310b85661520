"""The worst that each door can be sent, at its own maximum size, and a clock of processor time for a whole process."""

import math
import os
from pathlib import Path
from random import Random

CALL_BYTES = 256_000
BODY_BYTES = 2_000_000
TABLE_BYTES = 8_000_000

_random = Random(11)
_CRS = b'srsName="urn:ogc:def:crs:EPSG::4326"'
_METRES = b'uom="urn:ogc:def:uom:EPSG::9001"'
_PRESENCE = (
    b'<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:gml="http://www.opengis.net/gml" '
    b'entity="pres:tel:+593991234567"><tuple><status><geopriv><location-info>'
)
_END = b"</location-info></geopriv></status><timestamp>2026-11-27T10:00:00Z</timestamp></tuple></presence>"
_RING = b"<gml:Polygon " + _CRS + b"><gml:exterior><gml:LinearRing><gml:posList>"
_RING_END = b"</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
_CIRCLE = (
    b"<gml:Circle " + _CRS + b"><gml:pos>-0.2 -78.5</gml:pos><gml:radius " + _METRES + b">10</gml:radius></gml:Circle>"
)
_CALL = b'{"id":"3a0a1c9e-66a1-4b53-8f4a-7f6f1f0b9d11","channel":"app"'
_FIX = b'{"source":"gnss","lat":-0.2,"lon":-78.5}'
# Marks of different classes in the wrong order: to sort them takes the square of their number.
_MARKS = b"a" + "\u0301".encode() * 30_000 + "\u0316".encode() * 30_000


def processor_s(pid: int) -> float:
    """Processor time that a process has used until now, in seconds: user and system, all threads."""
    # The name in brackets may hold blanks; utime and stime are fields 14 and 15 of proc(5).
    told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def filled(unit: bytes, size: int = CALL_BYTES, before: bytes = b"", after: bytes = b"") -> bytes:
    return before + unit * ((size - len(before) - len(after)) // len(unit)) + after


def scribble(count: int) -> bytes:
    """A ring that crosses itself everywhere."""
    places = ((-0.2 + _random.uniform(-0.3, 0.3), -78.5 + _random.uniform(-0.3, 0.3)) for _ in range(count))
    return b" ".join(b"%.6f %.6f" % place for place in places)


def ring(count: int, inner: float = 1.0) -> bytes:
    """A circle, or a star whose every other corner lies at the part `inner` of its radius."""
    out = (0.3 * (inner if number % 2 else 1.0) for number in range(count))
    turn = (2 * math.pi * number / count for number in range(count))
    return b" ".join(
        b"%.6f %.6f" % (-0.2 + r * math.sin(a), -78.5 + r * math.cos(a)) for r, a in zip(out, turn, strict=True)
    )


SHAPES = {
    "a ring of 200 that crosses itself": _RING + scribble(200) + _RING_END,
    "a ring of 500 that crosses itself": _RING + scribble(500) + _RING_END,
    "a ring of 11,000 that crosses itself": _RING + scribble(11_000) + _RING_END,
    "a star of 50 corners": _RING + ring(50, 0.1) + _RING_END,
    "a star of 500 corners": _RING + ring(500, 0.1) + _RING_END,
    "a circle of 11,000 corners": _RING + ring(11_000) + _RING_END,
    "the shortest corners": filled(b"1 2 3 4 ", CALL_BYTES - 1_000, _RING, _RING_END),
    "one long number": filled(b"1", CALL_BYTES - 1_000, _RING, _RING_END),
    "lines": filled(b"\n", CALL_BYTES - 1_000, b"<a>", b"</a>"),
    "references": filled(b"&#65;", CALL_BYTES - 1_000, b"<a>", b"</a>"),
    "elements": filled(b"<a/>", 18_000),
    "attributes": b"<a " + b" ".join(b'a%d=""' % n for n in range(25_000)) + b"/>",
    "units": _CIRCLE.replace(b"EPSG::9001", b"EPSG:" * 45_000),
    "reference systems": _CIRCLE.replace(b"EPSG::4326", b"EPSG:" + b":" * 240_000),
}

DOCUMENTS = {name: _PRESENCE + shape + _END for name, shape in SHAPES.items()} | {
    "many scribbles": _PRESENCE + (_RING + scribble(200) + _RING_END) * 50 + _END,
    "many circles of corners": _PRESENCE + (_RING + ring(490) + _RING_END) * 20 + _END,
    "many circles": _PRESENCE + _CIRCLE * 1_400 + _END,
    "places within places": _PRESENCE
    + b"<location-info><gml:Polygon>" * 8
    + b"<gml:exterior><gml:LinearRing><gml:posList>"
    + b"1 2 3 4 " * 25_000
    + b"</gml:posList></gml:LinearRing></gml:exterior>"
    + b"</gml:Polygon></location-info>" * 8
    + _END,
    "marks for a number": (_PRESENCE + _END).replace(b"+593991234567", _MARKS),
}

QUERIES = {
    name: b'<findService xmlns="urn:ietf:params:xml:ns:lost1" xmlns:gml="http://www.opengis.net/gml">'
    b'<location id="a" profile="geodetic-2d">' + shape + b"</location><service>urn:service:sos</service></findService>"
    for name, shape in SHAPES.items()
}


def _sip(head: bytes, body: bytes = b"") -> bytes:
    return (b"INVITE sip:911@x SIP/2.0\r\n" + head + b"\r\n\r\n" + body)[:CALL_BYTES]


_PARTS = b"Content-Type: multipart/mixed; boundary=b"
SIP = {
    name: _sip(b"Content-Type: application/pidf+xml", document)
    for name, document in DOCUMENTS.items()
    if len(document) < CALL_BYTES - 100
} | {
    "header lines": _sip(b"a: b\r\n" * 42_000),
    "one header": _sip(b"\r\n".join([b"f: " + b"x" * 1_200] * 200)),
    "folds": _sip(b"f: a" + b"\r\n " * 80_000),
    "addresses": _sip(b"From: " + b"<a:>" * 62_000),
    "open brackets": _sip(b"From: " + b"<a:" * 80_000),
    "marks for a number": _sip(b"From: " + _MARKS),
    "marks in an address": _sip(b"From: <sip:" + _MARKS + b">"),
    "blanks for a boundary": _sip(b"Content-Type: multipart/mixed; boundary" + b" " * 250_000),
    "parts": _sip(_PARTS, b"\r\n--b" * 42_000),
    "parts of blanks": _sip(_PARTS, (b"\r\n--b" + b" " * 1_000 + b"x") * 240),
    "parts of parts": _sip(
        _PARTS, (b"\r\n--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n" + b"\r\n--c\r\n\r\n" * 30) * 700
    ),
}

TEXTS = {
    "NUL": filled(b"\0"),
    "blanks": filled(b" "),
    "digits": filled(b"1"),
    "schemes": filled(b"geo:"),
    "places": b"".join(b"geo:1,%d " % (n % 180) for n in range(500)),
    "parameters": filled(b";a=;", before=b"geo:1,1"),
    "a query": filled(b"1.1111,1.1111,", before=b"geo:0,0?q="),
    "links": filled(b"https://a.ec/@1,1/ "),
    "views": filled(b"/@aaa", before=b"https://a.ec"),
    "names of hosts": filled(b"aaaaaaaaaaaaaaaaaaaa."),
    "hyphens": filled(b"a-"),
    "degrees": filled("1° 1' 1\" ".encode()),
    "pairs": filled(b"1.1111,1.1112 "),
    "prices": filled(b"1y "),
    "far apart": filled(b"1.1111" + b" " * 50),
    "labels": filled(b"latitude:  "),
    "AML headers": filled(b'A"ML='),
    "AML fields": filled(b"lt=1;", before=b'A"ML=1;'),
    "AML blanks": filled(b" ", before=b'A"ML='),
    "marks": _MARKS,
    "no UTF-8": filled(b"\xff"),
}

FORMS = {
    "escapes": filled(b"%41", 65_000, b"device_number="),
    "fields": filled(b"a&", 65_000),
    "marks": (b"device_number=" + _MARKS[:30_000] + _MARKS[60_000:90_000]),
    "digits": filled(b"1", 65_000, b"device_imei="),
    "percent signs": filled(b"%", 65_000, b"a="),
    "behind a signature": filled(b"a&", before=b"&hmac="),
    "escaped signature": filled(b"%41", before=b"&hmac="),
}

FIXES = {
    "no objects": b'{"fixes":[' + b",".join([b"0"] * 120_000) + b"]}",
    "empty objects": b'{"fixes":[' + b",".join([b"{}"] * 80_000) + b"]}",
    "good ones": b'{"fixes":[' + b",".join([_FIX] * 6_000) + b"]}",
    "no end": b'{"fixes":[' + b",".join([b"0"] * 120_000),
    "digits": b'{"fixes":[{"source":"gnss","lon":1,"lat":0.' + b"1" * 250_000 + b"}]}",
    "a time": b'{"fixes":[{"source":"gnss","lon":1,"lat":1,"at":"2026-11-27T' + b"1" * 250_000 + b'"}]}',
    "unknown fields": b'{"fixes":[' + _FIX[:-1] + b"," + b",".join(b'"%d":1' % n for n in range(25_000)) + b"}]}",
}

CALLS = {name: _CALL + b"," + fixes[1:] for name, fixes in FIXES.items()} | {
    "unknown names": _CALL + b"," + b",".join(b'"%d":1' % n for n in range(25_000)) + b"}",
    "lists in lists": _CALL + b',"a":[' + b",".join([b"[" * 180 + b"]" * 180] * 650) + b"]}",
    "deep": _CALL + b',"a":' + b"[" * 120_000 + b"]" * 120_000 + b"}",
    "a long whole number": _CALL + b',"a":' + b"1" * 250_000 + b"}",
    "escapes": _CALL + b',"text":"' + rb"\u0041" * 40_000 + b'"}',
    "places in words": _CALL + b',"text":"' + b"geo:1,1 " * 499 + b'"}',
    "marks": _CALL + b',"caller":{"number":"' + _MARKS + b'"}}',
}

OSMAND = {
    "escapes": filled(b"%41", BODY_BYTES, b"id="),
    "fields": filled(b"a&", BODY_BYTES),
    "a list": filled(b"1,", BODY_BYTES, b'{"a":[', b"1]}"),
    "keys": b"{" + b",".join(b'"%d":1' % n for n in range(150_000)) + b"}",
    "digits": b'{"a":1.' + b"1" * 1_900_000 + b"}",
    "a time": b"lat=1&lon=1&timestamp=" + b"1" * 1_900_000,
}

OWNTRACKS = {
    "a whole number": b'{"_type":"location","tst":' + b"1" * 1_900_000 + b"}",
    "digits": b'{"_type":"location","lat":0.' + b"1" * 1_900_000 + b"}",
    "keys": b'{"_type":"location",' + b",".join(b'"%d":1' % n for n in range(150_000)) + b"}",
    "a list": filled(b"1,", BODY_BYTES, b'{"_type":"location","a":[', b"1]}"),
    "blanks": filled(b" ", BODY_BYTES),
}

POSITIONS = {
    "no objects": filled(b"0,", BODY_BYTES, b'{"positions":[', b"0]}"),
    "bad ones": b'{"positions":[' + b",".join([b'{"unit_id":1}'] * 20_000) + b"]}",
    "keys": b"{" + b",".join(b'"%d":1' % n for n in range(150_000)) + b"}",
}

TABLES = {
    "columns": filled(b"a,", TABLE_BYTES),
    "commas": filled(b",", TABLE_BYTES, b"id,agency\n"),
    "empty lines": filled(b"\n", TABLE_BYTES, b"id\n"),
    "returns": filled(b"\r", TABLE_BYTES, b"id\n"),
    "empty quotes": filled(b'""\n', TABLE_BYTES, b"id\n"),
    "quotes": filled(b'"', TABLE_BYTES, b"id\n"),
    "bad rows": filled(b"a\n", TABLE_BYTES, b"id,agency\n"),
    "UTF-16": b"\xff\xfe" + filled(b"a,", TABLE_BYTES // 2).decode().encode("utf-16-le"),
}
