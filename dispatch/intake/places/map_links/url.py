"""A link taken apart: host, path and named values, without their escapes."""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from dispatch.intake.places.packaging import unescaped

_TLD = "com|org|net|info|ec|es|gl|gle|google|to|app|apple|me|at|co|codes|is|ru|de|cz|ly|page|link|it|gt|cc|eu|io"
_SCHEMES = (
    r"google\.navigation|comgooglemaps|waze|bingmaps|maps|ms-drive-to|ms-walk-to|citymapper|uber|yandexnavi|om|cm|ge0"
)
LINK = re.compile(
    rf"""(?:(?<![a-z0-9])[a-z][a-z0-9+.-]{{1,19}}://\s?
    |(?<![\w.])(?:{_SCHEMES}):(?=[?/\w])
    |(?<![\w.@-])(?:[a-z0-9-]{{1,30}}\.){{1,4}}(?:{_TLD})(?:\.[a-z]{{2}})?(?::[0-9]{{1,5}})?[/?\#])[^\s<>"]*""",
    re.IGNORECASE | re.VERBOSE,
)
# A second number that a blank has cut off from its link.
CUT_OFF = re.compile(r"\s{0,2},?\s{0,2}[-+]?[0-9]{1,3}[.,][0-9]{2,40}[^\s<>\"]*")
HALF = re.compile(r"(?:[=/@:]|loc:)[-+]?[0-9]{1,3}[.,][0-9]{1,40}(?:,|%2C)?$|[=:](?:loc:)?$", re.IGNORECASE)
MOST_VALUES = 60
MOST_SEGMENTS = 40
MOST_CHARS = 4_000


@dataclass(frozen=True, slots=True)
class Url:
    """`segments` of the path as they are written, `values` of the query and then of the fragment, the first of a name;
    `raw` the same as they are written; `whole` is everything behind the host, without escapes."""

    scheme: str
    host: str
    segments: tuple[str, ...]
    values: dict[str, str]
    raw: dict[str, str]
    fragment: str
    whole: str

    def is_at(self, *hosts: str) -> bool:
        return any(self.host == host or self.host.endswith(f".{host}") for host in hosts)

    @property
    def path(self) -> str:
        return "/".join(self.segments)


def link_at(text: str, match: re.Match[str]) -> tuple[str, int]:
    """The link of a match of LINK, with what a blank has cut off, and where it ends."""
    link, end = match[0], match.end()
    for _ in range(2):
        more = CUT_OFF.match(text, end) if HALF.search(link[-60:]) else None
        if more is None:
            break
        mark = "" if link.endswith((",", "=", ":", "%2C", "%2c")) else ","
        link, end = link + mark + "".join(more[0].split()).lstrip(","), more.end()
    return re.sub(r"\s", "", link), end


def split(link: str) -> Url | None:
    """None for what is no URL."""
    link = link[:MOST_CHARS].rstrip(".,;:!?)]}'*_|")
    try:
        parts = urlsplit(
            link if re.match(r"[a-z][a-z0-9+.-]{1,19}:(?![0-9])", link, re.IGNORECASE) else f"https://{link}"
        )
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    return _url(parts, host.removeprefix("www."))


def _url(parts: SplitResult, host: str) -> Url:
    """Links of an app's own scheme have no host that tells anything."""
    path = parts.path if parts.scheme in ("http", "https") else f"{parts.netloc}/{parts.path.lstrip('/')}"
    fragment = unescaped(parts.fragment)
    raw = _values(parts.query) | {}
    for name, value in _values(parts.fragment).items():
        raw.setdefault(name, value)
    if "=" in parts.path and not parts.query:
        raw |= _values(parts.path.lstrip("/"))
    return Url(
        scheme=parts.scheme,
        host=host if parts.scheme in ("http", "https") else parts.scheme,
        segments=tuple(each for each in path.split("/")[:MOST_SEGMENTS] if each),
        values={name: unescaped(value.replace("+", " ")).strip() for name, value in raw.items()},
        raw=raw,
        fragment=fragment,
        whole=unescaped(f"{parts.path}?{parts.query}#{parts.fragment}"),
    )


def _values(query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in query.split("&", MOST_VALUES)[:MOST_VALUES]:
        name, sign, value = part.partition("=")
        if sign and value:
            found.setdefault(unquote(name).lower(), value)
    return found
