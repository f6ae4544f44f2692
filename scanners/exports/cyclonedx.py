"""CycloneDX 1.6: an image's packages as an SBOM, and VEX statements as a VEX document.

What the format has no field for stands in properties named "plimsoll:…"; our reader takes them back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from scanners.exports.identity import image_urls, is_spdx, package_url
from scanners.reported import ReportedImage, ReportedPackage, VexStatement, VexStatus

_STATES = {
    VexStatus.NOT_AFFECTED: "not_affected",
    VexStatus.AFFECTED: "exploitable",
    VexStatus.FIXED: "resolved",
    VexStatus.UNDER_INVESTIGATION: "in_triage",
}
_JUSTIFICATIONS = {
    "component_not_present": "code_not_present",
    "vulnerable_code_not_present": "code_not_present",
    "vulnerable_code_not_in_execute_path": "code_not_reachable",
    "vulnerable_code_cannot_be_controlled_by_adversary": "requires_environment",
    "inline_mitigations_already_exist": "protected_by_mitigating_control",
}


def sbom(
    image: ReportedImage,
    packages: Iterable[ReportedPackage],
    *,
    serial: str,
    created_at: datetime,
    version: str,
) -> dict[str, Any]:
    """The SBOM of an image. `serial` is a UUID of the document's own, `version` that of this product."""
    references: dict[str, int] = {}
    components: list[dict[str, Any]] = []
    if image.os_family:
        components.append(
            {
                "type": "operating-system",
                "bom-ref": "operating-system",
                "name": image.os_family,
                **({"version": image.os_version} if image.os_version else {}),
            }
        )
    for package in sorted(packages, key=lambda one: (one.key, one.paths, one.layer)):
        url = package_url(package)
        reference = url or f"{package.ecosystem}/{package.name}@{package.version}"
        references[reference] = references.get(reference, 0) + 1
        if references[reference] > 1:
            reference = f"{reference}#{references[reference]}"
        components.append(_component(package, url, reference))
    document = _document(serial, created_at, version)
    document["metadata"]["component"] = _image(image)
    document["components"] = components
    document["dependencies"] = [
        {"ref": "image", "dependsOn": sorted(component["bom-ref"] for component in components)}
    ]
    return document


def vex(
    statements: Sequence[VexStatement], *, serial: str, created_at: datetime, version: str, author: str
) -> dict[str, Any]:
    """The VEX document: every product a component, with the parts of it that a statement is about inside."""
    products: dict[str, set[str]] = {}
    for statement in statements:
        for product in statement.products:
            products.setdefault(product, set()).update(statement.subcomponents)
    document = _document(serial, created_at, version)
    document["metadata"]["authors"] = [{"name": author}]
    document["components"] = [_product(name, sorted(products[name])) for name in sorted(products)]
    document["vulnerabilities"] = [_vulnerability(statement) for statement in statements]
    return document


def _document(serial: str, created_at: datetime, version: str) -> dict[str, Any]:
    tool = {"type": "application", "name": "Plimsoll", "version": version}
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"timestamp": created_at.isoformat(), "tools": {"components": [tool]}},
    }


def _image(image: ReportedImage) -> dict[str, Any]:
    url = next(iter(image_urls(image)), "")
    size = str(image.size_bytes) if image.size_bytes is not None else ""
    return {
        "type": "container",
        "bom-ref": "image",
        "name": image.name or image.digest or "image",
        **({"purl": url} if url else {}),
        **_properties(
            ("image:id", (image.digest,)),
            ("image:repo-digest", image.repo_digests),
            ("image:reference", image.references),
            ("image:layer", image.layers),
            ("image:size", (size,)),
        ),
    }


def _component(package: ReportedPackage, url: str, reference: str) -> dict[str, Any]:
    licenses = [
        {"license": {"id": text} if is_spdx(text) and " " not in text else {"name": text}}
        for text in dict.fromkeys(package.licenses)
    ]
    return {
        "type": "library",
        "bom-ref": reference,
        **({"group": package.namespace} if package.namespace else {}),
        "name": package.name,
        "version": package.version,
        **({"licenses": licenses} if licenses else {}),
        **({"purl": url} if url else {}),
        **_properties(("layer", (package.layer,)), ("path", package.paths)),
    }


def _properties(*named: tuple[str, Iterable[str]]) -> dict[str, Any]:
    found = [
        {"name": f"plimsoll:{name}", "value": value} for name, values in named for value in values if value
    ]
    return {"properties": found} if found else {}


def _product(name: str, parts: list[str]) -> dict[str, Any]:
    inside = [_identified(part, f"{name}|{part}") for part in parts]
    return {**_identified(name, name), **({"components": inside} if inside else {})}


def _identified(name: str, reference: str) -> dict[str, Any]:
    known = "purl" if name.startswith("pkg:") else "cpe" if name.startswith("cpe:") else ""
    is_image = name.startswith(("pkg:oci/", "sha256:")) or "@sha256:" in name
    kind = "container" if is_image else "library" if known == "purl" else "application"
    return {"type": kind, "bom-ref": reference, "name": name, **({known: name} if known else {})}


def _vulnerability(statement: VexStatement) -> dict[str, Any]:
    parts = [f"{product}|{part}" for product in statement.products for part in statement.subcomponents]
    analysis = {
        "state": _STATES[statement.status],
        "justification": _JUSTIFICATIONS.get(statement.justification, ""),
        "detail": statement.detail,
        "lastUpdated": statement.stated_at.isoformat() if statement.stated_at else "",
    }
    if statement.status is not VexStatus.NOT_AFFECTED:
        analysis["justification"] = ""
    aliases = [{"id": alias, "source": {"name": alias.partition("-")[0]}} for alias in statement.aliases]
    return {
        "id": statement.vulnerability,
        **({"references": aliases} if aliases else {}),
        **({"recommendation": statement.action} if statement.action else {}),
        "analysis": {name: value for name, value in analysis.items() if value},
        "affects": [{"ref": reference} for reference in dict.fromkeys(parts or statement.products)],
    }
