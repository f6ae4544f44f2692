"""One container's first process as the kernel confines it, from /proc; and what the container has loaded."""

import re
from typing import Any, Dict, List, Optional, Sequence, Tuple

from scanners.probe.evidence import NEEDS_ROOT, Evidence
from scanners.probe.reading import DENIED, Reader, printable

MAX_LOADED = 500
MAX_PROCESSES = 50
MAX_MOUNTS = 200
NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
_SECCOMP = ("disabled", "strict", "filter")
_CAPABILITIES = (
    ("effective", "CapEff"), ("permitted", "CapPrm"), ("inheritable", "CapInh"), ("bounding", "CapBnd"), ("ambient", "CapAmb"),
)  # fmt: skip
_NO_LIMIT = 1 << 60  # version 1 writes "none" as the largest multiple of a page
_OWN_FILES = ("/etc/resolv.conf", "/etc/hostname", "/etc/hosts", "/dev/termination-log", "/run/.containerenv")
_PSEUDO = ("proc", "sysfs", "cgroup", "cgroup2", "mqueue", "devpts", "devtmpfs", "securityfs", "debugfs")
_OCTAL = re.compile(r"\\([0-7]{3})")
_LOADED = re.compile(r"^\S+ ..x. \S+ \S+ [1-9]\d*\s+(/.*)$", re.MULTILINE)

Mount = Dict[str, str]


class Host:
    """What the processes of all containers are compared with; read once."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        # Where even root may not look at the first process, our own stands for the host: the probe runs on it.
        first = "/proc/1/ns/" if reader.link("/proc/1/ns/pid") or not reader.is_live else "/proc/self/ns/"
        self.namespaces = {kind: reader.link(first + kind) for kind in NAMESPACES}
        mounts = mount_table(reader.text("/proc/1/mountinfo") or reader.text("/proc/self/mountinfo") or "")
        self.mounts: Dict[str, List[Mount]] = {}
        for mount in mounts:
            self.mounts.setdefault(mount["device"], []).append(mount)
        self.labels = bool(reader.exists("/sys/fs/selinux/enforce")) or reader.word(
            "/sys/module/apparmor/parameters/enabled"
        ) == "Y"  # fmt: skip
        self.limits: Dict[str, Tuple[Optional[int], Optional[int], Optional[float]]] = {}


def process(evidence: Evidence, pid: int, host: Host) -> Optional[Dict[str, Any]]:
    """None when the process is gone."""
    reader = evidence.reader
    base = f"/proc/{pid}"
    status = reader.text(base + "/status")
    if status is None:
        reason = evidence.reader.reason(base + "/status")
        if reason:
            evidence.whole_not_measured(NEEDS_ROOT if reason == DENIED else reason)
        return None
    fields = dict(re.findall(r"^(\w+):\s*(.*)$", status, re.MULTILINE))
    return {
        "user_id": number(fields.get("Uid", "").split("\t")[0]),
        "seccomp": choice(fields.get("Seccomp"), _SECCOMP),
        "no_new_privileges": {"0": False, "1": True}.get(fields.get("NoNewPrivs", "")),
        "capabilities": {name: fields.get(line, "").strip()[:16] for name, line in _CAPABILITIES},
        "label": label(evidence, base, host),
        "user_map": evidence.read("user_map", base + "/uid_map", id_ranges),
        "shared_namespaces": shared_namespaces(evidence, base, host),
        "limits": limits(evidence, base, host),
        "mounts": host_mounts(evidence, base, host),
    }


def number(text: str) -> Optional[int]:
    return int(text) if text.isdigit() and len(text) <= 10 else None


def choice(text: Optional[str], names: Sequence[str]) -> Optional[str]:
    found = number(text or "")
    return names[found] if found is not None and found < len(names) else None


def label(evidence: Evidence, base: str, host: Host) -> Optional[str]:
    """What the active security module calls the process; None on a host without one that labels."""
    if not host.labels:
        return None
    found = evidence.read("label", base + "/attr/current")
    return printable(found.strip("\0\n"), 300) if found is not None else None


def id_ranges(text: str) -> List[List[int]]:
    rows = [[int(word) for word in line.split()] for line in text.splitlines()[:340]]
    return [row for row in rows if len(row) == 3]


def shared_namespaces(evidence: Evidence, base: str, host: Host) -> Optional[List[str]]:
    """The kinds of namespaces in which the process sees what the host's first process sees."""
    shared = []
    for kind in NAMESPACES:
        its = evidence.reader.link(f"{base}/ns/{kind}")
        if its is None or host.namespaces[kind] is None:
            denied = evidence.reader.reason(f"{base}/ns/{kind}") == DENIED
            evidence.not_measured(
                "shared_namespaces", NEEDS_ROOT if denied else "the namespaces cannot be read"
            )
            return None
        if its == host.namespaces[kind]:
            shared.append(kind)
    return shared


