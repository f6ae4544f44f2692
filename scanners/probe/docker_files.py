"""Files whose owner and mode decide who rules Docker, and the objects whose changes ought to be audited.

Which they are is the CIS Docker Benchmark 1.8: section 3 for owners and modes, 1.1.3 to 1.1.18 for auditing.
"""

import os
from typing import Any, Dict, List, Optional

from scanners.probe import containerd, programs, runtimes, units
from scanners.probe.docker_daemon import Effective
from scanners.probe.evidence import NEEDS_ROOT, Evidence
from scanners.probe.reading import DENIED, Reader, printable

MAX_CERTIFICATES = 500
CERTIFICATES = "/etc/docker/certs.d"
_TLS = (
    ("tls-ca", "tlscacert", "ca.pem"),
    ("tls-cert", "tlscert", "cert.pem"),
    ("tls-key", "tlskey", "key.pem"),
)
_PROGRAMS = (
    ("1.1.14", "containerd"), ("1.1.15", "containerd-shim"), ("1.1.16", "containerd-shim-runc-v1"),
    ("1.1.17", "containerd-shim-runc-v2"), ("1.1.18", "runc"),
)  # fmt: skip


def files(
    evidence: Evidence, found: Effective, addresses: List[str]
) -> Dict[str, Optional[List[Dict[str, Any]]]]:
    """Subject -> the files that are there; None, and not measured, where that may not be seen."""
    reader = evidence.reader
    paths = {
        "docker-service": [units.find(reader, "docker.service")],
        "docker-socket-unit": [units.find(reader, "docker.socket")],
        "etc-docker": ["/etc/docker"],
        "registry-certs": certificates(reader),
        "docker-sock": sockets(addresses),
        "daemon-json": [found.config_file],
        "etc-default-docker": ["/etc/default/docker"],
        "sysconfig-docker": ["/etc/sysconfig/docker"],
        "containerd-sock": [reader.once(containerd.settings).address],
    }
    for subject, setting, name in _TLS:
        paths[subject] = tls(found, setting, name)
    told: Dict[str, Optional[List[Dict[str, Any]]]] = {}
    for subject in sorted(paths):
        if subject.startswith("tls-") and found.settings is None:
            evidence.not_measured(subject, "the daemon's settings are not known")
            told[subject] = None
        else:
            told[subject] = statuses(evidence, subject, [path for path in paths[subject] if path])
    if reader.reason(CERTIFICATES) == DENIED:
        evidence.not_measured("registry-certs", NEEDS_ROOT)
        told["registry-certs"] = None
    return told


def statuses(evidence: Evidence, subject: str, paths: List[str]) -> Optional[List[Dict[str, Any]]]:
    told = []
    for path in paths:
        status = evidence.reader.status(path)
        if status is not None:
            told.append(status)
        elif evidence.reader.reason(path):
            evidence.because(subject, path)
            return None
    return told


def certificates(reader: Reader) -> List[str]:
    found: List[str] = []
    for registry in reader.names(CERTIFICATES) or ():
        for name in reader.names(f"{CERTIFICATES}/{registry}") or ():
            if name.endswith((".crt", ".cert", ".key")):
                found.append(f"{CERTIFICATES}/{registry}/{name}")
        if len(found) > MAX_CERTIFICATES:
            reader.skip(CERTIFICATES, "more certificates than are kept")
            break
    return found[:MAX_CERTIFICATES]


def tls(found: Effective, setting: str, name: str) -> List[str]:
    """The file in use, when the daemon uses TLS at all."""
    settings = found.settings or {}
    path = settings.get(setting)
    if not path and (settings.get("tlsverify") or (settings.get("tls") and setting != "tlscacert")):
        path = f"{found.daemon.home}/.docker/{name}"
    return [path] if isinstance(path, str) and path.startswith("/") else []


def sockets(addresses: List[str]) -> List[str]:
    paths = [address[len("unix://") :] for address in addresses if address.startswith("unix://")]
    return [path for path in paths if path.startswith("/")]


def watched(evidence: Evidence, found: Effective, addresses: List[str]) -> Dict[str, Any]:
    """`watched`: path -> whether it is there; `watched_as`: number in the Benchmark -> the paths that name this object.

    Where a name leads through a link, the object's own name stands beside it: a rule may use either.
    """
    reader = evidence.reader
    dockerd = programs.program(reader, found.daemon.pid) if found.daemon.pid else ""
    objects = {
        "1.1.3": [dockerd or runtimes.place(reader, "dockerd") or "/usr/bin/dockerd"],
        "1.1.4": [os.path.dirname(reader.once(containerd.settings).address)],
        "1.1.5": [found.root_dir],
        "1.1.6": ["/etc/docker"],
        "1.1.7": [units.find(reader, "docker.service") or "/usr/lib/systemd/system/docker.service"],
        "1.1.8": [reader.once(containerd.settings).address],
        "1.1.9": sockets(addresses) or ["/var/run/docker.sock"],
        "1.1.10": ["/etc/default/docker"],
        "1.1.11": [found.config_file],
        "1.1.12": ["/etc/containerd/config.toml"],
        "1.1.13": ["/etc/sysconfig/docker"],
    }
    for number, name in _PROGRAMS:
        objects[number] = [runtimes.place(reader, name) or "/usr/bin/" + name]
    there: Dict[str, Optional[bool]] = {}
    named: Dict[str, List[str]] = {}
    for number, paths in objects.items():
        both = sorted(set(paths) | {reader.resolved(path) for path in paths})
        named[number] = [printable(path) for path in both]
        for path in both:
            there[printable(path)] = reader.exists(path)
            if there[printable(path)] is None:
                evidence.because(printable(path), path)
    return {"watched": there, "watched_as": named}
