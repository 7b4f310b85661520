"""AML in a data SMS: the text of `aml_sms` in GSM 7-bit packing, as octets or as their hexadecimal or base 64 text."""

import re
from base64 import b64decode
from binascii import Error, unhexlify
from collections.abc import Iterator
from contextlib import suppress

from dispatch.intake import gsm7
from dispatch.intake.aml_sms import parse_text
from dispatch.intake.unreadable import unreadable
from dispatch.model.report import Report

MOST_OCTETS = 1_024
MARK = re.compile(r"A.{0,2}ML=|l[to]=", re.IGNORECASE)


def parse(body: bytes, sender: str | None = None) -> Report:
    """The user data of one message, with or without its header (3GPP TS 23.040, 9.2.3.24). Raises Unreadable."""
    if len(body) > 2 * MOST_OCTETS:
        raise unreadable("body", f"has {len(body)} bytes, more than a data SMS can")
    for octets in _octets(body):
        for text in _texts(octets):
            if MARK.search(text):
                return parse_text(text, sender)
    raise unreadable("body", "is no AML message in GSM 7-bit packing, nor in 8-bit text")


def _octets(body: bytes) -> Iterator[bytes]:
    written = b"".join(body.split())
    if re.fullmatch(rb"(?:[0-9A-Fa-f]{2})+", written):
        yield unhexlify(written)
    if re.fullmatch(rb"[A-Za-z0-9+/]+={0,2}", written):
        with suppress(Error):
            yield b64decode(written, validate=True)
    yield body


def _texts(octets: bytes) -> Iterator[str]:
    yield gsm7.unpack(octets)
    header_size = octets[0] + 1 if octets else 0
    if 1 < header_size < len(octets):
        # Septets begin at a multiple of seven bits from the start of the user data, header included.
        yield gsm7.unpack(octets[header_size:], fill_bits=-header_size * 8 % 7)
        yield octets[header_size:].decode("latin-1")
    yield octets.decode("latin-1")
