"""GSM 7-bit packing against published octets, and against itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.intake.gsm7 import CODES, pack, unpack

CHARS = st.text(alphabet=sorted(CODES), max_size=60)


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("hellohello", "E8329BFD4697D9EC37"),
        ("Hello", "C8329BFD06"),
        ("How are you?", "C8F71D14969741F977FD07"),
        ("ABCDE", "41E19058 04"),
    ],
)
def test_published_octets(text: str, octets: str) -> None:
    assert pack(text) == bytes.fromhex(octets)
    assert unpack(bytes.fromhex(octets)) == text


def test_the_table_is_whole() -> None:
    assert len(CODES) == 127 + 10
    assert unpack(pack("@ñÑ¿¡áé".replace("á", "à") + "{€}[~]\\^|\f")) == "@ñÑ¿¡àé{€}[~]\\^|\f"


def test_a_sign_outside_the_table() -> None:
    with pytest.raises(ValueError, match="'á'"):
        pack("más rápido")


def test_padding_is_no_letter() -> None:
    assert len(pack("1234567")) == 7
    assert unpack(pack("1234567")) == "1234567"
    assert unpack(bytes.fromhex("31D98C56B3DD00")) == "1234567"


def test_an_unknown_extension_and_a_lonely_escape() -> None:
    octets = (0x1B | 0x41 << 7 | 0x1B << 14 | 0x1B << 21 | 0x1B << 28).to_bytes(5, "little")
    assert unpack(octets) == "A "


@given(CHARS, st.integers(0, 6))
def test_there_and_back(text: str, fill_bits: int) -> None:
    septets = sum(len(CODES[char]) for char in text)
    assert unpack(pack(text, fill_bits=fill_bits), septets=septets, fill_bits=fill_bits) == text


@given(st.binary(max_size=300), st.integers(0, 6))
def test_any_octets_are_some_text(octets: bytes, fill_bits: int) -> None:
    assert len(unpack(octets, fill_bits=fill_bits)) <= len(octets) * 8 // 7
