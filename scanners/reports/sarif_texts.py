"""What the texts and properties of SARIF results say of a package: every scanner has a fixed form of its own.

Written after the writers of Trivy (`pkg/report/sarif.go`), Grype (`grype/presenter/sarif`), osv-scanner
(`internal/output/sarif.go`), Docker Scout and Snyk.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec.structs import replace

from scanners.records import Record
from scanners.reported import ReportedPackage
from scanners.reports.json_items import texts
from scanners.reports.kinds import OF_SYSTEMS, located, system

# What tools write for "no fixed version".
NO_VERSION = frozenset({"not fixed", "none", "n/a", "unknown", "not available", ""})
_SOURCES = {"github": "ghsa"}
# The files that show packages, by the ecosystem that they belong to.
_LOCK_FILES = {
    "cargo.lock": "cargo", "package-lock.json": "npm", "yarn.lock": "npm", "pnpm-lock.yaml": "npm", "go.mod": "golang",
    "requirements.txt": "pypi", "poetry.lock": "pypi", "pipfile.lock": "pypi", "uv.lock": "pypi", "pom.xml": "maven",
    "gradle.lockfile": "maven", "composer.lock": "composer", "gemfile.lock": "gem", "packages.lock.json": "nuget",
}  # fmt: skip
# Longer texts are not looked through: some of the patterns take the square of the length.
_LONGEST = 20_000
_LONGEST_VALUE = 500
# "Installed Version: 1.1.1c-r0" (Trivy, Grype), "  Affected range : <1.2" (Scout), "* Vulnerable module: glibc" (Snyk).
_LABEL = re.compile(r"^[ \t*]*([A-Za-z][A-Za-z /]{1,30}?)[ \t]*:(.*)$", re.MULTILINE)
_GRYPE = re.compile(
    r"vulnerability in (?P<kind>\S+) package: (?P<name>.+?), version (?P<version>\S+) was found"
    r"(?: in (?:image )?(?P<image>\S+))? at: (?P<path>.*)"
)
_OLD_GRYPE = re.compile(
    r"The path (?P<path>.+?) reports (?P<name>\S+) at version (?P<version>\S+)\s+which (?:would result in|is) a vulnerable "
    r"\((?P<kind>[^)]+)\) package"
)
_OSV = re.compile(
    r"Package '(?P<name>[^']+?)@(?P<version>[^'@]*)' is vulnerable to '(?P<id>[^']+)'"
    r"(?: \(also known as (?P<others>'[^)]*')\))?"
)
_THROUGH = re.compile(r"(?P<name>\S+)@(?P<version>\S+?)(?:\s+and others)?$")
_LINK = re.compile(r"\[[^\]]*\]\((?P<url>[^)]+)\)")
_LAYER = re.compile(r"@(sha256:[0-9a-f]{64}):")
_ID = re.compile(
    r"(?:ALPINE-|DEBIAN-|UBUNTU-)?CVE-\d{4}-\d{4,}|GHSA(?:-[0-9a-z]{4}){3}|SNYK-[A-Z0-9-]+|(?:RUSTSEC|PYSEC|GO|OSV|GSD)-\d{4}-\d+"
    r"|(?:RHSA|RHBA|ELSA|SUSE-SU|openSUSE-SU)-\d{4}:[\d-]+|(?:DSA|DLA|USN|GLSA)-\d+(?:-\d+)?|ALAS[\w.-]*-\d{4}-\d+"
    r"|TEMP-\d+-[0-9A-F]+|NSWG-ECO-\d+|MAL-\d{4}-\d+"
)
_CVE = re.compile(r"CVE-\d{4}-\d{4,}")


class Said(Record, frozen=True, kw_only=True):
    """What a result says of a package and of the vulnerability in it; "" for what it does not say. `is_of_file` is True
    when the result's location is the file that shows the package, `is_secret` when the text shows where a secret is."""

    name: str = ""
    version: str = ""
    kind: str = ""
    purl: str = ""
    family: str = ""
    os_version: str = ""
    fixed: tuple[str, ...] = ()
    severity: str = ""
    aliases: tuple[str, ...] = ()
    source: str = ""
    link: str = ""
    path: str = ""
    image: str = ""
    is_of_file: bool = False
    is_secret: bool = False

    def package(self, path: str, logical: str) -> ReportedPackage:
        """The package, which the file at `path` shows; `logical` is the qualified name of the result's location."""
        layer = _LAYER.search(logical[:_LONGEST_VALUE])
        kind = self.kind or _LOCK_FILES.get(path.rpartition("/")[2].lower(), "")
        found = located(
            self.name,
            self.version,
            kind=kind,
            purl=self.purl,
            family=self.family,
            os_version=self.os_version,
            layer=layer[1] if layer else "",
        )
        if found.ecosystem in OF_SYSTEMS.values() or not path:
            return found
        return located(
            self.name,
            self.version,
            kind=kind,
            purl=self.purl,
            layer=found.layer,
            paths=(path,),
        )


