"""Values of a JSON document that nobody has checked: each is read as what it can be, and what was wrong is told."""

import json
import re
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

from dispatch.intake.reading import EARLIEST, LATEST, epoch
from dispatch.intake.text_rules import NOISE, without_halves
from dispatch.intake.unreadable import printable
from dispatch.number import decimal, plain

MOST_FLAWS = 40
MOST_FLAW_CHARS = 300
MOST_SHOWN = 120
MOST_DIGITS = 40
UNITS = ((1, "seconds"), (1_000, "milliseconds"), (1_000_000, "microseconds"), (1_000_000_000, "nanoseconds"))
COMPACT = "%Y%m%d%H%M%S"
FORMS = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%Y/%m/%d %H:%M:%S", "%d-%m-%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S %Z")


class Flaws:
    """What was wrong, in the order in which it was found; `more` counts what is beyond MOST_FLAWS."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.more = 0

    def add(self, path: str, problem: str) -> None:
        if len(self.told) >= MOST_FLAWS:
            self.more += 1
            return
        self.told.append(printable(f"{path}: {problem}"[:MOST_FLAW_CHARS]))


def loads(text: str) -> Any:
    """JSON, with NaN and infinities as some libraries write them. Raises ValueError, RecursionError."""
    return json.loads(without_halves(text), parse_int=_int)


def shown(value: Any) -> str:
    """The value as it was sent, as far as it is short."""
    if isinstance(value, str):
        return repr(value[:MOST_SHOWN])
    try:
        return json.dumps(value, ensure_ascii=False)[:MOST_SHOWN]
    except (ValueError, RecursionError):
        return "…"


def number(flaws: Flaws, path: str, value: Any) -> float | None:
    """A finite number, also one that is written as text; never a boolean."""
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            found = float(value)
        except OverflowError:
            found = float("inf")
        if isfinite(found):
            return found
        flaws.add(path, f"{found} is no number, not used")
        return None
    found_in_text = decimal(value[:MOST_DIGITS]) if isinstance(value, str) and len(value) <= MOST_DIGITS else None
    if found_in_text is None:
        flaws.add(path, f"{shown(value)} is no number, not used")
    else:
        flaws.add(path, f"{shown(value)} is a text, read as a number")
    return found_in_text


def within(flaws: Flaws, path: str, value: Any, least: float, most: float) -> float | None:
    """A number from `least` to `most`."""
    found = number(flaws, path, value)
    if found is not None and not least <= found <= most:
        flaws.add(path, f"{found:g} is not between {least:g} and {most:g}, not used")
        return None
    return found


def text(flaws: Flaws, path: str, value: Any, most: int) -> str | None:
    """Words, also of a number or a list; None where nothing is left of them."""
    if value is None:
        return None
    if not isinstance(value, str):
        flaws.add(path, f"{_kind(value)}, read as a text")
        value = "\n".join(map(_said, value)) if isinstance(value, list) else _said(value)
    words: str = NOISE.sub("", value.replace("\r\n", "\n")).strip()
    if len(words) > most:
        flaws.add(path, f"{len(words):,} characters, cut to {most:,}")
        words = words[:most]
    return words or None


def moment(flaws: Flaws, path: str, value: Any, zone: tzinfo) -> datetime | None:
    """A time with a zone, UTC; without one it is that of the city's clocks."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        flaws.add(path, f"{shown(value)} is no time, not used")
        return None
    told = plain(value).strip()[:MOST_DIGITS] if isinstance(value, str) else ""
    count = decimal(told) if isinstance(value, str) else _finite(value)
    found, problem = _counted(count) if count is not None else _written(told, zone)
    if re.fullmatch("[0-9]{14}", told) and found is None:
        found, problem = _parsed(told, (COMPACT,)), "digits without a zone, read as UTC"
        found = found.replace(tzinfo=UTC) if found else None
    if found is None or not EARLIEST <= found < LATEST:
        flaws.add(path, f"{shown(value)} is no time at which it can be, time not used")
        return None
    if problem is not None:
        flaws.add(path, f"{shown(value)} {problem}")
    return found


def _counted(count: float) -> tuple[datetime | None, str | None]:
    """Since 1970, in whatever unit makes it a time of these decades."""
    for unit, name in UNITS:
        if (found := epoch(count / unit)) is not None:
            return found, f"is in {name} since 1970"
    return None, None


def _written(told: str, zone: tzinfo) -> tuple[datetime | None, str | None]:
    if len(told) < 12:  # a day alone
        return None, None
    problem = None
    try:
        found: datetime | None = datetime.fromisoformat(told)
    except ValueError:
        found, problem = _parsed(told, FORMS) or _mail_date(told), "is not ISO 8601"
    if found is None:
        return None, None
    if found.tzinfo is None:
        is_utc = told.endswith(("UTC", "GMT"))
        problem = problem if is_utc else "has no zone, the city's clock taken"
        found = found.replace(tzinfo=UTC if is_utc else zone)
    try:
        return found.astimezone(UTC), problem
    except (OverflowError, ValueError):
        return None, None


def _parsed(told: str, forms: tuple[str, ...]) -> datetime | None:
    for form in forms:
        try:
            return datetime.strptime(told, form)  # noqa: DTZ007 - a zone is given by who asked
        except ValueError:
            continue
    return None


def _mail_date(told: str) -> datetime | None:
    try:
        return parsedate_to_datetime(told)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _int(digits: str) -> int | float:
    """A number of a thousand digits costs no more than its length."""
    return int(digits) if len(digits) <= MOST_DIGITS else float(digits)


def _finite(value: float) -> float | None:
    try:
        return float(value) if isfinite(value) else None
    except OverflowError:
        return None


def _said(value: Any) -> str:
    return value if isinstance(value, str) else shown(value)


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "a truth value"
        case int() | float():
            return "a number"
        case list():
            return "a list"
    return "an object"
