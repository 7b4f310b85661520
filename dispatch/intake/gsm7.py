"""The GSM 7-bit default alphabet with its extension table, and its packing (3GPP TS 23.038, 6.1.2 and 6.2)."""

ESCAPE = 0x1B
# In the order of the table, 16 to a line; the escape holds its own place.
ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
CODES = {char: (code,) for code, char in enumerate(ALPHABET) if code != ESCAPE} | {
    char: (ESCAPE, code) for code, char in EXTENSION.items()
}


def pack(text: str, *, fill_bits: int = 0) -> bytes:
    """Octets, after the `fill_bits` that follow a header. Raises ValueError for a character outside the tables."""
    unknown = {char for char in text if char not in CODES}
    if unknown:
        raise ValueError(f"not in the GSM alphabet: {''.join(sorted(unknown))!r}")
    bits, size = 0, fill_bits
    for septet in (code for char in text for code in CODES[char]):
        bits |= septet << size
        size += 7
    # Seven bits left over would read as one more `@`; the standard puts a carriage return there.
    if size % 8 == 1:
        bits |= 0x0D << size
    return bits.to_bytes((size + 7) // 8, "little")


def unpack(octets: bytes, *, septets: int | None = None, fill_bits: int = 0) -> str:
    """`septets` of them after `fill_bits`; without a count all, less a padding `@` or carriage return at the end."""
    bits = int.from_bytes(octets, "little") >> fill_bits
    room = (len(octets) * 8 - fill_bits) // 7
    count = room if septets is None else min(septets, room)
    text = _text([bits >> (7 * i) & 0x7F for i in range(count)])
    is_full = (len(octets) * 8 - fill_bits) % 7 == 0
    return text[:-1] if septets is None and is_full and text[-1:] in ("@", "\r") else text


def _text(codes: list[int]) -> str:
    chars: list[str] = []
    escaped = False
    for code in codes:
        if escaped:
            # A sign of a table this alphabet doesn't have is shown as that of the default table.
            chars.append(EXTENSION.get(code, " " if code == ESCAPE else ALPHABET[code]))
            escaped = False
        elif code == ESCAPE:
            escaped = True
        else:
            chars.append(ALPHABET[code])
    return "".join(chars)
