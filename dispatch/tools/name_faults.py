"""Codes, names, kinds and populations: missing, duplicate, or read in the wrong encoding."""

import re
from collections import defaultdict
from collections.abc import Iterator

from dispatch.tools.faults import Fault, FaultKind, Severity
from dispatch.tools.layer import Feature, Layer
from dispatch.tools.layer_completion import folded

_BROKEN = re.compile(r"[\ufffd\x00-\x08\x0b-\x1f\x7f-\x9f]|\w\?\w")


def name_faults(layer: Layer) -> Iterator[Fault]:
    for feature in layer.features:
        yield from _missing(feature)
        yield from _encoding(feature)
    yield from _twice(layer, FaultKind.CODE, {f.number: f.code for f in layer.features})
    yield from _twice(layer, FaultKind.NAME, {f.number: folded(f.name) for f in layer.features})


def _missing(feature: Feature) -> Iterator[Fault]:
    where, number = str(feature), (feature.number,)
    if not feature.code:
        yield Fault(FaultKind.CODE, where, "is missing", number)
    if not feature.name:
        yield Fault(FaultKind.NAME, where, "is missing", number)
    if feature.population is None:
        yield Fault(FaultKind.POPULATION, where, "is missing, or not a whole number from 0", number)
    if not feature.kind:
        yield Fault(FaultKind.KIND, where, "is missing", number, Severity.NOTICE)


def _encoding(feature: Feature) -> Iterator[Fault]:
    meant = mended_name(feature.name)
    if meant != feature.name:
        what = f"{feature.name!r} is UTF-8 that was decoded as something else; correct is {meant!r}"
        yield Fault(FaultKind.ENCODING, str(feature), what, (feature.number,))
    elif _BROKEN.search(feature.name):
        what = f"{feature.name!r} contains replacement characters; read the file with --encoding"
        yield Fault(FaultKind.ENCODING, str(feature), what, (feature.number,))


def mended_name(name: str) -> str:
    """`IÃ±aquito` → `Iñaquito`; a correct name stays."""
    for wrong in ("cp1252", "latin-1"):
        try:
            meant = name.encode(wrong).decode("utf-8")
        except UnicodeError:
            continue
        return meant
    return name


def _twice(layer: Layer, kind: FaultKind, values: dict[int, str]) -> Iterator[Fault]:
    having: defaultdict[str, list[int]] = defaultdict(list)
    for number, value in values.items():
        if value:
            having[value].append(number)
    for value, numbers in having.items():
        if len(numbers) > 1:
            where = " and ".join(str(layer.features[number]) for number in numbers)
            yield Fault(kind, where, f"{value!r} is the {kind} of {len(numbers)} features", tuple(numbers))
