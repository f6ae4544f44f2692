"""SARIF 2.1.0 of scanners of container images: Trivy, Grype, osv-scanner, Docker Scout, Snyk, Dockle, and others.

Written after the OASIS standard and these tools' writers. SARIF has no place for a package: it is read from package URLs in
`properties` and from the texts, which every tool writes in its own fixed form (`sarif_texts`). A result without a package
is a problem when it is a secret, else a verdict. Layers are diff ids, which only Grype tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from scanners.records import Severity, Skipped
from scanners.reported import (
    FixStatus,
    Origin,
    ProblemKind,
    Reported,
    ReportedImage,
    ReportedMatch,
    ReportedProblem,
    ReportedVerdict,
    ReportedVulnerability,
    Score,
)
from scanners.reports.json_items import Items, Layout, clipped, each, looks_like, moment, one, texts, whole
from scanners.reports.sarif_texts import NO_VERSION, Said, said_of, vulnerability_id
from scanners.reports.source import Source

NAME = "SARIF 2.1.0"
# Negligible and unimportant do no harm; unknown and unspecified are no severity.
_SEVERITIES = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "important": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "moderate": Severity.MEDIUM,
    "low": Severity.LOW,
    "negligible": Severity.INFO,
    "unimportant": Severity.INFO,
}
# The standard's levels (3.27.10), where nothing else is said.
_LEVELS = {
    "error": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "note": Severity.LOW,
    "none": Severity.INFO,
}
# CVSS 3.1, "Qualitative Severity Rating Scale": the lowest score of each.
_SCALE = (
    (9.0, Severity.CRITICAL),
    (7.0, Severity.HIGH),
    (4.0, Severity.MEDIUM),
    (0.1, Severity.LOW),
    (0.0, Severity.INFO),
)
_KINDS = {"fail": False, "pass": True}  # 3.27.9; the others could not tell, or were not asked to
_SECRETS = re.compile(r"secret|credential|gitleaks|trufflehog", re.IGNORECASE)
_LONGEST_NAME = 500
_WEAKNESS = re.compile(r"(?i)cwe-\d{1,6}")
_TAG = re.compile(r"^(?P<name>\S+):(?P<tag>[\w.-]+)$")


class _Text(Layout):
    text: str | None = None
    markdown: str | None = None


class _Rule(Layout):
    id: str = ""
    name: str | None = None
    shortDescription: _Text | None = None
    fullDescription: _Text | None = None
    help: _Text | None = None
    helpUri: str | None = None
    defaultConfiguration: _Level | None = None
    properties: dict[str, Any] | None = None


class _Level(Layout):
    level: str | None = None


class _Driver(Layout):
    name: str | None = None
    version: str | None = None
    semanticVersion: str | None = None
    rules: Items = None


class _Tool(Layout):
    driver: _Driver | None = None


class _Artifact(Layout):
    uri: str | None = None


class _Region(Layout):
    startLine: int | None = None


class _Physical(Layout):
    artifactLocation: _Artifact | None = None
    region: _Region | None = None


class _Logical(Layout):
    name: str | None = None
    fullyQualifiedName: str | None = None


class _Location(Layout):
    physicalLocation: _Physical | None = None
    logicalLocations: list[_Logical] | None = None


class _Suppression(Layout):
    status: str | None = None


class _RuleOf(Layout):
    id: str | None = None
    index: int | None = None


class _Result(Layout):
    ruleId: str | None = None
    ruleIndex: int | None = None
    rule: _RuleOf | None = None
    kind: str | None = None
    level: str | None = None
    message: _Text | None = None
    locations: list[_Location] | None = None
    suppressions: list[_Suppression] | None = None
    properties: dict[str, Any] | None = None


class _Invocation(Layout):
    endTimeUtc: str | None = None


class _Run(Layout):
    tool: _Tool | None = None
    invocations: list[_Invocation] | None = None
    results: Items = None
    properties: dict[str, Any] | None = None


class _Report(Layout):
    runs: Items = None


def score(source: Source) -> int:
    if not looks_like(source, b'"runs"'):
        return 0
    return 90 if b"sarif" in source.head or re.search(rb'"version"\s*:\s*"2\.1\.0"', source.head) else 0


def read(source: Source) -> Iterator[Reported]:
    report, lost = whole(source, _Report, 2)
    runs = [run for _, run in each(report.runs, _Run, "runs")]
    told = next((run for run in runs if not isinstance(run, Skipped)), _Run())
    driver = (told.tool and told.tool.driver) or _Driver()
    yield Origin(
        format=NAME,
        tool=_slug(driver.name),
        tool_version=driver.semanticVersion or driver.version or "",
        created_at=next((moment(i.endTimeUtc) for i in told.invocations or () if i.endTimeUtc), None),
    )
    for position, run in enumerate(runs):
        if isinstance(run, Skipped):
            yield run
        else:
            yield from _Reading(run, f"runs[{position}]", source.name, is_whole=lost is None).records()
    if lost is not None:
        yield lost


def _slug(name: str | None) -> str:
    """The name under which a tool's word is kept: "Snyk Container" is snyk-container."""
    return re.sub(r"[^a-z0-9.]+", "-", (name or "").lower()[:60]).strip("-") or "sarif"


