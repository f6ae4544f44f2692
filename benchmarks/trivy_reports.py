"""A fleet's Trivy reports, the same for the same numbers: what `benchmarks.imports` reads when no other are given."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path
from typing import Any

POOL = 5_000  # vulnerabilities of the whole fleet
SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN")
SHARES = (4, 20, 43, 30, 3)
SCORES = {"CRITICAL": 9.8, "HIGH": 7.5, "MEDIUM": 5.5, "LOW": 3.3}
VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
WORDS = (
    "a",
    "flaw",
    "in",
    "the",
    "parser",
    "lets",
    "remote",
    "attackers",
    "crash",
    "a",
    "service",
    "by",
    "long",
    "requests",
)


def write(
    folder: Path, images: int, vulnerabilities: int, packages: int, *, at: str, changed: float = 0.0
) -> int:
    """One file an image; returns how many bytes. `changed` is the share of findings that are others than with 0."""
    size = 0
    for number in range(images):
        path = folder / f"image-{number:04}.json"
        path.write_text(json.dumps(report(number, vulnerabilities, packages, at=at, changed=changed)))
        size += path.stat().st_size
    return size


def report(number: int, vulnerabilities: int, packages: int, *, at: str, changed: float) -> dict[str, Any]:
    chance = random.Random(number)
    digest = hashlib.sha256(f"image {number}".encode()).hexdigest()
    layers = [f"sha256:{hashlib.sha256(f'{number} {layer}'.encode()).hexdigest()}" for layer in range(6)]
    held = [_package(chance, name, layers) for name in sorted(chance.sample(range(packages * 3), packages))]
    found = chance.sample(range(POOL), vulnerabilities)
    others = int(vulnerabilities * changed)
    found[:others] = [(one + POOL // 2) % POOL + POOL for one in found[:others]]
    return {
        "SchemaVersion": 2,
        "CreatedAt": at,
        "ArtifactName": f"registry.example/team/app-{number}:1.{number % 7}",
        "ArtifactType": "container_image",
        "Metadata": {
            "OS": {"Family": "debian", "Name": "12.5"},
            "ImageID": f"sha256:{digest}",
            "DiffIDs": layers,
            "RepoTags": [f"registry.example/team/app-{number}:1.{number % 7}"],
        },
        "Results": [
            {
                "Target": "debian 12.5",
                "Class": "os-pkgs",
                "Type": "debian",
                "Packages": held,
                "Vulnerabilities": [_vulnerability(one, held[one % packages]) for one in found],
            }
        ],
    }


def _package(chance: random.Random, name: int, layers: list[str]) -> dict[str, Any]:
    version = f"1.{name % 5}.{name % 3}-{name % 4}"
    return {
        "Name": f"lib{name}",
        "Version": version,
        "Arch": "amd64",
        "SrcName": f"source{name // 3}",
        "SrcVersion": version,
        "Identifier": {"PURL": f"pkg:deb/debian/lib{name}@{version}?arch=amd64&distro=debian-12.5"},
        "Layer": {"DiffID": layers[chance.randrange(len(layers))]},
    }


def _vulnerability(one: int, package: dict[str, Any]) -> dict[str, Any]:
    chance = random.Random(one)
    severity = chance.choices(SEVERITIES, SHARES)[0]
    is_fixed = chance.random() < 0.6
    return {
        "VulnerabilityID": f"CVE-20{15 + one % 10}-{10_000 + one}",
        "PkgName": package["Name"],
        "PkgIdentifier": package["Identifier"],
        "InstalledVersion": package["Version"],
        "FixedVersion": package["Version"] + "+deb12u1" if is_fixed else "",
        "Status": "fixed" if is_fixed else "affected",
        "Layer": package["Layer"],
        "Severity": severity,
        "SeveritySource": "nvd",
        "DataSource": {"ID": "debian", "Name": "Debian Security Tracker"},
        "Title": f"lib: {' '.join(chance.choices(WORDS, k=8))}",
        "Description": " ".join(chance.choices(WORDS, k=60)),
        "CweIDs": ["CWE-787"],
        "VendorSeverity": {"nvd": max(1, 4 - SEVERITIES.index(severity))} if severity in SCORES else {},
        "CVSS": {"nvd": {"V3Vector": VECTOR, "V3Score": SCORES[severity]}} if severity in SCORES else {},
        "References": [f"https://security.example/{one}/{link}" for link in range(4)],
        "PublishedDate": "2025-01-01T00:00:00Z",
        "LastModifiedDate": "2025-06-01T00:00:00Z",
    }
