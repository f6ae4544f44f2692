"""What a report says of one image, written: its packages, the findings, the tool's word on each, and the loads."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import cached_property

import msgspec
from django.db import OperationalError, transaction
from psycopg2.errorcodes import DEADLOCK_DETECTED

from posture.base import upsert
from posture.decisions.follow import follow
from posture.findings import reported as findings
from posture.findings.agreement import Word
from posture.findings.choices import FindingKind
from posture.findings.reported import Said
from posture.findings.settle import Settled
from posture.fleet import ingest as fleet
from posture.images import ingest as images
from posture.risk import loads
from posture.risk.points import data_of, points_of, threat_of
from posture.vulnerabilities import ingest as vulnerabilities
from posture.vulnerabilities import scans
from posture.vulnerabilities.choices import FIX_NUMBER
from scanners.records import AssetKind, Record, Skipped
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
DEADLOCKS = 5  # how often one writing may be ended by PostgreSQL
_KINDS = {
    ProblemKind.SECRET: FindingKind.SECRET,
    ProblemKind.UNSUPPORTED: FindingKind.UNSUPPORTED,
    ProblemKind.MALWARE: FindingKind.MALWARE,
    ProblemKind.MISCONFIGURATION: FindingKind.REPORTED_CHECK,
}
_VULNERABILITY = (
    FindingKind.VULNERABILITY.value
)  # enumerations answer slowly, and there are very many of these
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


class About(Record, frozen=True, kw_only=True):
    """What a report is about, where whoever sends it says so: one image, or one host."""

    asset_id: int
    kind: AssetKind
    key: str
    name: str
    environment_id: int | None = None
    data_classes: tuple[str, ...] = ()


class Subject:
    """Everything that a report says of one image, gathered before anything of it is written."""

    def __init__(self, origin: Origin, image: ReportedImage, about: About | None = None) -> None:
        self.origin = origin
        self.image = image
        self.about = about
        self.packages: dict[vulnerabilities.PackageKey, ReportedPackage] = {}
        self.lists_packages = "packages" in image.covers
        self.matches: list[ReportedMatch] = []
        self.problems: list[ReportedProblem] = []
        self.verdicts: list[ReportedVerdict] = []
        self.skipped: list[Skipped] = []
        self.skipped_total = 0

    def add(self, record: Reported) -> None:
        if isinstance(record, Skipped):
            self.skipped_total += 1
            if len(self.skipped) < SKIPPED_KEPT:
                self.skipped.append(record)
            return
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
    def findings(self) -> int:
        return len(self.matches) + len(self.problems) + len(self.failed)

    @property
    def looks_for_vulnerabilities(self) -> bool:
        """Whether it would have told of vulnerabilities, had there been any; a list of packages alone does not say so."""
        if self.image.covers:
            return "vulnerabilities" in self.image.covers
        return bool(self.matches) or self.origin.format.partition(" ")[0] not in _INVENTORIES

    @property
    def failed(self) -> list[ReportedVerdict]:
        return [verdict for verdict in self.verdicts if verdict.passed is False]

    @cached_property
    def fingerprint(self) -> str:
        """Of what is said, not of when: a report that says the same again has the same one. Asked for when all is added."""
        said = (self.image, list(self.packages.values()), self.matches, self.problems, self.verdicts)
        return hashlib.blake2b(msgspec.msgpack.encode(said), digest_size=16).hexdigest()


class Written(Record, frozen=True, kw_only=True):
    """`settled` is None when the tool said exactly this before."""

    asset_id: int
    settled: Settled | None


def write(
    subject: Subject, at: datetime, may_write: Callable[[int], bool], begin: Callable[[], None]
) -> Written | None:
    """Store one subject, all of it in one transaction or nothing; None when `may_write` refuses its asset. `begin` is called
    before anything is written but when the tool last told."""
    for _ in range(DEADLOCKS):
        try:
            return _write(subject, at, may_write, begin)
        except OperationalError as error:
            # Writers lock in one order; should two wait in a circle all the same, PostgreSQL ends one of them.
            if getattr(error.__cause__, "pgcode", "") != DEADLOCK_DETECTED:
                raise
    return _write(subject, at, may_write, begin)


def _write(
    subject: Subject, at: datetime, may_write: Callable[[int], bool], begin: Callable[[], None]
) -> Written | None:
    about = subject.about
    asset_id, is_new = _image(subject.image, at) if about is None else (about.asset_id, False)
    if not is_new and not may_write(asset_id):
        return None
    if (
        not is_new
        and not subject.skipped_total
        and scans.unchanged(asset_id, subject.origin, subject.fingerprint, at)
    ):
        return Written(asset_id=asset_id, settled=None)
    begin()
    package_ids = vulnerabilities.ensure_packages(subject.packages.values(), at)
    vulnerabilities.ensure_files(subject.packages.values(), package_ids)
    known = vulnerabilities.ensure_vulnerabilities((m.vulnerability for m in subject.matches), at)
    data = () if about is None else data_of(about.data_classes)
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
            environment_id=None if about is None else about.environment_id,
            weigh=lambda severity, threat: (points_of(severity, [*threat, *data]), [*threat, *data]),
            at=at,
            ecosystems=_looked_in(subject),
        )
        if subject.lists_packages:
            vulnerabilities.store_package_list(
                asset_id, subject.origin.tool, _placed(subject, package_ids), at
            )
        fleet.add_evidence([asset_id], _evidence(subject))
        scans.store(
            asset_id,
            subject.origin,
            subject.fingerprint,
            findings=subject.findings,
            packages=len(subject.packages) if subject.lists_packages else None,
            skipped=subject.skipped,
            skipped_total=subject.skipped_total,
            at=at,
        )
        roll_up(asset_id, at)
    return Written(asset_id=asset_id, settled=settled)


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
    return [
        reported_vulnerability(
            known[match.vulnerability.id],
            package_ids[match.package.key],
            match.package.ecosystem,
            Word(
                severity=match.severity,
                status=FIX_NUMBER[match.status],
                fixed_versions=match.fixed_versions,
                outranks=match.source.partition(":")[0] not in _GENERAL,
            ),
        )
        for match in subject.matches
    ]


def reported_vulnerability(of: vulnerabilities.Known, package_id: int, ecosystem: str, word: Word) -> Said:
    """A tool's word that a vulnerability is in a package."""
    return Said(
        kind=_VULNERABILITY,
        key=f"{of.key} {package_id}",
        vulnerability_id=of.id,
        package_id=package_id,
        ecosystem=ecosystem[:20],
        word=word,
        threat=tuple(threat_of(is_exploited=of.is_exploited, epss=of.epss)),
    )


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
        for verdict in subject.failed
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


def _evidence(subject: Subject) -> list[str]:
    """What the report is evidence of: of an image, its packages, and that vulnerabilities were looked for."""
    if subject.about is not None and subject.about.kind is not AssetKind.IMAGE:
        return []
    return [
        *(["packages"] if subject.lists_packages else []),
        *(["vulnerability_scan"] if subject.looks_for_vulnerabilities else []),
    ]


def _looked_in(subject: Subject) -> set[str]:
    """The ecosystems in which the report looked for vulnerabilities: those of the packages that it lists."""
    if not subject.looks_for_vulnerabilities:
        return set()
    return {package.ecosystem for package in subject.packages.values() if package.ecosystem}


def roll_up(asset_id: int, at: datetime) -> None:
    """What decisions and deadlines say of the asset's findings, its load, and that of every host that runs the image."""
    changed = follow([asset_id], at)
    loads.roll_up({asset_id, *changed}, at)
