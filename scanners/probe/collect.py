"""The document: every subject in turn, each for itself, within one budget of time."""

import datetime
import hashlib
import os
import time
from typing import Any, Callable, Dict, Tuple

from scanners.probe import (
    SCHEMA,
    VERSION,
    audit,
    backups,
    bpf,
    confinement,
    containers,
    distribution,
    docker,
    firewall,
    integrity,
    kernel,
    listeners,
    logs,
    lsm,
    packages,
    rkt,
    runtimes,
    sensors,
    storage,
    sysctls,
    timesync,
)
from scanners.probe.evidence import NOT_LIVE, Evidence
from scanners.probe.reading import OutOfTimeError, Reader, printable, whole

SECONDS = 60.0
# As machine-id(5) asks for: what leaves the host must not be the machine's own id.
_APPLICATION = b"plimsoll host probe, 1"


def host(evidence: Evidence) -> Dict[str, Any]:
    machine = evidence.read("id", "/etc/machine-id")
    name = evidence.read("name", "/etc/hostname")
    if evidence.reader.is_live:
        name = os.uname().nodename
    if not machine and not evidence.reader.reason("/etc/machine-id"):
        evidence.not_measured("id", "the host has no machine-id")
    if not evidence.reader.is_live:
        evidence.not_measured("uptime_seconds", NOT_LIVE)
    uptime = evidence.read("uptime_seconds", "/proc/uptime", lambda text: int(float(text.split()[0])))
    return {
        "id": hashlib.sha256(_APPLICATION + machine.encode()).hexdigest()[:32] if machine else None,
        "name": printable(name or "", 253),
        "uptime_seconds": uptime if evidence.reader.is_live else None,
        "cpus": evidence.read("cpus", "/sys/devices/system/cpu/online", _counted),
        "memory_bytes": evidence.read("memory_bytes", "/proc/meminfo", _memory),
    }


def _counted(text: str) -> int:
    """How many processors a list such as "0-3,6" names (Linux, Documentation/admin-guide/cputopology.rst)."""
    ends = [[whole(end) for end in part.split("-", 1)] for part in text.split(",")]
    return sum(each[-1] - each[0] + 1 for each in ends)


def _memory(text: str) -> int:
    """Bytes of memory, from proc(5)'s meminfo, which counts in KiB."""
    for line in text.splitlines():
        if line.startswith("MemTotal:"):
            return whole(line.split()[1]) * 1024
    raise ValueError("no total")


SUBJECTS: Tuple[Tuple[str, Callable[[Evidence], Any]], ...] = (
    ("host", host),
    ("distribution", distribution.collect),
    ("kernel", kernel.collect),
    ("security_modules", lsm.collect),
    ("confinement", confinement.collect),
    ("integrity", integrity.collect),
    ("sysctls", sysctls.collect),
    ("runtimes", runtimes.collect),
    ("docker", docker.collect),
    ("container_data", storage.collect),
    ("audit", audit.collect),
    ("listeners", listeners.collect),
    ("time", timesync.collect),
    ("sensors", sensors.collect),
    ("log_collectors", logs.collect),
    ("firewall", firewall.collect),
    ("backups", backups.collect),
    ("packages", packages.collect),
    ("bpf_programs", bpf.collect),
    ("containers", containers.collect),
    ("containers_complete", containers.is_complete),
    ("rkt", rkt.collect),
)


def document(root: str = "/", seconds: float = SECONDS, nonce: str = "") -> Dict[str, Any]:
    """The host as a dict of JSON values (see schema.json). Never raises for what it finds on the host."""
    started = time.monotonic()
    reader = Reader(root, seconds)
    not_measured: Dict[str, str] = {}
    found: Dict[str, Any] = {
        "schema": SCHEMA,
        "probe_version": VERSION,
        "collected_at": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "nonce": nonce,
        "is_root": os.geteuid() == 0,
        "is_live": reader.is_live,
    }
    for name, collect in SUBJECTS:
        found[name] = subject(name, collect, reader, not_measured)
    found["not_measured"] = not_measured
    found["skipped"] = reader.skipped
    found["skipped_total"] = reader.skipped_total
    found["duration_seconds"] = round(time.monotonic() - started, 3)
    return found


def subject(
    name: str, collect: Callable[[Evidence], Any], reader: Reader, not_measured: Dict[str, str]
) -> Any:
    """What one subject gives; None and not measured when it failed, so that the others are still told."""
    try:
        reader.check_time()
        return collect(Evidence(reader, "/" + name, not_measured))
    except OutOfTimeError:
        reason = "out of time"
    except Exception as error:
        # A host may hold anything. The error's text could quote it, so only its kind leaves the host.
        reason = f"the probe failed with {type(error).__name__}"
    for pointer in [pointer for pointer in not_measured if pointer.startswith(f"/{name}/")]:
        del not_measured[pointer]
    not_measured["/" + name] = reason
    return None
