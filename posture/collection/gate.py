"""The gate's question: an image that is stored, or a report or SBOM that a pipeline has in hand, which is not kept."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from posture.accounts.models import User
from posture.base.problems import Problem
from posture.collection import image_trust
from posture.collection.report_writing import Subject
from posture.collection.reports import subjects
from posture.collection.uploads import about_named
from posture.fleet.models import Environment
from posture.gate import actions, facts
from posture.gate.decide import Facts, Present, reasons
from posture.gate.models import GateDecision
from posture.vulnerabilities import matching
from posture.vulnerabilities.ingest import key_of, use_of
from scanners.records import Severity
from scanners.reported import ProblemKind
from scanners.reports import read
from scanners.reports.source import ReportError, opened


def ask_of_image(image: str, environment: Environment | None, by: User, at: datetime) -> GateDecision:
    """By the digest or name of an image that the asker may see. Raises Problem for none and for several."""
    asset = about_named(by, image=image, host=None)
    if asset is None:
        raise Problem("Name an image, or send a report of one.", errors={"image": "Required."})
    environment_id = None if environment is None else environment.pk
    known = facts.of_images([asset.pk], environment_id)[asset.pk]
    # The question mostly comes before the image is there, so that no verdict is stored for the environment.
    known = msgspec.structs.replace(known, signature=image_trust.outcome_in(asset.pk, environment_id))
    return _decided(known, asset.pk, environment, by, at)


def ask_of_report(
    path: Path, name: str, environment: Environment | None, by: User, at: datetime
) -> GateDecision:
    """By what a report or SBOM says, with the advisories that are stored. Raises Problem for one that cannot be read."""
    try:
        with opened(path, name) as source:
            found = list(subjects(read.reader_of(source).read(source)))
    except ReportError as error:
        raise Problem(str(error), code="unreadable_report", status=400) from None
    if len(found) != 1:
        raise Problem(
            f"The report is about {len(found)} images; the gate decides about one.", code="several_images"
        )
    if found[0].skipped_total:
        first = found[0].skipped[0]
        raise Problem(
            f"A part of the report cannot be read: {first.where}: {first.reason}",
            code="unreadable_report",
            hint="The gate does not decide on what it has read in part.",
        )
    return _decided(_facts_of(found[0]), None, environment, by, at)


def _decided(
    known: Facts, image_id: int | None, environment: Environment | None, by: User, at: datetime
) -> GateDecision:
    rules = actions.rules_for(environment)
    return actions.keep(
        environment=environment,
        image_id=image_id,
        facts=known,
        rules=rules,
        reasons=reasons(rules, known, at),
        by=by,
        at=at,
    )


def _facts_of(subject: Subject) -> Facts:
    present: dict[tuple[str, str], Present] = {}
    for match in subject.matches:
        one = Present(
            key=key_of(match.vulnerability),
            package=f"{match.package.name} {match.package.version}",
            severity=match.severity or max(match.vulnerability.severities.values(), default=Severity.LOW),
            fixed_versions=match.fixed_versions,
            known_since=match.vulnerability.published_at,
        )
        present[one.key, one.package] = one
    matched, is_covered = matching.judge(list(subject.packages.values()))
    for found in matched:
        name = f"{found.package.name} {found.package.version}"
        severity = found.severity if found.severity is not None else Severity.LOW
        fixes = (found.fixed_version,) if found.fixed_version else ()
        # What the report says of the same stands: it may know more of the image.
        present.setdefault(
            (found.key, name),
            Present(
                key=found.key,
                package=name,
                severity=severity,
                fixed_versions=fixes,
                known_since=found.published_at,
            ),
        )
    use = use_of({key for key, _ in present})
    image = subject.image
    return Facts(
        name=image.name,
        digest=image.digest,
        created_at=image.created_at,
        is_scanned=bool(subject.matches) or subject.looks_for_vulnerabilities or is_covered,
        vulnerabilities=tuple(
            Present(
                key=one.key,
                package=one.package,
                severity=one.severity,
                fixed_versions=one.fixed_versions,
                is_exploited=one.key in use and use[one.key].is_exploited,
                epss=use[one.key].epss if one.key in use else None,
                known_since=one.known_since,
            )
            for one in present.values()
        ),
        secrets=tuple(problem.title for problem in subject.problems if problem.kind is ProblemKind.SECRET),
    )
