"""OpenVEX 0.2.0: statements on vulnerabilities in products."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from scanners.exports.identity import image_url, reference_url
from scanners.reported import VexStatement, VexStatus

_JUSTIFICATIONS = frozenset(
    {
        "component_not_present",
        "vulnerable_code_not_present",
        "vulnerable_code_not_in_execute_path",
        "vulnerable_code_cannot_be_controlled_by_adversary",
        "inline_mitigations_already_exist",
    }
)


def document(
    statements: Sequence[VexStatement], *, identifier: str, author: str, created_at: datetime, version: str
) -> dict[str, Any]:
    """The document. `identifier` is an IRI of its own, `version` that of this product.

    Raises ValueError without a statement: the specification asks for one.
    """
    if not statements:
        raise ValueError("An OpenVEX document needs at least one statement.")
    written: list[dict[str, Any]] = []
    for statement in statements:
        one = _statement(statement)
        if one not in written[-1:]:
            written.append(one)
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": identifier,
        "author": author,
        "timestamp": created_at.isoformat(),
        "version": 1,
        "tooling": f"Plimsoll {version}",
        "statements": written,
    }


def _statement(statement: VexStatement) -> dict[str, Any]:
    parts = [_component(name) for name in dict.fromkeys(statement.subcomponents)]
    products = [
        {**_component(name), **({"subcomponents": parts} if parts else {})}
        for name in dict.fromkeys(statement.products)
    ]
    found: dict[str, Any] = {
        "vulnerability": {
            "name": statement.vulnerability,
            **({"aliases": list(dict.fromkeys(statement.aliases))} if statement.aliases else {}),
        },
        "products": products,
        "status": statement.status.value,
    }
    if statement.stated_at is not None:
        found["timestamp"] = statement.stated_at.isoformat()
    if statement.status is VexStatus.NOT_AFFECTED:
        if statement.justification in _JUSTIFICATIONS:
            found["justification"] = statement.justification
        if statement.detail or "justification" not in found:
            found["impact_statement"] = statement.detail or "No reason was given."
    elif statement.detail:
        found["status_notes"] = statement.detail
    if statement.status is VexStatus.AFFECTED:
        found["action_statement"] = statement.action or "No action was stated."
    elif statement.action:
        found["status_notes"] = "\n".join(filter(None, (found.get("status_notes"), statement.action)))
    return found


def _component(name: str) -> dict[str, Any]:
    """A product by its identifier: package URLs and CPEs as such, images as package URLs, names as a URN."""
    if name.startswith("cpe:2.3:"):
        return {"identifiers": {"cpe23": name}}
    if name.startswith("cpe:"):
        return {"identifiers": {"cpe22": name}}
    url = (
        name
        if name.startswith("pkg:")
        else image_url(name) or (reference_url(name) if _is_image(name) else "")
    )
    if url:
        return {"@id": url, "identifiers": {"purl": url}}
    has_scheme = name.startswith(("urn:", "http://", "https://", "sha256:"))
    return {"@id": name if has_scheme and " " not in name else f"urn:plimsoll:product:{quote(name, safe='')}"}


def _is_image(name: str) -> bool:
    # "registry/name:tag"; a digest alone, a URN and a sentence have a colon too.
    return not name.startswith(("urn:", "http://", "https://", "sha256:")) and " " not in name
