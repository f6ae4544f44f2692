"""Anchore Engine's and Anchore Enterprise's vulnerabilities of an image (API 1 and 2), and their policy evaluations.

Written after the Engine's OpenAPI document and Enterprise's API reference. `image_digest` is a manifest's digest; the
evaluation's `image_id` is the image's id. A row of a policy evaluation is a verdict: what the action is not "go" for has
failed, unless it is on an allow list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from scanners.records import Severity, Skipped
from scanners.reported import (
    FixStatus,
    Origin,
    Reported,
    ReportedImage,
    ReportedMatch,
    ReportedVerdict,
    ReportedVulnerability,
    Score,
)
from scanners.reports.json_items import Items, Layout, clipped, each, looks_like, one, texts, whole
from scanners.reports.kinds import OF_SYSTEMS, located, system
from scanners.reports.source import Source

NAME = "Anchore"
TOOL = "anchore"
# Negligible does no harm; Unknown is no severity.
_SEVERITIES = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "low": Severity.LOW,
    "negligible": Severity.INFO,
}
# How grave a policy takes a finding: the image is stopped, or somebody is warned.
_ACTIONS = {"stop": Severity.HIGH, "warn": Severity.MEDIUM, "go": Severity.INFO}
# A feed group begins with the name of its data, but for these.
_SOURCES = {
    "rhel": "redhat",
    "centos": "redhat",
    "github": "ghsa",
    "nvdv2": "nvd",
    "amzn": "amazon",
    "ol": "oracle",
}
_POLICY = re.compile(rb'\[\s*\{\s*"sha256:[0-9a-f]{64}"\s*:')
_NOTHING = ("None", "none", "")


class _Metrics(Layout):
    base_score: float | None = None


class _Cvss(Layout):
    vector_string: str | None = None
    base_metrics: _Metrics | None = None
    base_score: float | None = None


class _Scored(Layout):
    id: str | None = None
    cvss_v2: _Cvss | None = None
    cvss_v3: _Cvss | None = None


class _Extra(Layout):
    """What a wrapper of the Engine adds from its query API."""

    description: str | None = None
    nvd_data: list[_Scored] | None = None
    vendor_data: list[_Scored] | None = None


class _Vulnerability(Layout):
    vuln: str | None = None
    vulnerability_id: str | None = None
    package: str | None = None
    package_name: str | None = None
    package_version: str | None = None
    package_type: str | None = None
    package_path: str | None = None
    severity: str | None = None
    fix: str | None = None
    will_not_fix: bool | None = None
    feed_group: str | None = None
    url: str | None = None
    description: str | None = None
    nvd_data: list[_Scored] | None = None
    vendor_data: list[_Scored] | None = None
    extra: _Extra | None = None


class _Report(Layout):
    imageDigest: str | None = None
    image_digest: str | None = None
    imageFullTag: str | None = None
    vulnerability_type: str | None = None
    vulnerabilities: Items = None
    # An evaluation of API 2.
    evaluated_tag: str | None = None
    evaluations: Items = None


class _Rows(Layout):
    rows: Items = None


class _ImageResult(Layout):
    result: _Rows | None = None


class _Result(Layout):
    image_id: str | None = None
    result: dict[str, msgspec.Raw] | None = None


class _Detail(Layout):
    result: _Result | None = None


class _Evaluation(Layout):
    status: str | None = None
    policyId: str | None = None
    detail: _Detail | None = None


class _Finding(Layout):
    trigger_id: str | None = None
    gate: str | None = None
    trigger: str | None = None
    message: str | None = None
    action: str | None = None
    allowlisted: Any = None
    recommendation: str | None = None


class _Details(Layout):
    findings: Items = None


class _Evaluation2(Layout):
    status: str | None = None
    policy_id: str | None = None
    image_id: str | None = None
    details: _Details | None = None


def score(source: Source) -> int:
    if _POLICY.match(source.head.lstrip()):
        return 85
    if looks_like(source, b'"evaluated_tag"', b'"evaluations"'):
        return 80
    if looks_like(source, b'"feed_group"', b'"vuln"'):
        return 85
    is_named = b'"imageDigest"' in source.head or b'"image_digest"' in source.head
    return 80 if is_named and looks_like(source, b'"vulnerability_type"', b'"vulnerabilities"') else 0


def read(source: Source) -> Iterator[Reported]:
    layout: Any = list[dict[str, dict[str, list[_Evaluation]]]] | _Report
    # Evaluations lie in an array, by digest and tag in a second, and have their rows in a third.
    depth = 3 if source.head.lstrip()[:1] == b"[" else 1
    report, lost = whole(source, layout, depth)
    if isinstance(report, list):
        yield Origin(format=f"{NAME} policy evaluation", tool=TOOL)
        for by_digest in report:
            for digest, by_tag in by_digest.items():
                for tag, evaluations in by_tag.items():
                    yield from _evaluations(digest, tag, evaluations, is_whole=lost is None)
    else:
        yield from _report(report, source.name, is_whole=lost is None)
    if lost is not None:
        yield lost


def _image(
    digest: str, tag: str, file_name: str, *, is_whole: bool, covers: str, id_: str = ""
) -> ReportedImage:
    name = tag.partition("@")[0]
    repository = name.rpartition(":")[0] if "/" not in name.rpartition(":")[2] and ":" in name else name
    manifest = f"{repository}@{digest}" if repository and digest.startswith("sha256:") else digest
    return ReportedImage(
        name=tag or file_name,
        digest=f"sha256:{id_.removeprefix('sha256:')}" if id_ else "",
        repo_digests=texts([manifest]),
        references=texts([tag]) if "@" not in tag else (),
        is_whole=is_whole,
        covers=(covers,),
    )


def _report(report: _Report, file_name: str, *, is_whole: bool) -> Iterator[Reported]:
    digest = report.image_digest or report.imageDigest or ""
    if report.evaluations is not None:
        yield Origin(format=f"{NAME} policy evaluation, API 2", tool=TOOL)
        image = _image(digest, report.evaluated_tag or "", file_name, is_whole=is_whole, covers="verdicts")
        yield from _evaluations2(report.evaluations, image)
        return
    yield Origin(format=f"{NAME} vulnerabilities", tool=TOOL)
    # Asked for the distribution's packages or for the others only, Anchore leaves the rest out.
    of_all = report.vulnerability_type in (None, "all")
    yield _image(
        digest, report.imageFullTag or "", file_name, is_whole=is_whole and of_all, covers="vulnerabilities"
    )
    for _, found in each(report.vulnerabilities, _Vulnerability, "vulnerabilities"):
        yield found if isinstance(found, Skipped) else _match(found)


def _match(found: _Vulnerability) -> ReportedMatch:
    group, _, release = (found.feed_group or "").partition(":")
    family = group if system(group) in OF_SYSTEMS else ""
    version = found.package_version or ""
    name = found.package_name or (found.package or "").removesuffix(f"-{version}")
    extra = found.extra or _Extra()
    source = _SOURCES.get(group.lower(), group.lower())
    level = _SEVERITIES.get((found.severity or "").lower())
    fixed = tuple(part.strip() for part in (found.fix or "").split(",") if part.strip() not in _NOTHING)
    is_systems = (found.package_type or "").lower() in ("rpm", "dpkg", "apkg", "deb", "apk")
    return ReportedMatch(
        vulnerability=ReportedVulnerability(
            id=found.vuln or found.vulnerability_id or "unnamed",
            description=clipped(found.description or extra.description),
            severities={} if level is None or not source else {source: level},
            scores=tuple(dict.fromkeys([*_scores(found, source), *_scores(extra, source)])),
            references=texts([found.url]),
        ),
        package=located(
            name or found.package or "",
            version if version not in _NOTHING else "",
            kind=(found.package_type or "").lower(),
            family=family if is_systems else "",
            os_version=release,
            paths=() if is_systems else texts([found.package_path]),
        ),
        severity=level,
        status=_status(found, fixed),
        fixed_versions=fixed,
        source=source,
        url=found.url or "",
    )


def _status(found: _Vulnerability, fixed: tuple[str, ...]) -> FixStatus:
    if found.will_not_fix:
        return FixStatus.WILL_NOT_FIX
    if fixed:
        return FixStatus.FIXED
    return FixStatus.AFFECTED if found.fix in _NOTHING else FixStatus.UNKNOWN


def _scores(found: _Vulnerability | _Extra, source: str) -> Iterator[Score]:
    for scored, by in [(s, "nvd") for s in found.nvd_data or ()] + [
        (s, source) for s in found.vendor_data or ()
    ]:
        for cvss in (scored.cvss_v3, scored.cvss_v2):
            if cvss is not None and cvss.vector_string:
                points = cvss.base_score or (cvss.base_metrics or _Metrics()).base_score
                yield Score(source=by, vector=cvss.vector_string, score=points)


def _evaluations(
    digest: str, tag: str, evaluations: list[_Evaluation], *, is_whole: bool
) -> Iterator[Reported]:
    ids = [e.detail.result.image_id or "" for e in evaluations if e.detail and e.detail.result]
    id_ = next(iter(texts(ids)), "")
    yield _image(digest, tag, "", is_whole=is_whole, covers="verdicts", id_=id_)
    for evaluation in evaluations:
        yield from _overall(evaluation.status, evaluation.policyId)
        result = (evaluation.detail and evaluation.detail.result) or _Result()
        for key, raw in (result.result or {}).items():
            found = one(raw, _ImageResult, f"{tag}: {key}"[:200])
            rows = found.result.rows if isinstance(found, _ImageResult) and found.result else None
            for position, row in each(rows, list[Any], f"{tag}: rows"):
                if isinstance(row, Skipped):
                    yield row
                elif len(row) < 8:
                    reason = f"a row of {len(row)} values, where a policy evaluation has at least 8"
                    yield Skipped(kind="malformed", where=f"{tag}: rows[{position}]"[:200], reason=reason)
                else:
                    # Image, tag, then these (the evaluation's own header says so), and the policy's id.
                    told = [value if isinstance(value, str) else "" for value in row[2:7]]
                    yield _verdict(
                        _Finding(
                            trigger_id=told[0],
                            gate=told[1],
                            trigger=told[2],
                            message=told[3],
                            action=told[4],
                            allowlisted=row[7],
                        )
                    )


def _evaluations2(items: Items, image: ReportedImage) -> Iterator[Reported]:
    evaluations = [found for _, found in each(items, _Evaluation2, "evaluations")]
    ids = [found.image_id or "" for found in evaluations if not isinstance(found, Skipped)]
    id_ = next(iter(texts(ids)), "").removeprefix("sha256:")
    yield msgspec.structs.replace(image, digest=f"sha256:{id_}" if id_ else "")
    for evaluation in evaluations:
        if isinstance(evaluation, Skipped):
            yield evaluation
            continue
        yield from _overall(evaluation.status, evaluation.policy_id)
        for _, found in each((evaluation.details or _Details()).findings, _Finding, "findings"):
            yield found if isinstance(found, Skipped) else _verdict(found)


def _overall(status: str | None, policy: str | None) -> Iterator[ReportedVerdict]:
    if status:
        yield ReportedVerdict(
            check=f"policy:{policy or ''}",
            title="The image passes Anchore's policy",
            severity=Severity.HIGH,
            passed={"pass": True, "fail": False}.get(status.lower()),
        )


def _verdict(found: _Finding) -> ReportedVerdict:
    action, message = (found.action or "").lower(), found.message or ""
    # A row about a package begins with the vulnerability's own severity: "MEDIUM Vulnerability found in …".
    said = _SEVERITIES.get(message.partition(" ")[0].lower()) if found.gate == "vulnerabilities" else None
    is_allowed = found.allowlisted not in (None, False, "", "false", "False")
    return ReportedVerdict(
        check=":".join(texts([found.gate, found.trigger, found.trigger_id])),
        title=f"{found.gate or ''}: {found.trigger or ''}",
        severity=_ACTIONS.get(action, Severity.INFO) if said is None else said,
        passed=True if action == "go" or is_allowed else (False if action in _ACTIONS else None),
        detail=clipped(f"{message} (on an allow list)" if is_allowed else message),
        remediation=clipped(found.recommendation),
    )
