"""Records of real reports, and made ones with everything that is hard to write."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from scanners.records import Severity
from scanners.reported import (
    FixStatus,
    Reported,
    ReportedImage,
    ReportedMatch,
    ReportedPackage,
    ReportedVulnerability,
    Score,
    VexStatement,
    VexStatus,
)
from scanners.reports.read import read
from scanners.reports.source import Source, opened

REPORTS = Path(__file__).parents[2] / "data" / "reports"
AT = datetime(2026, 5, 2, 10, 0, tzinfo=UTC)
SERIAL = "3e671687-395b-41f5-a30f-a58921a69b79"
IMAGE = ReportedImage(
    name="registry.example.org:5000/team/shop:1.4",
    digest=f"sha256:{'2' * 64}",
    repo_digests=(f"registry.example.org:5000/team/shop@sha256:{'1' * 64}",),
    references=("registry.example.org:5000/team/shop:1.4",),
    os_family="debian",
    os_version="12.5",
    architecture="amd64",
    size_bytes=0,
    layers=(f"sha256:{'3' * 64}", f"sha256:{'4' * 64}"),
)
PACKAGES = (
    ReportedPackage(
        ecosystem="deb",
        namespace="debian",
        name="libssl3",
        version="1:3.0.11-1~deb12u2+b1",
        architecture="amd64",
        distribution="debian-12",
        source_name="openssl",
        source_version="1:3.0.11-1~deb12u2",
        layer=f"sha256:{'3' * 64}",
        licenses=("Apache-2.0", "public domain & more"),
    ),
    ReportedPackage(
        ecosystem="rpm",
        namespace="redhat",
        name="bind-libs",
        version="32:9.11.20-5.el8",
        architecture="x86_64",
        distribution="rhel-8",
        source_name="bind",
        source_version="32:9.11.20-5.el8",
    ),
    ReportedPackage(
        ecosystem="npm", namespace="@scope", name="left-pad", version="1.3.0", paths=("app/a.json",)
    ),
    ReportedPackage(
        ecosystem="npm", namespace="@scope", name="left-pad", version="1.3.0", paths=("app/b.json",)
    ),
    ReportedPackage(
        ecosystem="maven", namespace="org.example", name="core", version="", licenses=("MIT OR ISC",)
    ),
    ReportedPackage(ecosystem="generic", name="näme with blanks %#", version="1?2"),
)
MATCHES = (
    ReportedMatch(
        vulnerability=ReportedVulnerability(
            id="CVE-2024-0727",
            title="openssl: denial of service",
            description="Long. " * 2_000,
            scores=(Score(source="nvd", vector="CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:N/I:N/A:H", score=5.5),),
            weaknesses=("CWE-476",),
            references=("https://example.org/a",),
        ),
        package=PACKAGES[0],
        severity=Severity.MEDIUM,
        status=FixStatus.FIXED,
        fixed_versions=("1:3.0.13-1~deb12u1",),
        url="https://avd.example.org/CVE 2024",
    ),
    ReportedMatch(
        vulnerability=ReportedVulnerability(id="GHSA-aaaa-bbbb-cccc"), package=PACKAGES[2], severity=None
    ),
    ReportedMatch(
        vulnerability=ReportedVulnerability(id="CVE-2024-0727"),
        package=PACKAGES[5],
        severity=Severity.CRITICAL,
    ),
    ReportedMatch(
        vulnerability=ReportedVulnerability(id="CVE-2024-1"),
        package=PACKAGES[1],
        severity=Severity.LOW,
        status=FixStatus.NOT_AFFECTED,
    ),
)
STATEMENTS = (
    VexStatement(
        vulnerability="CVE-2024-0727",
        aliases=("GHSA-aaaa-bbbb-cccc",),
        status=VexStatus.NOT_AFFECTED,
        products=(f"pkg:oci/shop@sha256%3A{'1' * 64}", f"sha256:{'2' * 64}"),
        subcomponents=("pkg:deb/debian/libssl3@3.0.11-1~deb12u2", "pkg:deb/debian/openssl@3.0.11-1~deb12u2"),
        justification="vulnerable_code_not_in_execute_path",
        detail="Never called.",
        author="Example Org",
        stated_at=AT,
    ),
    VexStatement(
        vulnerability="CVE-2024-2",
        status=VexStatus.AFFECTED,
        products=("registry.example.org:5000/shop:1.4",),
    ),
    VexStatement(
        vulnerability="CVE-2024-3",
        status=VexStatus.FIXED,
        products=("cpe:/o:redhat:enterprise_linux:9", "cpe:2.3:a:example:shop:1.0:*:*:*:*:*:*:*"),
        action="Upgrade to 2.0.",
    ),
    VexStatement(
        vulnerability="CVE-2024-4",
        status=VexStatus.UNDER_INVESTIGATION,
        products=("Example Box 3", f"registry.example.org/shop@sha256:{'1' * 64}", "urn:cdx:a/1#b"),
    ),
    VexStatement(
        vulnerability="CVE-2024-5",
        status=VexStatus.NOT_AFFECTED,
        products=("pkg:npm/left-pad@1.3.0",),
        justification="a word of nobody",
    ),
)


def records(content: bytes) -> list[Reported]:
    """What our own reader says of a document."""
    return list(read(Source(memoryview(content), "document")))


def of_report(name: str) -> list[Reported]:
    with opened(REPORTS / name) as source:
        return list(read(source))
