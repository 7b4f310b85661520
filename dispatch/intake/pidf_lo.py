"""PIDF-LO (RFC 4119, 5139, 5491, 7459): presence documents with a geodetic shape, a civic address or both."""

from dataclasses import dataclass, field
from datetime import datetime

from dispatch.intake.reading import altitude, fraction, iso_time, radius
from dispatch.intake.report_id import repeatable
from dispatch.intake.text_rules import cleaned
from dispatch.intake.unreadable import Problem, Unreadable, unreadable
from dispatch.model.phone import e164, imei
from dispatch.model.report import Caller, Channel, Report
from dispatch.number import decimal
from dispatch.xml.gml import READERS, NotAShape, read_shape
from dispatch.xml.safe_xml import Element, UnsafeXml, read
from geo import Fix, Pdf, Source

MOST_FIXES = 20
MOST_CIVIC = 40
MOST_FLAWS = 40
METHODS = (
    (("gps", "gnss", "galileo", "glonass", "device-based_a-gps"), Source.GNSS),
    (("802.11", "wifi", "wi-fi", "wlan"), Source.WIFI),
    (("cell", "triangulation", "otdoa", "tdoa", "e-cid", "ecid", "handset_", "ota", "aflt", "eflt"), Source.CELL),
    (("manual",), Source.REPORTED),
    (("address", "civic", "dhcp", "wiremap"), Source.ADDRESS),
)


@dataclass(slots=True)
class Placed:
    """What a document says of a place, gathered while it is read; `left_out` counts the positions not even read."""

    fixes: list[Fix] = field(default_factory=list)
    civic: dict[str, str] = field(default_factory=dict)
    flaws: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    moment: datetime | None = None
    left_out: int = 0


def parse(body: bytes) -> Report:
    """One presence document. Raises Unreadable if it isn't one or places nobody."""
    root, placed = read_document(body)
    if not placed.fixes and not placed.civic:
        raise Unreadable(placed.problems or [Problem("location-info", "missing or empty")])
    caller = caller_of(root)
    return Report(
        id=repeatable(Channel.APP, caller, placed.moment, body.decode("utf-8", "replace")),
        channel=Channel.APP,
        caller=caller,
        fixes=tuple(placed.fixes),
        civic=placed.civic or None,
        flaws=tuple(placed.flaws),
    )


def read_document(body: bytes) -> tuple[Element, Placed]:
    """Root and places of a document; a shape that can't be read is among `problems` and `flaws`. Raises Unreadable."""
    try:
        root = read(body)
    except UnsafeXml as error:
        raise unreadable("body", str(error)) from None
    placed = Placed()
    if root.name != "presence":
        placed.flaws.append(f"{root.name[:40]}: not a presence document")
    for holder in _holders(root):
        _read_holder(placed, holder)
    if placed.left_out:
        placed.flaws.insert(
            0, f"location-info: only the first {MOST_FIXES} positions are used, {placed.left_out} are not"
        )
    del placed.flaws[MOST_FLAWS:]
    return root, placed


def caller_of(root: Element) -> Caller:
    """Number from the entity, if it is that of a telephone; device identity (RFC 7255) where one is given."""
    entity = root.attributes.get("entity", "").removeprefix("pres:")
    device = next((e.text.strip() for e in root.descendants() if e.name == "deviceID"), "")
    _, _, equipment = device.lower().partition("imei:")
    return Caller(number=e164(entity), imei=imei(equipment))


def _holders(root: Element) -> list[Element]:
    """Tuple, device and person each place something (RFC 5491 section 3); without them the whole document does."""
    holders = [e for e in root.children if e.name in ("tuple", "device", "person")]
    return holders or [root]


def _read_holder(placed: Placed, holder: Element) -> None:
    written = next((e.text for e in holder.descendants() if e.name == "timestamp"), None)
    at = iso_time(written)
    if written is not None and at is None:
        placed.flaws.append("timestamp: not a date and time with a zone")
    placed.moment = placed.moment or at
    method = next((e.text for e in holder.descendants() if e.name == "method"), "")
    for info in _infos(holder):
        confidence, pdf = _confidence(placed, info)
        for part in info.children:
            if part.name == "civicAddress":
                _read_civic(placed, part)
            elif part.name in READERS and len(placed.fixes) >= MOST_FIXES:
                placed.left_out += 1
            elif part.name in READERS:
                _read_fix(placed, part, Fix(_source(method), confidence=confidence, pdf=pdf, at=at))
            elif part.name != "confidence":
                _note_unknown(placed, part)


def _infos(holder: Element) -> list[Element]:
    infos = list(holder.outermost("location-info"))
    if infos:
        return infos
    return [holder] if any(child.name in READERS or child.name == "civicAddress" for child in holder.children) else []


def _read_fix(placed: Placed, element: Element, known: Fix) -> None:
    try:
        shape = read_shape(element)
    except NotAShape as error:
        placed.problems.append(Problem(f"{element.name}.{error.field}", error.problem))
        placed.flaws.append(f"{element.name}.{error.field}: {error.problem}, position not used")
        return
    placed.flaws.extend(f"{element.name}.{flaw}" for flaw in shape.flaws)
    placed.fixes.append(
        Fix(
            source=known.source,
            point=shape.point,
            radius_m=radius(shape.radius_m),
            confidence=known.confidence if shape.radius_m or shape.region else None,
            at=known.at,
            altitude_m=altitude(shape.altitude_m),
            vertical_m=radius(shape.vertical_m),
            pdf=known.pdf,
            region=shape.region,
        )
    )


def _read_civic(placed: Placed, element: Element) -> None:
    """Codes of RFC 5139 as they are written; the first document that names one counts."""
    for part in element.children[:MOST_CIVIC]:
        if value := cleaned(part.text[:400]):
            placed.civic.setdefault(part.name[:40], value)


def _note_unknown(placed: Placed, part: Element) -> None:
    problem = Problem(part.name[:40], "unknown shape")
    placed.problems.append(problem)
    placed.flaws.append(f"{problem.field}: {problem.problem}, passed over")


def _confidence(placed: Placed, info: Element) -> tuple[float | None, Pdf]:
    """RFC 7459, section 5: percent, or `unknown`."""
    element = info.first("confidence")
    if element is None:
        return None, Pdf.UNKNOWN
    pdf = element.attributes.get("pdf", "unknown")
    written = element.text.strip()
    percent = decimal(written.removesuffix("%"))
    if written != "unknown" and fraction(percent) is None:
        placed.flaws.append("confidence: not a percentage, 95 % taken")
    return fraction(percent), Pdf(pdf) if pdf in set(Pdf) else Pdf.UNKNOWN


def _source(method: str) -> Source:
    written = method.strip().lower()
    return next((source for names, source in METHODS if any(name in written for name in names)), Source.UNKNOWN)
