"""What a report says of one image, written: its packages, the findings, the tool's word on each, and the loads."""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec
from django.db import transaction

from posture.base import upsert
from posture.findings import reported as findings
from posture.findings.choices import FindingKind
from posture.findings.reported import Said, Word
from posture.findings.settle import Settled
from posture.fleet import ingest as fleet
from posture.images import ingest as images
from posture.risk import loads
from posture.risk.points import points_of, threat_of
from posture.vulnerabilities import ingest as vulnerabilities
from posture.vulnerabilities import scans
from posture.vulnerabilities.choices import FIX_NUMBER
from scanners.records import AssetKind, Skipped
from scanners.reported import (
    FixStatus,
    Origin,
    ProblemKind,
    Reported,
    ReportedImage,
    ReportedMatch,
    ReportedPackage,
    ReportedProblem,
    ReportedVerdict,
)

SKIPPED_KEPT = 500
_KINDS = {
    ProblemKind.SECRET: FindingKind.SECRET,
    ProblemKind.UNSUPPORTED: FindingKind.UNSUPPORTED,
    ProblemKind.MALWARE: FindingKind.MALWARE,
    ProblemKind.MISCONFIGURATION: FindingKind.REPORTED_CHECK,
}
_COVERED = {
    "vulnerabilities": {FindingKind.VULNERABILITY},
    "problems": {
        FindingKind.SECRET, FindingKind.UNSUPPORTED, FindingKind.MALWARE, FindingKind.REPORTED_CHECK,
    },
    "verdicts": {FindingKind.REPORTED_CHECK},
}  # fmt: skip
_INVENTORIES = ("Syft", "CycloneDX", "SPDX")  # formats that list packages and need not say more
# Databases that collect what others say. A severity from anywhere else is that of who made the package.
_GENERAL = ("", "nvd", "ghsa", "osv", "epss")


class Subject:
    """Everything that a report says of one image, gathered before anything of it is written."""

    def __init__(self, origin: Origin, image: ReportedImage) -> None:
        self.origin = origin
        self.image = image
        self.packages: dict[vulnerabilities.PackageKey, ReportedPackage] = {}
        self.lists_packages = "packages" in image.covers
        self.matches: list[ReportedMatch] = []
        self.problems: list[ReportedProblem] = []
        self.verdicts: list[ReportedVerdict] = []
        self.skipped: list[Skipped] = []
        self.skipped_total = 0
        # Of what is said, not of when: a report that says the same again has the same one.
        self._digest = hashlib.blake2b(msgspec.msgpack.encode(image), digest_size=16)

    def add(self, record: Reported) -> None:
        if isinstance(record, Skipped):
            self.skipped_total += 1
            if len(self.skipped) < SKIPPED_KEPT:
                self.skipped.append(record)
            return
        self._digest.update(msgspec.msgpack.encode(record))
        match record:
            case ReportedPackage():
                self.lists_packages = True
                self.packages[record.key] = record
            case ReportedMatch():
                self.packages.setdefault(record.package.key, record.package)
                if record.status is not FixStatus.NOT_AFFECTED:
                    self.matches.append(record)
            case ReportedProblem():
                self.problems.append(record)
            case ReportedVerdict():
                self.verdicts.append(record)

    @property
    def fingerprint(self) -> str:
        return self._digest.hexdigest()


def write(subject: Subject, at: datetime) -> Settled | None:
    """Store one subject; None when the tool said exactly this before. All of it in one transaction, or nothing."""
    asset_id, is_new = _image(subject.image, at)
    if (
        not is_new
        and not subject.skipped_total
        and scans.unchanged(asset_id, subject.origin, subject.fingerprint, at)
    ):
        return None
    package_ids = vulnerabilities.ensure_packages(subject.packages.values(), at)
    vulnerabilities.ensure_files(subject.packages.values(), package_ids)
    known = vulnerabilities.ensure_vulnerabilities((m.vulnerability for m in subject.matches), at)
    with transaction.atomic():
        upsert.without_waiting_for_the_disk()
        fleet.lock_shared_beside_others()
        fleet.lock(asset_id)
        settled = findings.settle(
            asset_id,
            [*_matches(subject, package_ids, known), *_problems(subject), *_verdicts(subject)],
            tool=subject.origin.tool,
            is_whole=subject.image.is_whole and not subject.skipped_total,
            kinds=_looked_for(subject.image.covers),
            environment_id=None,
            weigh=lambda severity, threat: points_of(severity, threat),
            at=at,
        )
        if subject.lists_packages:
            vulnerabilities.store_package_list(
                asset_id, subject.origin.tool, _placed(subject, package_ids), at
            )
        evidence = [*(["packages"] if subject.lists_packages else []), *_scanned(subject)]
        fleet.add_evidence([asset_id], evidence)
        scans.store(
            asset_id,
            subject.origin,
            subject.fingerprint,
            findings=len(subject.matches) + len(subject.problems),
            packages=len(subject.packages) if subject.lists_packages else None,
            skipped=subject.skipped,
            skipped_total=subject.skipped_total,
            at=at,
        )
        _roll_up(asset_id, at)
    return settled