class _Reading:
    """One run: its rules, and what its results say by them."""

    def __init__(self, run: _Run, where: str, file_name: str, *, is_whole: bool) -> None:
        self.run = run
        self.where = where
        self.file_name = file_name
        self.is_whole = is_whole
        driver = (run.tool and run.tool.driver) or _Driver()
        self.tool = _slug(driver.name)
        self.rules = driver.rules or []
        self.positions: dict[str, int] = {}
        for position, rule in each(self.rules, _RuleOf, ""):
            if not isinstance(rule, Skipped) and rule.id:
                self.positions.setdefault(rule.id, position)
        self.known: dict[int, _Rule] = {}

    def records(self) -> Iterator[Reported]:
        yield self._image()
        suppressed = ruleless = 0
        for _, result in each(self.run.results, _Result, f"{self.where}.results"):
            if isinstance(result, Skipped):
                yield result
            elif result.suppressions and any(s.status in (None, "accepted") for s in result.suppressions):
                suppressed += 1
            elif not self.is_whole and self._index(result) is None:
                ruleless += 1
            else:
                yield _record(result, self._rule(result), self.tool)
        if suppressed:
            reason = f"results that are suppressed in the report: {suppressed}"
            yield Skipped(kind="suppressed", where=f"{self.where}.results", reason=reason)
        if ruleless:
            # Some tools write them after the results; without them little of what is said can be understood.
            reason = f"results whose rules are lost, as the report breaks off: {ruleless}"
            yield Skipped(kind="malformed", where=f"{self.where}.results", reason=reason)

    def _index(self, result: _Result) -> int | None:
        by = result.rule or _RuleOf()
        index = result.ruleIndex if result.ruleIndex is not None else by.index
        if index is not None and 0 <= index < len(self.rules):
            return index
        return self.positions.get(result.ruleId or by.id or "")

    def _rule(self, result: _Result) -> _Rule:
        index = self._index(result)
        if index is None:
            return _Rule(id=result.ruleId or (result.rule and result.rule.id) or "")
        if index not in self.known:
            found = one(self.rules[index], _Rule, "")
            self.known[index] = _Rule(id=result.ruleId or "") if isinstance(found, Skipped) else found
        return self.known[index]

    def _image(self) -> ReportedImage:
        said = self.run.properties or {}
        name = said.get("imageName")
        name = name[:_LONGEST_NAME] if isinstance(name, str) else ""
        id_ = said.get("imageID")
        tags, digests = said.get("repoTags"), said.get("repoDigests")
        if not name:
            name = self._named_by_results()
        references = texts(tags) if isinstance(tags, list) else ()
        return ReportedImage(
            name=name or self.file_name,
            digest=id_ if isinstance(id_, str) else "",
            repo_digests=texts(digests)
            if isinstance(digests, list)
            else (name,)
            if "@sha256:" in name
            else (),
            references=references or ((name,) if _TAG.match(name) and "@" not in name else ()),
            is_whole=self.is_whole,
        )

    def _named_by_results(self) -> str:
        """Grype writes the image into every result."""
        for _, result in each(self.run.results, _Result, ""):
            if not isinstance(result, Skipped):
                return said_of(_message(result), "", {}).image
        return ""


def _message(result: _Result) -> str:
    return (result.message and (result.message.text or result.message.markdown)) or ""


