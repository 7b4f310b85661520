"""MIME as SIP carries it (RFC 5621): header fields, and a body in parts, to a small depth."""

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from quopri import decodestring

# A line with its end: a header field, the rest of one, or neither.
HEADER_LINE = re.compile(
    rb"(?:(?P<field>[A-Za-z0-9!#$%&'*+.^_`|~-]{1,80}[ \t]*:)|(?P<folded>[ \t]+[^\s]))?[^\n]*(?:\n|\Z)"
)
MOST_DEPTH = 3
MOST_PARTS = 40
MOST_HEADER_LINES = 200
# SIP's one-letter names (RFC 3261, 7.3.3).
COMPACT = {"c": "content-type", "f": "from", "i": "call-id", "l": "content-length", "e": "content-encoding", "t": "to"}


@dataclass(frozen=True, slots=True)
class Part:
    """`headers` by name in lower case, every value of one name joined by commas."""

    headers: dict[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "text/plain").split(";")[0].strip().lower()

    @property
    def content_id(self) -> str:
        return self.headers.get("content-id", "").strip().strip("<>")


def split_message(message: bytes) -> Part:
    """Header fields, a blank line, a body."""
    head, body = _halves(message)
    return Part(_headers(head), body)


def leaves(part: Part, depth: int = 0) -> Iterator[Part]:
    """The parts which aren't made of parts, in order, decoded from their transfer encoding."""
    boundary = _boundary(part.headers.get("content-type", ""))
    if part.content_type.startswith("multipart/") and boundary and depth < MOST_DEPTH:
        for piece in _pieces(part.body, boundary):
            yield from leaves(split_message(piece), depth + 1)
    else:
        yield Part(part.headers, _decoded(part))


def _halves(message: bytes) -> tuple[bytes, bytes]:
    """Header fields end at a blank line, or where that was forgotten, at the first line that can be none of them."""
    end = 0
    for line in HEADER_LINE.finditer(message):
        if not line[0].strip():
            return message[:end], message[line.end() :]
        if not (line["field"] or (line["folded"] and end)):
            return message[:end], message[line.start() :]
        end = line.end()
    return message, b""


def _headers(head: bytes) -> dict[str, str]:
    unfolded = re.sub(r"\r?\n[ \t]+", " ", head.decode("utf-8", "replace"))
    headers: dict[str, str] = {}
    for line in unfolded.splitlines()[:MOST_HEADER_LINES]:
        name, colon, value = line.partition(":")
        key = name.strip().lower()
        key = COMPACT.get(key, key)
        if colon and key:
            headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
    return headers


def _boundary(content_type: str) -> bytes | None:
    match = re.search(r'boundary\s*=\s*(?:"([^"]{1,70})"|([^\s;,"]{1,70}))', content_type, re.IGNORECASE)
    return (match[1] or match[2]).encode("utf-8", "replace") if match else None


def _pieces(body: bytes, boundary: bytes) -> list[bytes]:
    """What stands between the delimiter lines; before the first and after the closing one is nobody's."""
    delimiter = re.compile(rb"(?:^|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|$)")
    marks = list(islice(delimiter.finditer(body), MOST_PARTS + 1))
    ends = [mark.start() for mark in marks[1:]] + [len(body)]
    return [
        re.sub(rb"^\r?\n", b"", body[mark.end() : end], count=1)
        for mark, end in zip(marks, ends, strict=False)
        if not mark[1]
    ]


def _decoded(part: Part) -> bytes:
    encoding = part.headers.get("content-transfer-encoding", "").strip().lower()
    if encoding == "quoted-printable":
        return decodestring(part.body)
    if encoding == "base64":
        try:
            return b64decode(part.body)
        except (Error, ValueError):
            return part.body
    return part.body