def _image(said: ReportedImage, at: datetime) -> tuple[int, bool]:
    """(asset id, whether it is new) of the image that a report is about."""
    key = said.digest
    if not key and len(found := images.found_by_names(said)) == 1:
        return found[0][0], False
    key = key or f"name:{said.name or 'unnamed'}"[:200]
    stored = fleet.known(AssetKind.IMAGE, [key]).get(key)
    if stored is not None and not stored.gone:
        return stored.id, False
    name = (said.references or said.repo_digests or (said.name,))[0] or key
    with transaction.atomic():
        made = fleet.store_assets(
            AssetKind.IMAGE, {key: name[:300]}, environment_id=None, host_id=None, at=at
        )[key]
        images.store_reported(made.id, said, at)
        if made.gone:
            fleet.mark_changed([(made.id, name[:300], "")], at)
    return made.id, stored is None


def _matches(
    subject: Subject,
    package_ids: dict[vulnerabilities.PackageKey, int],
    known: dict[str, vulnerabilities.Known],
) -> list[Said]:
    found = []
    for match in subject.matches:
        of = known[match.vulnerability.id]
        package_id = package_ids[match.package.key]
        found.append(
            Said(
                kind=FindingKind.VULNERABILITY.value,
                key=f"{of.key} {package_id}",
                vulnerability_id=of.id,
                package_id=package_id,
                word=Word(
                    severity=match.severity,
                    status=FIX_NUMBER[match.status],
                    fixed_versions=match.fixed_versions,
                    outranks=match.source.partition(":")[0] not in _GENERAL,
                ),
                threat=tuple(threat_of(is_exploited=of.is_exploited, epss=of.epss)),
            )
        )
    return found


def _problems(subject: Subject) -> list[Said]:
    return [
        Said(
            kind=_KINDS[problem.kind].value,
            key=_short(problem.key),
            word=Word(severity=problem.severity),
            evidence=tuple(line for line in (problem.title, problem.path, problem.detail) if line),
        )
        for problem in subject.problems
    ]


def _verdicts(subject: Subject) -> list[Said]:
    return [
        Said(
            kind=FindingKind.REPORTED_CHECK.value,
            key=_short(f"{subject.origin.tool}:{verdict.check}"),
            word=Word(severity=verdict.severity),
            evidence=tuple(line for line in (verdict.title, verdict.detail) if line),
        )
        for verdict in subject.verdicts
        if verdict.passed is False
    ]


def _short(key: str) -> str:
    """A key that fits the column: a long one keeps its beginning and gets a hash of the whole."""
    if len(key) <= 200:
        return key
    return f"{key[:160]}#{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}"


def _placed(subject: Subject, package_ids: dict[vulnerabilities.PackageKey, int]) -> dict[int, int]:
    """Package id -> place of its layer in the image, -1 where that is not told."""
    places = {layer: place for place, layer in enumerate(subject.image.layers)}
    return {package_ids[key]: places.get(package.layer, -1) for key, package in subject.packages.items()}


def _looked_for(covers: tuple[str, ...]) -> set[str]:
    """The kinds of finding that a report would have told, so that what it does not tell is not there."""
    return {
        kind.value
        for kind in findings.REPORTED
        if not covers or any(kind in _COVERED[part] for part in covers if part in _COVERED)
    }


def _scanned(subject: Subject) -> list[str]:
    """Whether the report is evidence that vulnerabilities were looked for: a list of packages alone is not."""
    covers = subject.image.covers
    if covers:
        return ["vulnerability_scan"] if "vulnerabilities" in covers else []
    looked = subject.matches or subject.origin.format.partition(" ")[0] not in _INVENTORIES
    return ["vulnerability_scan"] if looked else []


def _roll_up(asset_id: int, at: datetime) -> None:
    """The image's load, and that of every host that runs it."""
    if loads.recompute([asset_id], at):
        hosts = images.hosts_running([asset_id])
        for host_id in hosts:
            fleet.lock(host_id)
        loads.recompute(hosts, at)