def _record(result: _Result, rule: _Rule, tool: str) -> ReportedMatch | ReportedProblem | ReportedVerdict:
    properties = {**(rule.properties or {}), **(result.properties or {})}
    rule_id = result.ruleId or rule.id
    help_ = rule.help or _Text()
    said = said_of(_message(result), "\n".join(texts([help_.text or help_.markdown])), properties)
    short = (rule.shortDescription and rule.shortDescription.text) or ""
    id_ = vulnerability_id(rule_id, said, short)
    is_secret = (
        said.is_secret
        or rule.name == "Secret"
        or any(_SECRETS.search(word) for word in (*_tags(properties), tool))
    )
    if id_ and (said.name or said.purl) and not is_secret:
        return _match(result, rule, said, id_, tool)
    uri, line = _place(result)
    severity = _severity(result, rule, said)
    if is_secret:
        # Messages of secret scanners may hold the secret: none of them is kept.
        return ReportedProblem(
            kind=ProblemKind.SECRET,
            key=f"{rule_id}:{uri}",
            title=short or rule_id,
            severity=Severity.INFO if severity is None else severity,
            detail=f"line {line}" if line else "",
            path=uri,
        )
    return ReportedVerdict(
        check=rule_id or short or "unnamed",
        title=short or rule.name or rule_id,
        severity=Severity.INFO if severity is None else severity,
        passed=None if result.kind is None and result.level == "none" else _KINDS.get(result.kind or "fail"),
        detail=clipped(_message(result)),
        remediation=clipped(help_.text or rule.helpUri),
    )


def _match(result: _Result, rule: _Rule, said: Said, id_: str, tool: str) -> ReportedMatch:
    logical = next(
        (place for at in result.locations or () for place in at.logicalLocations or ()), _Logical()
    )
    properties = {**(rule.properties or {}), **(result.properties or {})}
    uri, _ = _place(result)
    path = said.path or (
        logical.name if logical.fullyQualifiedName and "@" in logical.fullyQualifiedName else ""
    )
    if rule.name == "LanguageSpecificPackageVulnerability" or (said.is_of_file and not path):
        path = uri
    package = said.package(path or "", logical.fullyQualifiedName or "")
    fixed = tuple(version for version in said.fixed if version.lower() not in NO_VERSION)
    severity = _severity(result, rule, said)
    link = said.link or rule.helpUri or ""
    description = (rule.fullDescription and rule.fullDescription.text) or ""
    return ReportedMatch(
        vulnerability=ReportedVulnerability(
            id=id_,
            aliases=tuple(alias for alias in said.aliases if alias != id_) or _other_name(rule, id_),
            title=(rule.shortDescription and rule.shortDescription.text) or "",
            description=clipped(description),
            severities={} if severity is None or not said.source else {said.source: severity},
            scores=tuple(_scores(properties, said.source or tool)),
            weaknesses=tuple(tag.upper() for tag in _tags(properties) if _WEAKNESS.fullmatch(tag)),
            references=texts([link]),
        ),
        package=package,
        severity=severity,
        status=FixStatus.FIXED if fixed else (FixStatus.AFFECTED if said.fixed else FixStatus.UNKNOWN),
        fixed_versions=fixed,
        source=said.source,
        url=link,
    )


def _other_name(rule: _Rule, id_: str) -> tuple[str, ...]:
    return (rule.id,) if rule.id.startswith("SNYK-") and rule.id != id_ else ()


def _place(result: _Result) -> tuple[str, int | None]:
    physical = next(
        (at.physicalLocation for at in result.locations or () if at.physicalLocation), _Physical()
    )
    uri = (physical.artifactLocation and physical.artifactLocation.uri) or ""
    return uri.removeprefix("file://"), physical.region.startLine if physical.region else None


def _severity(result: _Result, rule: _Rule, said: Said) -> Severity | None:
    """The tool's own word; else the score that it gives for GitHub; else the level."""
    properties = {**(rule.properties or {}), **(result.properties or {})}
    for word in (said.severity, *_tags(properties)):
        if word.lower() in _SEVERITIES:
            return _SEVERITIES[word.lower()]
    if said.severity:
        return None  # a word of no severity, as unknown
    points = _number(properties.get("security-severity"))
    if points is not None:
        return next((level for least, level in _SCALE if points >= least), None)
    level = result.level or (rule.defaultConfiguration.level if rule.defaultConfiguration else None)
    return _LEVELS.get(level or "warning")


def _tags(properties: dict[str, Any]) -> tuple[str, ...]:
    listed = properties.get("tags")
    return texts(listed) if isinstance(listed, list) else ()


def _number(told: Any) -> float | None:
    try:
        return float(told) if isinstance(told, str | int | float) and not isinstance(told, bool) else None
    except (ValueError, OverflowError):
        return None


def _scores(properties: dict[str, Any], source: str) -> Iterator[Score]:
    for version in ("4", "40", "3", "2"):
        vector = properties.get(f"cvssv{version}_vector") or properties.get(f"cvssV{version}")
        if isinstance(vector, str) and vector:
            points = properties.get(f"cvssv{version}_baseScore", properties.get(f"cvssv{version}_score"))
            scored = _number(points if points is not None else properties.get(f"cvssV{version}_score"))
            yield Score(source=source, vector=vector, score=scored)
