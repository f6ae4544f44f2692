"""CycloneDX in XML, brought into the layout of its JSON one item at a time, so that both are read by the same code."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, ParseError

import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from scanners import typed
from scanners.records import Skipped
from scanners.reports.cyclonedx_layout import Document, Metadata
from scanners.reports.source import ReportError, Source

_DEEPEST = 64
# Elements that hold a list of others.
_LISTS = {
    "components", "properties", "references", "ratings", "cwes", "advisories", "affects", "versions", "authors",
    "services",
}  # fmt: skip
# What is kept of the elements that a report has many of: the rest would be a second copy of it in memory.
_KEPT = {
    "component": {"name", "group", "version", "purl", "licenses", "properties", "components"},
    "vulnerability": {
        "id", "source", "references", "ratings", "cwes", "description", "detail", "recommendation", "advisories",
        "published", "updated", "analysis", "affects",
    },
    "license": {"id", "name"},
}  # fmt: skip
# The lists of the document whose items are read, by the item's element, and the field that takes them.
_ITEMS = {
    ("components", "component"): "components",
    ("dependencies", "dependency"): "dependencies",
    ("vulnerabilities", "vulnerability"): "vulnerabilities",
}


class _File:
    """The report as a file: the parser asks for a piece at a time."""

    def __init__(self, content: memoryview) -> None:
        self._content, self._position = content, 0

    def read(self, size: int = -1, /) -> bytes:
        end = len(self._content) if size < 0 else self._position + size
        piece = bytes(self._content[self._position : end])
        self._position += len(piece)
        return piece


def document(source: Source) -> tuple[Document, Skipped | None]:
    """The document, and what was lost at its end when it breaks off.

    Raises ReportError for what is no XML, declares a document type or entities (which can grow without limit or name
    files of this machine), or nests deeper than any CycloneDX document.
    """
    found: dict[str, list[msgspec.Raw]] = {name: [] for name in _ITEMS.values()}
    read = Document(components=None)
    open_: list[Element] = []
    lost = None
    try:
        for event, element in iterparse(_File(source.content), events=("start", "end"), forbid_dtd=True):
            if event == "start":
                open_.append(element)
                if len(open_) == 1:
                    read.serialNumber = element.get("serialNumber")
                if len(open_) > _DEEPEST:
                    raise ReportError(f"The XML nests deeper than {_DEEPEST} elements.")
                if len(open_) == 2 and _name(element) == "components":
                    read.components = found["components"]
                continue
            open_.pop()
            if len(open_) == 1 and _name(element) == "metadata":
                read.metadata = _metadata(element)
            field = _ITEMS.get((_name(open_[1]), _name(element))) if len(open_) == 2 else None
            if field is not None:
                found[field].append(msgspec.Raw(msgspec.json.encode(_value(element))))
            if len(open_) == 1 or len(open_) == 2 and _name(open_[1]) != "metadata":
                open_[-1].remove(element)
    except DefusedXmlException:
        raise ReportError(
            "The XML declares a document type or entities; such a report is not read."
        ) from None
    except ParseError as error:
        if read.metadata is None and not any(found.values()):
            raise ReportError(f"This is not XML: {error}.") from None
        lost = Skipped(
            kind="malformed",
            where=f"the end of the report, from line {error.position[0]}",
            reason="the report breaks off: what follows the last whole item cannot be read",
        )
    read.dependencies, read.vulnerabilities = found["dependencies"], found["vulnerabilities"]
    return read, lost


def _metadata(element: Element) -> Metadata | None:
    try:
        return typed.convert(_value(element), Metadata)
    except msgspec.ValidationError:
        return None


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _value(element: Element) -> Any:
    """An element as JSON has it: a text, a list, or an object of its attributes and children."""
    name, children = _name(element), list(element)
    if name in _LISTS or name == "tools" and all(_name(child) == "tool" for child in children):
        return [_value(child) for child in children]
    if name == "licenses":
        return [{_name(child): _value(child)} for child in children]
    if name == "dependency":
        return {"ref": element.get("ref", ""), "dependsOn": [child.get("ref", "") for child in children]}
    text = (element.text or "").strip()
    if name == "property":
        return {"name": element.get("name"), "value": text}
    if not children and not element.attrib:
        return _number(text, float if name == "score" else int) if name in ("score", "cwe") else text
    found: dict[str, Any] = dict(element.attrib)
    kept = _KEPT.get(name)
    for child in children:
        below = _name(child)
        if below == "responses":
            found["response"] = [_value(response) for response in child]
        elif kept is None or below in kept:
            found[below] = _value(child)
    return found


def _number(text: str, kind: type[float] | type[int]) -> float | int | None:
    try:
        return kind(text)
    except ValueError:
        return None
