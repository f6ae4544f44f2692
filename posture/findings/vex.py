"""Which statements of VEX documents are about a finding: by vulnerability, and by the product and what is inside it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from urllib.parse import unquote

from posture.findings.models import Finding
from posture.images.models import Presence
from posture.vulnerabilities.models import Package, Statement
from scanners.purl import coordinates

_OCI = ("pkg:oci/", "pkg:docker/")


def statements_on(finding: Finding, moment: datetime | None) -> list[Statement]:
    """Those that are about this finding, the newest word first."""
    if finding.vulnerability_id is None or finding.package is None:
        return []
    found = Statement.objects.as_of(moment).filter(vulnerability=finding.vulnerability_id)
    candidates = list(found.order_by("-stated_at", "-pk")[:500])
    if not candidates:
        return []
    names = names_of_image(finding.asset_id, finding.asset.key, moment)
    return [one for one in candidates if is_about(one.product, one.subcomponents, names, finding.package)]


def names_of_image(asset_id: int, key: str, moment: datetime | None) -> set[str]:
    """Everything by which a document may name an image: its digests, and its references with and without tag."""
    names = {key}
    held = Presence.objects.as_of(moment).filter(image=asset_id)
    for references, digests in held.values_list("references", "repo_digests"):
        for digest in digests:
            repository, _, manifest = digest.partition("@")
            names |= {digest, manifest, repository}
        for reference in references:
            names |= {reference, _repository(reference)}
    return names


def is_about(product: str, subcomponents: Sequence[str], names: Collection[str], package: Package) -> bool:
    """Whether a product, or the parts of it that are named, is this package or the image that holds it.

    A product that is a package needs no image; one that is an image needs the package among its subcomponents, where it
    names any.
    """
    if _is_image(product, names):
        return not subcomponents or any(_is_package(part, package) for part in subcomponents)
    return _is_package(product, package)


def _is_image(product: str, names: Collection[str]) -> bool:
    if product.startswith(_OCI):
        return any(name in names for name in _of_oci(product))
    return product in names or product.removeprefix("docker://") in names


def _of_oci(purl: str) -> Iterable[str]:
    """Digest, and reference, of pkg:oci/name@sha256:…?repository_url=registry/name&tag=1 (purl-spec, type "oci")."""
    found = coordinates(purl)
    if found is None:
        return
    if found.version.startswith("sha256:"):
        yield unquote(found.version)
        return
    _, _, query = purl.partition("?")
    said = dict(part.partition("=")[::2] for part in query.partition("#")[0].split("&"))
    repository = unquote(said.get("repository_url", "")) or found.name
    tag = unquote(said.get("tag", "")) or found.version
    yield f"{repository}:{tag}" if tag else repository


def _is_package(identifier: str, package: Package) -> bool:
    if not identifier.startswith("pkg:"):
        return False
    found = coordinates(identifier)
    return (
        found is not None
        and found.ecosystem == package.ecosystem
        and found.name in (package.name, package.source_name)
        and found.namespace in ("", package.namespace)
        and found.version in ("", package.version, package.source_version)
        and found.architecture in ("", "source", package.architecture)
        and found.distribution in ("", package.distribution)
    )


def _repository(reference: str) -> str:
    head, separator, tail = reference.rpartition(":")
    return head if separator and "/" not in tail else reference
