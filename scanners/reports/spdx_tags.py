"""SPDX 2 in tag-value notation: one "Tag: value" a line, read from the file's pages line by line.

A package begins with its name and ends where another package, file or snippet begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanners.records import Skipped
from scanners.reports.source import Source
from scanners.reports.spdx_package import Element

_LINE = re.compile(rb"[^\n]*\n|[^\n]+")
_DESCRIBES = re.compile(rb"^Relationship:\s*SPDXRef-DOCUMENT\s+DESCRIBES\s+(\S+)", re.MULTILINE)
_ENDS = ("PackageName", "FileName", "SnippetSPDXID", "LicenseID")
_LONGEST_VALUE = 20_000
_FIELDS = {
    "PackageName": "name", "PackageVersion": "version", "SPDXID": "id", "PrimaryPackagePurpose": "purpose",
    "PackageSourceInfo": "source_info", "PackageLicenseDeclared": "declared", "PackageLicenseConcluded": "concluded",
}  # fmt: skip


class Tags:
    """The document's own tags, and its packages. `lost` is known after the packages were read."""

    def __init__(self, source: Source) -> None:
        self._content = source.content
        self.version = self.name = self.created = ""
        self.creators: list[str] = []
        self.lost: Skipped | None = None
        for tag, value in self._pairs():
            if tag in _ENDS:
                break
            if tag == "SPDXVersion":
                self.version = value.removeprefix("SPDX-")
            elif tag == "DocumentName":
                self.name = value
            elif tag == "Created":
                self.created = value
            elif tag == "Creator":
                self.creators.append(value)

    def described(self) -> Iterator[str]:
        for match in _DESCRIBES.finditer(self._content):
            yield str(match[1], "utf-8", "replace")

    def packages(self, marks: tuple[bytes, ...]) -> Iterator[Element | Skipped]:
        """Every package; those with a mark are not told apart here."""
        fields: dict[str, str] | None = None
        notes: list[str] = []
        tag = ""
        for tag, value in self._pairs():
            if tag in _ENDS:
                if fields is not None:
                    yield _element(fields, notes)
                fields, notes = ({} if tag == "PackageName" else None), []
            if fields is None:
                continue
            if tag in _FIELDS:
                fields[_FIELDS[tag]] = value
            elif tag == "ExternalRef" and (parts := value.split())[1:2] == ["purl"] and len(parts) > 2:
                fields.setdefault("purl", parts[2])
            elif tag in ("PackageAttributionText", "AnnotationComment"):
                notes.append(value)
        if bytes(self._content[-1:]) != b"\n":
            # The last line may be cut, and a version that is cut would be another version.
            self.lost = Skipped(
                kind="malformed",
                where="the end of the report",
                reason="the last line does not end: it may be cut off",
            )
            if tag != "Relationship":
                return
        if fields is not None:
            yield _element(fields, notes)

    def _pairs(self) -> Iterator[tuple[str, str]]:
        open_tag, text, length = "", "", 0
        for match in _LINE.finditer(self._content):
            line = str(match.group()[: _LONGEST_VALUE + 100], "utf-8", "replace").rstrip("\r\n")
            if open_tag:
                length += len(line)
                text += "\n" + line if length < _LONGEST_VALUE else ""
            else:
                tag, colon, value = line.partition(":")
                if not colon or line.startswith("#"):
                    continue
                open_tag, text, length = tag.strip(), value.strip(), 0
            # A value over several lines stands between <text> and </text>.
            if not text.startswith("<text>") or line.endswith("</text>"):
                yield open_tag, text.removeprefix("<text>").removesuffix("</text>").strip()
                open_tag = ""
        if open_tag:
            yield open_tag, ""


def _element(fields: dict[str, str], notes: list[str]) -> Element:
    declared = fields.get("declared", "")
    return Element(
        id=fields.get("id", ""),
        name=fields.get("name", ""),
        version=fields.get("version", ""),
        purl=fields.get("purl", ""),
        purpose=fields.get("purpose", "").upper().replace("_", "-"),
        source_info=fields.get("source_info", ""),
        notes=tuple(notes),
        license=declared if declared not in ("", "NONE", "NOASSERTION") else fields.get("concluded", ""),
    )
