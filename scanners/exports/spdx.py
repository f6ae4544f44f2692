"""SPDX 2.3 in JSON: an image's packages. The document describes the image, and the image contains the packages."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from scanners.exports.identity import image_urls, is_spdx, package_url
from scanners.reported import ReportedImage, ReportedPackage

_ROOT = "SPDXRef-ContainerImage"
_SYSTEM = "SPDXRef-OperatingSystem"


def sbom(
    image: ReportedImage,
    packages: Iterable[ReportedPackage],
    *,
    namespace: str,
    created_at: datetime,
    version: str,
) -> dict[str, Any]:
    """The document. `namespace` is a URI of its own without "#" (SPDX 2.3, 6.5), `version` that of this product."""
    created = created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    writer = _Writer(created, f"Tool: plimsoll-{version}")
    found = [writer.image(image)]
    if image.os_family:
        found.append(writer.system(image))
    seen: dict[str, int] = {}
    for package in sorted(packages, key=lambda one: (one.key, one.paths, one.layer)):
        found.append(writer.package(package, seen))
    contained = [one["SPDXID"] for one in found[1:]]
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": image.name or image.digest or "image",
        "documentNamespace": namespace,
        "creationInfo": {"created": created, "creators": [f"Tool: plimsoll-{version}"]},
        "packages": found,
        **({"hasExtractedLicensingInfos": writer.extracted} if writer.extracted else {}),
        "relationships": [
            _relation("SPDXRef-DOCUMENT", "DESCRIBES", _ROOT),
            *(_relation(_ROOT, "CONTAINS", one) for one in contained),
        ],
    }


class _Writer:
    """Collects the licences that are not on SPDX's list, which the document has to spell out."""

    def __init__(self, created: str, annotator: str) -> None:
        self._created, self._annotator = created, annotator
        self._licenses: dict[str, str] = {}

    @property
    def extracted(self) -> list[dict[str, str]]:
        return [
            {"licenseId": self._licenses[text], "name": text, "extractedText": text}
            for text in sorted(self._licenses)
        ]

    def image(self, image: ReportedImage) -> dict[str, Any]:
        size = str(image.size_bytes) if image.size_bytes is not None else ""
        return {
            **_package(_ROOT, image.name or image.digest or "image", "", "CONTAINER"),
            **_urls(image_urls(image)),
            **self._annotations(
                ("ImageID", (image.digest,)),
                ("RepoDigest", image.repo_digests),
                ("RepoTag", image.references),
                ("DiffID", image.layers),
                ("Size", (size,)),
            ),
        }

    def system(self, image: ReportedImage) -> dict[str, Any]:
        return _package(_SYSTEM, image.os_family, image.os_version, "OPERATING-SYSTEM")

    def package(self, package: ReportedPackage, seen: dict[str, int]) -> dict[str, Any]:
        url = package_url(package)
        digest = hashlib.sha256("\0".join((*package.key, *package.paths)).encode()).hexdigest()[:16]
        seen[digest] = seen.get(digest, 0) + 1
        identifier = f"SPDXRef-Package-{digest}" + (f"-{seen[digest]}" if seen[digest] > 1 else "")
        source = f"{package.source_name} {package.source_version}".strip()
        found = {
            **_package(identifier, package.name, package.version, "LIBRARY"),
            "licenseDeclared": self._license(package.licenses),
            **_urls((url,) if url else ()),
            **self._annotations(("LayerDiffID", (package.layer,)), ("Path", package.paths)),
        }
        if package.source_name:
            found["sourceInfo"] = f"built package from: {source}"
        elif package.paths:
            found["sourceInfo"] = f"package found in: {package.paths[0]}"
        return found

    def _license(self, licenses: tuple[str, ...]) -> str:
        parts = []
        for text in dict.fromkeys(licenses):
            if is_spdx(text):
                parts.append(f"({text})" if " " in text else text)
            else:
                digest = hashlib.sha256(text.encode()).hexdigest()[:12]
                parts.append(self._licenses.setdefault(text, f"LicenseRef-{digest}"))
        return " AND ".join(parts) or "NOASSERTION"

    def _annotations(self, *named: tuple[str, Iterable[str]]) -> dict[str, Any]:
        found = [
            {
                "annotationDate": self._created,
                "annotationType": "OTHER",
                "annotator": self._annotator,
                "comment": f"{name}: {value}",
            }
            for name, values in named
            for value in values
            if value
        ]
        return {"annotations": found} if found else {}


def _package(identifier: str, name: str, version: str, purpose: str) -> dict[str, Any]:
    return {
        "SPDXID": identifier,
        "name": name,
        **({"versionInfo": version} if version else {}),
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "supplier": "NOASSERTION",
        "primaryPackagePurpose": purpose,
    }


def _urls(urls: Iterable[str]) -> dict[str, Any]:
    found = [
        {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": url}
        for url in urls
    ]
    return {"externalRefs": found} if found else {}


def _relation(of: str, kind: str, to: str) -> dict[str, str]:
    return {"spdxElementId": of, "relationshipType": kind, "relatedSpdxElement": to}
