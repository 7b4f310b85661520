"""Parses untrusted XML into plain trees: no document type, no entities, nothing fetched, all sizes limited."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

MOST_BYTES = 256 * 1024
MOST_DEPTH = 40
MOST_ELEMENTS = 5_000
MOST_ATTRIBUTES = 200


class UnsafeXml(ValueError):
    """Not well-formed, or not allowed here."""


@dataclass(slots=True)
class Element:
    """One element: namespace and local name separated, `text` that is directly in it."""

    namespace: str
    name: str
    attributes: dict[str, str]
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def each(self, *names: str) -> Iterator["Element"]:
        """Children with one of these local names, in any namespace, because senders confuse them."""
        return (child for child in self.children if child.name in names)

    def first(self, *names: str) -> "Element | None":
        return next(self.each(*names), None)

    def descendants(self) -> Iterator["Element"]:
        """Itself and all elements below, in document order."""
        ahead = [self]
        while ahead:
            element = ahead.pop()
            yield element
            ahead.extend(reversed(element.children))

    def outermost(self, name: str) -> Iterator["Element"]:
        """Elements with this local name, itself included, that are not inside another such element."""
        ahead = [self]
        while ahead:
            element = ahead.pop()
            if element.name == name:
                yield element
            else:
                ahead.extend(reversed(element.children))


def read(body: bytes) -> Element:
    """The root element. Raises UnsafeXml."""
    if len(body) > MOST_BYTES:
        raise UnsafeXml(f"has {len(body)} bytes; the maximum is {MOST_BYTES}")
    if not body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        body = body.lstrip(b" \t\r\n" + codecs.BOM_UTF8)  # nothing may precede `<?xml`, but some gateways add it
    builder = _Builder()
    parser = DefusedXMLParser(target=builder, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(body)
        parser.close()
    except DefusedXmlException:
        raise UnsafeXml("has a document type or an entity, which are not allowed") from None
    except UnsafeXml:
        raise
    except (ParseError, ValueError, LookupError) as error:
        raise UnsafeXml(f"is not well-formed XML: {error}") from None
    if builder.root is None:
        raise UnsafeXml("has no element")
    return builder.root


class _Builder:
    """Target of the parser, which counts while it builds so that a deep or wide document ends early."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        # The text of each open element in pieces: one for every line and every reference.
        self._pieces: list[list[str]] = []
        self._count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= MOST_DEPTH or self._count > MOST_ELEMENTS:
            raise UnsafeXml(f"is nested deeper than {MOST_DEPTH} or has more than {MOST_ELEMENTS} elements")
        first = islice(attributes.items(), MOST_ATTRIBUTES)
        element = Element(*_split(tag), {_split(name)[1]: value for name, value in first})
        if self._open:
            self._open[-1].children.append(element)
        elif self.root is None:
            self.root = element
        self._open.append(element)
        self._pieces.append([])

    def end(self, _tag: str) -> None:
        self._open.pop().text = "".join(self._pieces.pop())

    def data(self, text: str) -> None:
        if self._open:
            self._pieces[-1].append(text)

    def close(self) -> Element | None:
        return self.root


def _split(tag: str) -> tuple[str, str]:
    namespace, brace, name = tag.rpartition("}")
    return (namespace[1:], name) if brace else ("", tag)
