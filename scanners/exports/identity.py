"""Package URLs and licences as documents of other tools want them, from our records."""

from __future__ import annotations

import re

from packageurl import PackageURL

from scanners.reported import ReportedImage, ReportedPackage

# Identifiers of the SPDX license list that packages of distributions and languages mostly carry. Others are written as
# a name of their own, which is always valid.
_SPDX_IDS = {
    "0BSD", "AFL-2.1", "AGPL-3.0-only", "AGPL-3.0-or-later", "Apache-1.1", "Apache-2.0", "Artistic-1.0",
    "Artistic-1.0-Perl", "Artistic-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSD-4-Clause", "BSL-1.0", "BlueOak-1.0.0",
    "CC-BY-3.0", "CC-BY-4.0", "CC0-1.0", "CDDL-1.0", "CDDL-1.1", "CPL-1.0", "EPL-1.0", "EPL-2.0", "EUPL-1.2", "FTL",
    "GFDL-1.2-only", "GFDL-1.3-only", "GFDL-1.3-or-later", "GPL-1.0-only", "GPL-1.0-or-later", "GPL-2.0-only",
    "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later", "HPND", "ICU", "IJG", "ISC", "LGPL-2.0-only",
    "LGPL-2.0-or-later", "LGPL-2.1-only", "LGPL-2.1-or-later", "LGPL-3.0-only", "LGPL-3.0-or-later", "Libpng",
    "MIT", "MIT-0", "MPL-1.1", "MPL-2.0", "MulanPSL-2.0", "NCSA", "OFL-1.1", "OpenSSL", "PHP-3.01", "PSF-2.0",
    "PostgreSQL", "Python-2.0", "Ruby", "SSPL-1.0", "Sleepycat", "TCL", "UPL-1.0", "Unicode-TOU", "Unlicense",
    "Vim", "W3C", "WTFPL", "X11", "ZPL-2.1", "Zlib", "bzip2-1.0.6", "curl", "libtiff", "zlib-acknowledgement",
}  # fmt: skip
_OPERATOR = re.compile(r"\s+(?:AND|OR)\s+|[()]")


def package_url(package: ReportedPackage) -> str:
    """The package URL with architecture, release and source package; "" for a package without a name."""
    version, epoch = package.version, ""
    if package.ecosystem == "rpm" and ":" in version:
        epoch, _, version = version.partition(":")
    source = package.source_name
    if source and package.source_version and package.source_version != package.version:
        source = f"{source}@{package.source_version}"
    qualifiers = {
        "arch": package.architecture,
        "distro": package.distribution,
        "epoch": epoch,
        "upstream": source,
    }
    try:
        return PackageURL(
            type=package.ecosystem or "generic",
            namespace=package.namespace or None,
            name=package.name,
            version=version or None,
            qualifiers={name: value for name, value in qualifiers.items() if value},
        ).to_string()
    except ValueError:
        return ""


def image_url(repo_digest: str) -> str:
    """The package URL of an image by name@digest of its manifest; "" for what is none (package-url, type oci)."""
    repository, at, digest = repo_digest.partition("@")
    if not at or not repository:
        return ""
    return PackageURL(
        type="oci",
        name=repository.rpartition("/")[2],
        version=digest,
        qualifiers={"repository_url": repository},
    ).to_string()


def reference_url(reference: str) -> str:
    """The package URL of an image by name and tag; "" for what is none."""
    repository, colon, tag = reference.rpartition(":")
    if not colon or not repository or "/" in tag:
        return ""
    name = repository.rpartition("/")[2]
    return PackageURL(
        type="oci", name=name, qualifiers={"repository_url": repository, "tag": tag}
    ).to_string()


def image_urls(image: ReportedImage) -> tuple[str, ...]:
    """Every package URL of an image: by its manifests, else by its names."""
    found = [image_url(digest) for digest in image.repo_digests] or [
        reference_url(reference) for reference in image.references
    ]
    return tuple(dict.fromkeys(url for url in found if url))


def is_spdx(license_: str) -> bool:
    """Whether a licence is an SPDX expression of identifiers that are known here."""
    parts = [part.strip() for part in _OPERATOR.split(license_) if part.strip()]
    return bool(parts) and all(part in _SPDX_IDS for part in parts)
