"""What reports of other tools say, as records: images, their packages, vulnerabilities, what affects what, and more.

A report is a stream: one `Origin` first, then for each subject a `ReportedImage` followed by what was found in it. All
that follows an image is about it, until the next. Readers are in `scanners/reports/`.
"""

from __future__ import annotations

import enum
from datetime import datetime

from scanners.records import Record, Severity, Skipped


class FixStatus(enum.StrEnum):
    """What the distributor or maintainer says of a fix, from the words that reports use for it."""

    FIXED = "fixed"  # a fixed version exists
    AFFECTED = "affected"  # none yet
    WILL_NOT_FIX = "will_not_fix"
    FIX_DEFERRED = "fix_deferred"
    END_OF_LIFE = "end_of_life"  # nobody mends this version any more
    UNDER_INVESTIGATION = "under_investigation"
    NOT_AFFECTED = "not_affected"  # the reporting tool itself says so: no finding is opened
    UNKNOWN = "unknown"


class ProblemKind(enum.StrEnum):
    """Findings of reports that are not a vulnerability of a package."""

    SECRET = "secret"
    MISCONFIGURATION = "misconfiguration"
    UNSUPPORTED = "unsupported"  # software out of support
    MALWARE = "malware"


class VexStatus(enum.StrEnum):
    """Statuses that OpenVEX, CycloneDX and CSAF share (CISA, "Minimum Requirements for VEX", 2023)."""

    NOT_AFFECTED = "not_affected"
    AFFECTED = "affected"
    FIXED = "fixed"
    UNDER_INVESTIGATION = "under_investigation"


class Origin(Record, frozen=True, kw_only=True):
    """Where a report comes from. `format` names its layout for people, as in "Trivy JSON, schema 2"; `tool` is the
    lower-case name under which its word is kept (trivy, grype, …). `data_at` is the age of the tool's own data."""

    format: str
    tool: str
    tool_version: str = ""
    created_at: datetime | None = None
    data_at: datetime | None = None


class ReportedImage(Record, frozen=True, kw_only=True):
    """What a part of a report is about. `digest` is the image's id, the digest of its configuration ("sha256:…"); "" when
    the report does not tell it, and then `repo_digests`, `references` or `name` must do. A repo digest is
    "name@sha256:…", and the bare "sha256:…" of a manifest where the report tells no name for it. `layers` are diff ids,
    lowest first. `os_version` is as os-release(5) has it. `is_whole` is False when what is missing from the report may
    still be there: then nothing is resolved by it. `covers` says what the report looked for (packages,
    vulnerabilities, problems, verdicts), where it is only a part: what is missing of the other kinds says nothing; ()
    when the report does not say."""

    name: str
    digest: str = ""
    repo_digests: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    os_family: str = ""
    os_version: str = ""
    os_is_unsupported: bool | None = None
    architecture: str = ""
    created_at: datetime | None = None
    size_bytes: int | None = None
    layers: tuple[str, ...] = ()
    is_whole: bool = True
    covers: tuple[str, ...] = ()


class ReportedPackage(Record, frozen=True, kw_only=True):
    """One installed package. `ecosystem` is the type of its package URL (deb, apk, rpm, pypi, npm, golang, maven, gem,
    cargo, nuget …), `namespace` the URL's namespace (debian, @scope, org.example). Versions are written as the ecosystem
    writes them, epoch included. `distribution` is the release (`scanners.distributions`) for packages of one, else "".
    `layer` is the diff id of the layer that brought it, `paths` the files that show it (a lock file, a jar), not all
    that it owns. `files` are the programs and shared libraries that it owns, as `scanners.loaded_files.canonical` spells
    them: what can be seen loaded into a process. () when it has none, or the report does not tell."""

    ecosystem: str
    name: str
    version: str
    namespace: str = ""
    architecture: str = ""
    distribution: str = ""
    source_name: str = ""  # "" when it is the package itself
    source_version: str = ""
    layer: str = ""
    paths: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    licenses: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, str, str, str, str]:
        """What makes a package the same one everywhere in the fleet."""
        return (
            self.ecosystem,
            self.namespace,
            self.name,
            self.version,
            self.architecture,
            self.distribution,
        )


class Score(Record, frozen=True, kw_only=True):
    """A CVSS score as somebody gave it. `vector` has its version in front ("CVSS:3.1/…"), but for version 2."""

    source: str
    vector: str
    score: float | None = None


class ReportedVulnerability(Record, frozen=True, kw_only=True):
    """What the report says of a vulnerability by itself. `severities` are by who said it (nvd, debian, ghsa …)."""

    id: str
    aliases: tuple[str, ...] = ()
    title: str = ""
    description: str = ""
    severities: dict[str, Severity] = {}
    scores: tuple[Score, ...] = ()
    weaknesses: tuple[str, ...] = ()  # CWE ids
    references: tuple[str, ...] = ()
    published_at: datetime | None = None
    modified_at: datetime | None = None


class ReportedMatch(Record, frozen=True, kw_only=True):
    """A vulnerability that the report finds in a package of the present image. `package` carries everything, so that it
    stands for the package also where the report lists none. `severity` is the one that the tool settles on; None when it
    has none. `source` names the data by which it was found (debian, nvd, ghsa …)."""

    vulnerability: ReportedVulnerability
    package: ReportedPackage
    severity: Severity | None = None
    status: FixStatus = FixStatus.UNKNOWN
    fixed_versions: tuple[str, ...] = ()
    source: str = ""
    url: str = ""


class ReportedProblem(Record, frozen=True, kw_only=True):
    """Something else that is wrong with the present image. `key` names it within the image and tool, and never depends on
    order or free text. A secret's own value is never in it."""

    kind: ProblemKind
    key: str
    title: str
    severity: Severity
    detail: str = ""
    path: str = ""
    remediation: str = ""
    layer: str = ""


class ReportedVerdict(Record, frozen=True, kw_only=True):
    """What another tool's check said of the present subject: `passed` None when it could not tell."""

    check: str
    title: str
    severity: Severity
    passed: bool | None
    detail: str = ""
    remediation: str = ""


class VexStatement(Record, frozen=True, kw_only=True):
    """What a VEX document says of vulnerabilities in products. `products` are identifiers as written: package URLs, image
    references or digests, CPEs; `subcomponents` the packages inside them, none for the whole product. `justification` is
    one of OpenVEX's words, mapped from those of the other formats; "" when none was given."""

    vulnerability: str
    aliases: tuple[str, ...] = ()
    status: VexStatus
    products: tuple[str, ...] = ()
    subcomponents: tuple[str, ...] = ()
    justification: str = ""
    detail: str = ""
    action: str = ""
    author: str = ""
    stated_at: datetime | None = None


Reported = (
    Origin
    | ReportedImage
    | ReportedPackage
    | ReportedMatch
    | ReportedProblem
    | ReportedVerdict
    | VexStatement
    | Skipped
)
