"""Packages that the distribution's package manager says are installed."""

import re
from typing import Any, Dict, Iterator, List, Optional

from scanners.probe import commands
from scanners.probe.evidence import Evidence
from scanners.probe.reading import Reader, printable

MAX_PACKAGES = 20000
DATABASE_BYTES = 128 << 20
RPM_SECONDS = 20.0
_DPKG, _DPKG_PARTS, _APK = "/var/lib/dpkg/status", "/var/lib/dpkg/status.d", "/lib/apk/db/installed"
_APK_MOVED = "/usr/lib/apk/db/installed"
_RPM = ("/usr/lib/sysimage/rpm", "/var/lib/rpm")
_RPM_FORMAT = "%{NAME}\\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{SOURCERPM}\\n"
_DPKG_FIELD = re.compile(r"(Package|Status|Version|Architecture|Source):\s*(.*)$")
_SOURCE_RPM = re.compile(r"(.+)-[^-]+-[^-]+\.(?:no)?src\.rpm$")

Package = List[str]  # name, version, architecture, source


def collect(evidence: Evidence) -> Dict[str, Any]:
    """`manager` is dpkg, apk or rpm; both None on a host that has none of them."""
    reader = evidence.reader
    manager = manager_of(reader)
    if manager is None:
        for path in (_DPKG, _APK):
            evidence.because("manager", path)
        return {"manager": None, "installed": None}
    installed: Optional[List[Package]]
    if manager == "rpm":
        installed = of_rpm(evidence)
    else:
        installed = sorted(reader.once(of_dpkg if manager == "dpkg" else of_apk))
        for path in (_DPKG, _DPKG_PARTS, _APK, _APK_MOVED):
            if reader.reason(path):
                evidence.because("installed", path)
                installed = None
    if installed is not None and len(installed) > MAX_PACKAGES:
        reader.skip("packages", "more packages than are kept")
        installed = installed[:MAX_PACKAGES]
    return {"manager": manager, "installed": installed}


def manager_of(reader: Reader) -> Optional[str]:
    if reader.exists(_DPKG) or reader.names(_DPKG_PARTS):
        return "dpkg"
    if reader.exists(_APK) or reader.exists(_APK_MOVED):
        return "apk"
    return "rpm" if any(reader.names(path) for path in _RPM) else None


def versions(reader: Reader) -> Dict[str, str]:
    """Package -> version, as far as files tell: rpm's database is for rpm alone."""
    return {package[0]: package[1] for ask in (of_dpkg, of_apk) for package in reader.once(ask)}


def of_dpkg(reader: Reader) -> List[Package]:
    """dpkg's status file; in images without dpkg, one file for each package."""
    parts = [name for name in reader.names(_DPKG_PARTS) or () if not name.endswith(".md5sums")]
    paths = [_DPKG] + [f"{_DPKG_PARTS}/{name}" for name in parts]
    return [
        package(fields, "Package", "Version", "Architecture", "Source")
        for path in paths
        for fields in paragraphs(reader, path, _DPKG_FIELD)
        if fields.get("Status", "install ok installed").endswith(" installed")
    ]


def of_apk(reader: Reader) -> List[Package]:
    """apk's list, whose fields are named with one letter."""
    path = _APK if reader.exists(_APK) else _APK_MOVED
    return [
        package(fields, "P", "V", "A", "o")
        for fields in paragraphs(reader, path, re.compile(r"([PVAo]):(.*)$"))
    ]


def paragraphs(reader: Reader, path: str, field: Any) -> Iterator[Dict[str, str]]:
    """The named fields of each part of a file whose parts are parted by empty lines."""
    fields: Dict[str, str] = {}
    count = 0
    for line in reader.lines(path, DATABASE_BYTES):
        if not line.strip():
            if fields:
                count += 1
                yield fields
            fields = {}
            if count > MAX_PACKAGES:
                return
            continue
        match = field.match(line)
        if match:
            fields.setdefault(match.group(1), match.group(2).strip())
    if fields:
        yield fields


def package(fields: Dict[str, str], *names: str) -> Package:
    # A source may be followed by its version in brackets.
    words = [fields.get(name, "").split(" ")[0] for name in names]
    return [printable(word, 200) for word in words]


def of_rpm(evidence: Evidence) -> Optional[List[Package]]:
    reader = evidence.reader
    if not reader.is_live:
        evidence.not_measured("installed", "needs the running host: only rpm reads its database")
        return None
    words = ("rpm", "-qa", "--qf", _RPM_FORMAT)
    said = commands.run(reader, words, 8 << 20, RPM_SECONDS)
    if said is None:
        reason = reader.reason("command " + " ".join(words))
        evidence.not_measured(
            "installed", f"rpm {reason}" if reason else "the host has no rpm that may be run"
        )
        return None
    found = []
    for line in said.splitlines():
        fields = line.split("\t")
        if len(fields) == 4 and fields[0] != "gpg-pubkey":
            source = _SOURCE_RPM.match(fields[3])
            found.append(
                [printable(word, 200) for word in fields[:3]]
                + [printable(source.group(1), 200) if source else ""]
            )
    return sorted(found)