def limits(evidence: Evidence, base: str, host: Host) -> Optional[Dict[str, Any]]:
    """The tightest of each limit from the process's cgroup up to the root, for a limit above holds below."""
    text = evidence.reader.text(base + "/cgroup")
    if text is None:
        evidence.because("limits", base + "/cgroup")
        return None
    folders = set()
    for line in text.splitlines()[:50]:
        hierarchy, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if hierarchy == "0" and not controllers:
            folders.add(("/sys/fs/cgroup", path))
            folders.add(("/sys/fs/cgroup/unified", path))
        for name in controllers.split(","):
            if name in ("memory", "pids", "cpu"):
                folders.add(("/sys/fs/cgroup/" + controllers, path))
                folders.add(("/sys/fs/cgroup/" + name, path))
    memory: List[int] = []
    pids: List[int] = []
    cpus: List[float] = []
    for root, path in folders:
        while path.strip("/") and ".." not in path:
            bytes_, processes_, cores = limits_of(root + path, host)
            memory += [] if bytes_ is None else [bytes_]
            pids += [] if processes_ is None else [processes_]
            cpus += [] if cores is None else [cores]
            path = path.rpartition("/")[0]
    return {
        "memory_bytes": min(memory) if memory else None,
        "pids": min(pids) if pids else None,
        "cpus": min(cpus) if cpus else None,
    }


def limits_of(folder: str, host: Host) -> Tuple[Optional[int], Optional[int], Optional[float]]:
    if folder not in host.limits:
        word = host.reader.word
        memory = [number(word(folder + "/" + name) or "") for name in ("memory.max", "memory.limit_in_bytes")]
        memory = [value for value in memory if value is not None and value < _NO_LIMIT]
        share = (word(folder + "/cpu.max") or "").split()
        if not share:
            share = [word(folder + "/cpu.cfs_" + name) or "" for name in ("quota_us", "period_us")]
        quota, period = (number(part) for part in (share + ["", ""])[:2])
        host.limits[folder] = (
            memory[0] if memory else None,
            number(word(folder + "/pids.max") or ""),
            round(quota / period, 3) if quota and period else None,
        )
    return host.limits[folder]


def mount_table(text: str) -> List[Mount]:
    """The lines of mountinfo (proc_pid_mountinfo(5)) with what is asked of them here."""
    found = []
    for line in text.splitlines()[:5000]:
        before, dash, after = line.partition(" - ")
        fields, kinds = before.split(" "), after.split(" ")
        if not dash or len(fields) < 6:
            continue
        found.append(
            {
                "device": fields[2],
                "root": unescaped(fields[3]),
                "place": unescaped(fields[4]),
                "options": fields[5],
                "optional": " ".join(fields[6:]),
                "kind": kinds[0],
                "source": unescaped(kinds[1]) if len(kinds) > 1 else "",
            }
        )
    return found


def unescaped(text: str) -> str:
    return _OCTAL.sub(lambda match: chr(int(match.group(1), 8)), text)


def host_mounts(evidence: Evidence, base: str, host: Host) -> Optional[List[Dict[str, Any]]]:
    """What of the host's own file systems the container sees, beside what its engine always puts there."""
    text = evidence.reader.text(base + "/mountinfo")
    if text is None:
        evidence.because("mounts", base + "/mountinfo")
        return None
    found: List[Dict[str, Any]] = []
    for mount in mount_table(text):
        source = host_path(mount, host)
        if not source or mount["place"] in _OWN_FILES or mount["place"] == "/":
            continue
        is_its_own = source == mount["place"] or mount["kind"].startswith("cgroup")
        if is_its_own and mount["kind"] in _PSEUDO and mount["place"].startswith(("/sys", "/proc", "/dev")):
            continue  # its own view of a pseudo file system that it shares with the host
        if len(found) == MAX_MOUNTS:
            evidence.reader.skip(base + "/mountinfo", "more mounts than are kept")
            break
        found.append(
            {
                "source": printable(source),
                "destination": printable(mount["place"]),
                "read_only": "ro" in mount["options"].split(","),
                "propagation": "shared" if "shared:" in mount["optional"]
                else "slave" if "master:" in mount["optional"] else "",
            }
        )  # fmt: skip
    return found


def host_path(mount: Mount, host: Host) -> str:
    """Where on the host the mount's root lies: below the host's mount of the same device; "" when it has none."""
    best = ""
    longest = -1
    for of_host in host.mounts.get(mount["device"], ()):
        root = of_host["root"].rstrip("/")
        if (mount["root"] == of_host["root"] or mount["root"].startswith(root + "/")) and len(root) > longest:
            longest = len(root)
            best = (of_host["place"].rstrip("/") + mount["root"][len(root) :]).rstrip("/") or "/"
    return best


def loaded(evidence: Evidence, pids: Sequence[int]) -> Optional[List[str]]:
    """Paths of the programs and libraries that the processes have mapped to run, as the container names them."""
    paths = set()
    readable = False
    for pid in sorted(pids)[:MAX_PROCESSES]:
        text = evidence.reader.text(f"/proc/{pid}/maps", 8 << 20)
        if text is None:
            evidence.because("loaded", f"/proc/{pid}/maps")
            continue
        readable = True
        for path in _LOADED.findall(text):
            paths.add(path[: -len(" (deleted)")] if path.endswith(" (deleted)") else path)
    if len(pids) > MAX_PROCESSES or len(paths) > MAX_LOADED:
        evidence.reader.skip(evidence.at + "/loaded", "more processes or files than are kept")
    return [printable(path) for path in sorted(paths)[:MAX_LOADED]] if readable else None
