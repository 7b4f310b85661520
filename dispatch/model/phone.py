"""Identifies phones: numbers and identities in one written form, so that messages of one phone can be matched.

Numbers become E.164 by the rules of Ecuador (country code 593, trunk prefix 0, mobiles `09` + 8 digits, fixed lines `0`
+ area 2-7 + 7 digits). An IMEI becomes its 14 identifying digits and their check digit (3GPP TS 23.003 section 6),
since networks send a spare 0 or the software version in that place; an IMSI its 14 or 15 digits."""

import re
import unicodedata

from dispatch.model.report import Caller

COUNTRY = "593"
INTERNATIONAL = re.compile(r"[1-9][0-9]{7,14}")
ECUADORIAN = re.compile(r"593(9[0-9]{8}|[2-7][0-9]{7})")
NATIONAL = re.compile(r"0?(9[0-9]{8}|[2-7][0-9]{7})")
LOCAL = re.compile(r"[2-7][0-9]{6}")
SCHEME = re.compile(r"^(?:tel|sips?|sms):", re.IGNORECASE)
# A phone that hides its identity fills the end with zeros. One real phone in 1,000 ends so by chance; it is still
# matched by its number.
FILLED = "000"
# A UUID's 32 digits, or what apps make instead; shorter ones are counters and names of test devices.
SHORTEST_INSTALLATION = 16
# No number is written longer, not even as the address of a SIP request; to put the signs of a longer one into their
# normal form takes the square of its length.
MOST_CHARS = 400


def e164(number: str | None, *, area: str = "2") -> str | None:
    """`+` and digits, or None if it can't be a subscriber's number. `area` is that of 7-digit local numbers."""
    if number is None:
        return None
    plus, digits = _digits(number)
    form = _international(digits) if plus else _domestic(digits, area)
    return None if form is None or _is_placeholder(form) else f"+{form}"


def imei(value: str | None) -> str | None:
    """The 15 digits of an IMEI with its right check digit, or None if it is truncated, zero-filled or not one."""
    digits = _only_digits(value)
    if digits is None or len(digits) not in (14, 15, 16):
        return None
    identity = digits[:14]
    if identity.startswith("00000000") or identity.endswith(FILLED) or len(set(identity)) == 1:
        return None
    return identity + _luhn(identity)


def imsi(value: str | None) -> str | None:
    """The 14 or 15 digits of an IMSI, or None if it is truncated, zero-filled or not one."""
    digits = _only_digits(value)
    if digits is None or len(digits) not in (14, 15):
        return None
    # Country codes of networks begin with 2 to 7, or are 901 (ITU-T E.212).
    if digits[0] in "018" or digits.endswith(FILLED) or len(set(digits)) == 1:
        return None
    return digits


def same_phone(a: Caller, b: Caller) -> bool:
    """Whether both have one number, IMEI, IMSI or app installation. What is missing, hidden, truncated or zero-filled
    is like nothing."""
    return not set(identities(a)).isdisjoint(identities(b))


def identities(caller: Caller) -> list[tuple[str, str]]:
    """By what a phone is known: the name of a column and its value as it is stored."""
    known = {
        "number": e164(caller.number),
        "imei": imei(caller.imei),
        "imsi": imsi(caller.imsi),
        "installation": installation(caller.installation),
    }
    return [(name, value) for name, value in known.items() if value is not None]


def installation(value: str | None) -> str | None:
    """The id of an app installation, or None for one that is too short or too uniform to be of one installation."""
    text = (value or "").strip()
    return text if len(text) >= SHORTEST_INSTALLATION and len(set(text.replace("-", ""))) > 2 else None


def _digits(number: str) -> tuple[bool, str]:
    text = SCHEME.sub("", unicodedata.normalize("NFKC", number[:MOST_CHARS]).strip())
    text = "".join(str(unicodedata.decimal(sign, sign)) for sign in text)
    text = re.split(r"[;@?,]|\s*(?:ext|x|#)", text, maxsplit=1, flags=re.IGNORECASE)[0].replace("(0)", "")
    if not re.fullmatch(r"\+?[0-9\s().\-/]*", text):
        return False, ""
    digits = re.sub(r"[^0-9]", "", text)
    if text.lstrip("( ").startswith("+"):
        return True, digits
    return (True, digits[2:]) if digits.startswith("00") else (False, digits)


def _international(digits: str) -> str | None:
    if not digits.startswith(COUNTRY):
        return digits if INTERNATIONAL.fullmatch(digits) else None
    without_trunk = COUNTRY + digits[len(COUNTRY) :].removeprefix("0")
    return without_trunk if ECUADORIAN.fullmatch(without_trunk) else None


def _domestic(digits: str, area: str) -> str | None:
    if ECUADORIAN.fullmatch(digits):
        return digits
    if match := NATIONAL.fullmatch(digits):
        return COUNTRY + match[1]
    return COUNTRY + area + digits if LOCAL.fullmatch(digits) else None


def _is_placeholder(digits: str) -> bool:
    """0999999999 and the like, which forms and exchanges use for an unknown number."""
    return len(set(digits[-8:])) == 1


def _only_digits(value: str | None) -> str | None:
    bare = re.sub(r"[\s\-/]", "", value or "")
    return bare if re.fullmatch(r"[0-9]+", bare) else None


def _luhn(digits: str) -> str:
    doubled = (int(d) * (2 if i % 2 else 1) for i, d in enumerate(digits))
    return str(-sum(d // 10 + d % 10 for d in doubled) % 10)
