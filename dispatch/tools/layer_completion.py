"""Completes a layer of parishes by code from the installed layer or from the range of the INEC code.

The layers that municipalities publish often have only a number, a name in capitals and a polygon."""

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation

from dispatch.tools.layer import Feature, Layer
from geo import Parishes
from geo.parish import Parish

# Province 01-24 (or 90, land in dispute), canton and parish, two digits each: INEC, División Político Administrativa.
_INEC = re.compile(r"(?:EC)?[-_. ]?(0[1-9]|1\d|2[0-4]|90)[-_. ]?(\d\d)[-_. ]?(\d\d)", re.IGNORECASE)
_FIRST_RURAL = 50
_NAMED = 8


@dataclass(slots=True)
class _Taken:
    """Which features got which value from where, in the order of the first one."""

    _features: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def note(self, what: str, feature: str) -> None:
        self._features[what].append(feature)

    def lines(self) -> tuple[str, ...]:
        return tuple(f"{what}: {_listed(features)}" for what, features in self._features.items())


def complete_layer(layer: Layer, known: Parishes | None, *, source: str) -> tuple[Layer, tuple[str, ...]]:
    """The layer with codes as INEC writes them, and each missing kind, population and name that is known; and a line
    for each kind of value that was taken, with its origin and the parishes.

    `known` is the installed layer, None if there is none; `source` names it. Existing values are kept, except a name in
    capitals if the installed layer has the same name."""
    taken = _Taken()
    by_code = {} if known is None else {parish.code: parish for parish in known}
    by_name = _by_name(by_code)
    features = []
    for given in layer.features:
        feature = _with_code(given, by_code, by_name, source, taken)
        features.append(_with_the_rest(feature, by_code.get(feature.code), source, taken))
    return replace(layer, features=tuple(features)), taken.lines()


def inec_code(text: str) -> str:
    """`170150` from `170150.0`, `1.7015E5`, `17-01-50` or `EC170150`, and `010150` from a number without its leading
    zero; any other code unchanged."""
    try:
        number = Decimal(text)
        if number == number.to_integral_value() and abs(number) < 10**12:
            text = str(int(number)) if re.search(r"[.eE]", text) else text
    except (InvalidOperation, ValueError):
        pass
    if re.fullmatch(r"[1-9]\d{4}", text):
        text = f"0{text}"
    found = _INEC.fullmatch(text)
    return "".join(found.groups()) if found else text


def inec_kind(code: str) -> str | None:
    """Parishes are urban below 50 within their canton (in Quito below 170150), rural from there; None: not an INEC
    code."""
    found = _INEC.fullmatch(code)
    if found is None:
        return None
    return "urban" if int(found[3]) < _FIRST_RURAL else "rural"


def _with_code(
    feature: Feature, by_code: dict[str, Parish], by_name: dict[str, str], source: str, taken: _Taken
) -> Feature:
    code = inec_code(feature.code)
    if code not in by_code:
        code = _within_the_canton(code, by_code) or code
    if code not in by_code and _INEC.fullmatch(code) is None:
        code = by_name.get(folded(feature.name), code)
    if code != feature.code:
        if code in by_code and not feature.code.endswith(code):
            taken.note(f"code from {source}", f"{feature.code or 'none'} is {code} {by_code[code].name}")
        else:
            taken.note("code as INEC writes it", f"{feature.code} is {code}")
    return replace(feature, code=code)


def _within_the_canton(code: str, by_code: dict[str, Parish]) -> str | None:
    """`170150` from `50`, if all installed parishes are in one canton."""
    cantons = {known[:4] for known in by_code}
    if len(cantons) != 1 or not re.fullmatch(r"\d{1,2}", code):
        return None
    whole = cantons.pop() + code.zfill(2)
    return whole if whole in by_code else None


def _with_the_rest(feature: Feature, parish: Parish | None, source: str, taken: _Taken) -> Feature:
    name, kind, population = feature.name, feature.kind, feature.population
    if parish is not None and name != parish.name and (not name or _same_in_capitals(name, parish.name)):
        name = parish.name
        taken.note(f"name from {source}", f"{feature.code} {name}")
    if word := _kind_word(kind):
        if word != kind:
            taken.note(f"kind {kind!r} is {word}", feature.code)
        kind = word
    elif not kind and parish is not None:
        kind = parish.kind
        taken.note(f"kind {kind} from {source}", feature.code)
    elif not kind and (kind := inec_kind(feature.code) or ""):
        taken.note(f"kind {kind} from the range of the INEC code (urban below …{_FIRST_RURAL})", feature.code)
    if population is None and parish is not None:
        population = parish.population
        taken.note(f"population from {source}", feature.code)
    return replace(feature, name=name, kind=kind, population=population)


def _kind_word(kind: str) -> str | None:
    """The service's word for the kind: `URBANA`, `Parroquia urbana`, `U` → urban."""
    words = re.split(r"\W+", folded(kind))
    if any(word in {"u", "urban", "urbana", "urbano"} for word in words):
        return "urban"
    return "rural" if any(word in {"r", "rural"} for word in words) else None


def _same_in_capitals(name: str, known: str) -> bool:
    return name == name.upper() and folded(name) == folded(known)


def _by_name(by_code: dict[str, Parish]) -> dict[str, str]:
    """Folded name → code, for names that only one parish has."""
    codes: defaultdict[str, list[str]] = defaultdict(list)
    for code, parish in by_code.items():
        codes[folded(parish.name)].append(code)
    return {name: having[0] for name, having in codes.items() if len(having) == 1}


def folded(name: str) -> str:
    """The name without case, accents and double spaces, for comparison."""
    plain = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    return " ".join(plain.casefold().split())


def _listed(features: list[str]) -> str:
    shown = ", ".join(features[:_NAMED])
    more = len(features) - _NAMED
    return f"{len(features)} ({shown}{f' and {more} more' if more > 0 else ''})"