def said_of(message: str, help_: str, properties: dict[str, Any]) -> Said:
    """What a result's message, its rule's help and the properties of both say."""
    labels: dict[str, str] = {}
    # The message is about this result, the help about the rule, which may stand for several.
    message = message[:_LONGEST]
    for text in (message, help_[:_LONGEST]):
        for label, value in _LABEL.findall(text):
            labels.setdefault(label.lower(), value.strip()[:_LONGEST_VALUE])
    purl = _purl(labels, properties)
    link = _LINK.search(labels.get("link", ""))
    fixed = labels.get("fixed version") or labels.get("fix version") or _text(properties.get("fixed_version"))
    group = labels.get("data namespace", "").split(":")
    family = group[0] if system(group[0]) in OF_SYSTEMS else ""
    common = Said(
        purl=purl,
        fixed=texts([part.strip() for part in fixed.split(",")]),
        severity=labels.get("severity", ""),
        link=link["url"] if link else "",
        source=_SOURCES.get(group[0], group[0]),
        family=family,
        os_version=group[-1] if family else "",
        is_secret="match" in labels,
    )
    if found := _GRYPE.search(message) or _OLD_GRYPE.search(message):
        return replace(
            common,
            name=found["name"],
            version=found["version"],
            kind=found["kind"],
            image=found.groupdict().get("image") or "",
            path=f"/{found['path'].strip().lstrip('/')}",
        )
    if found := _OSV.search(message):
        others = tuple(re.findall(r"'([^']+)'", found["others"] or ""))
        return replace(
            common,
            name=found["name"],
            version=found["version"],
            aliases=(found["id"], *others),
            is_of_file=True,
        )
    if module := labels.get("vulnerable module"):
        return _snyk(common, module, labels)
    package = labels.get("package", "")
    return replace(
        common,
        name="" if package.startswith("pkg:") else package,
        version=labels.get("installed version") or labels.get("version") or "",
    )


def _snyk(common: Said, module: str, labels: dict[str, str]) -> Said:
    through = _THROUGH.search(labels.get("introduced through", ""))
    manager, _, release = labels.get("package manager", "").partition(":")
    is_systems = system(manager) in OF_SYSTEMS
    # The module is the source package; what was installed comes last in the chain, as glibc/libc-bin@2.31.
    installed = through["name"].rpartition("/")[2] if through and is_systems else module
    return replace(
        common,
        name=installed,
        version=through["version"] if through else "",
        kind="" if is_systems else manager,
        family=manager if is_systems else "",
        os_version=release,
    )


def vulnerability_id(rule_id: str, said: Said, short: str) -> str:
    """The vulnerability that a rule stands for; "" when it stands for none. Grype adds the package's name to it."""
    found = _ID.match(rule_id) or _ID.match(short)
    if found is None:
        return ""
    if said.name and found.group().startswith("SNYK-"):
        cve = _CVE.search(short)
        return cve.group() if cve else found.group()
    return found.group()


def _purl(labels: dict[str, str], properties: dict[str, Any]) -> str:
    listed = properties.get("purls")
    urls = [*(listed if isinstance(listed, list) else ()), properties.get("purl"), labels.get("package")]
    return next((url for url in texts(urls) if url.startswith("pkg:")), "")


def _text(told: Any) -> str:
    return told if isinstance(told, str) else ""
