"""Sensors that watch the host and its containers: which are there, which run, and when each last gave a sign."""

import re
from typing import Any, Dict, List, NamedTuple, Tuple

from scanners.probe import commands, packages, programs, runtimes
from scanners.probe.evidence import NOT_LIVE, Evidence
from scanners.probe.reading import Reader, printable

_VERSION = re.compile(r"\bv?(\d+\.\d+(?:\.\d+)*(?:[-+~][0-9A-Za-z.+~-]+)?)")


class Known(NamedTuple):
    """One sensor. `asks` is the command line whose answer has its version; `signs` are what it writes while it works."""

    name: str
    processes: Tuple[str, ...]
    packages: Tuple[str, ...]
    asks: Tuple[str, ...]
    signs: Tuple[str, ...]


SENSORS = (
    Known(
        "falco",
        ("falco", "falco-modern-bpf", "falco-bpf"),
        ("falco",),
        ("falco", "--version"),
        ("/var/log/falco.log", "/var/log/falco", "/var/log/falco_events.log"),
    ),
    Known(
        "tracee",
        ("tracee", "tracee-ebpf"),
        ("tracee",),
        ("tracee", "version"),
        ("/var/log/tracee", "/tmp/tracee"),
    ),
    Known(
        "tetragon",
        ("tetragon",),
        ("tetragon",),
        ("tetra", "version", "--client"),
        ("/var/log/tetragon", "/var/run/cilium/tetragon"),
    ),
    Known(
        "cilium",
        ("cilium-agent",),
        ("cilium",),
        (),
        ("/var/run/cilium/state", "/var/run/cilium/cilium.pid", "/var/run/cilium/hubble"),
    ),
    Known("auditd", ("auditd",), ("auditd", "audit"), ("auditctl", "-v"), ("/var/log/audit/audit.log",)),
    Known(
        "osquery",
        ("osqueryd",),
        ("osquery",),
        ("osqueryd", "--version"),
        ("/var/log/osquery", "/var/osquery/osquery.db"),
    ),
    Known("aide", (), ("aide", "aide-common"), ("aide", "--version"), ("/var/lib/aide", "/var/log/aide")),
    Known(
        "wazuh",
        ("wazuh-agentd", "wazuh-syscheckd", "wazuh-modulesd", "ossec-agentd"),
        ("wazuh-agent", "wazuh-manager"),
        (),
        ("/var/ossec/logs/ossec.log", "/var/ossec/logs", "/var/ossec/queue/fim/db"),
    ),
    Known("crowdstrike", ("falcon-sensor",), ("falcon-sensor",), (), ("/opt/CrowdStrike",)),
    Known("sysdig", ("dragent",), ("draios-agent",), (), ("/opt/draios/logs",)),
)
# Programs that stand elsewhere than in the folders of the system.
_PLACES = {
    "osquery": ("/opt/osquery/bin/osqueryd",),
    "wazuh": ("/var/ossec/bin/wazuh-control", "/var/ossec/bin/ossec-control"),
    "crowdstrike": ("/opt/CrowdStrike/falcond",),
    "sysdig": ("/opt/draios/bin/dragent",),
}


def collect(evidence: Evidence) -> List[Dict[str, Any]]:
    """Those that are installed on the host or run on it, also in a container."""
    reader = evidence.reader
    found: List[Dict[str, Any]] = []
    for known in SENSORS:
        own, others = processes(reader, known)
        path = place(reader, known)
        installed = next(
            (said for said in map(reader.once(packages.versions).get, known.packages) if said), None
        )
        if not own and not others and not path and not installed:
            continue
        place_in_list = evidence.below(str(len(found)))
        runs = (own + others)[:1]
        if not path and runs:
            path = programs.program(reader, runs[0].pid)
        is_in_container = bool(others) and not own
        version = None if is_in_container else installed
        if version is None and known.asks and not is_in_container:
            said = commands.run(reader, known.asks, 65536)
            match = _VERSION.search(said or "")
            version = match.group(1) if match else None
        if version is None:
            place_in_list.not_measured("version", why_no_version(reader, is_in_container))
        visible = programs.are_visible(place_in_list, "is_running") if known.processes else True
        found.append(
            {
                "name": known.name,
                "is_running": bool(runs) if visible else None,
                "path": printable(path),
                "version": printable(version, 100) if version else None,
                "last_sign": reader.newest(known.signs),
            }
        )
    return found


def processes(reader: Reader, known: Known) -> Tuple[List[programs.Process], List[programs.Process]]:
    """Its processes on the host, and those in containers that may watch more than themselves: any process of any
    container may call itself a sensor, but only one with root's rights on the host sees what others do."""
    own, others = [], []
    for process in programs.named(reader, *known.processes):
        if programs.is_of_host(reader, process.pid):
            if programs.user(reader, process.pid) in (0, None) or known.name == "wazuh":
                own.append(process)
        elif programs.watches_others(reader, process.pid):
            others.append(process)
    return own, others


def place(reader: Reader, known: Known) -> str:
    for name in known.processes or known.asks[:1]:  # AIDE is no daemon
        path = runtimes.place(reader, name)
        if path:
            return path
    return next((path for path in _PLACES.get(known.name, ()) if reader.exists(path)), "")


def why_no_version(reader: Reader, is_in_container: bool) -> str:
    if is_in_container:
        return "it runs in a container, where nothing is asked"
    return "its program does not say" if reader.is_live else NOT_LIVE
