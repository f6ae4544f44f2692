"""Containers as the host sees them, whoever started them: by the cgroups of processes and by the runtimes' folders.

A container is known by the id in its process's cgroup path, by its bundle below the folders of containerd, CRI-O and
Podman, or by the state that runc and crun keep. Nothing is asked of an engine, and nothing inside a container is run.
"""

import os
import re
from typing import Any, Dict, Iterator, List, Optional, Tuple

from scanners.probe import bundles, processes
from scanners.probe.evidence import NEEDS_ROOT, Evidence
from scanners.probe.reading import Reader, printable

MAX_CONTAINERS = 5000
MAX_PIDS = 100000
CONTAINERD = "/run/containerd/io.containerd.runtime.v2.task"
STORAGE = (
    "/run/containers/storage/overlay-containers",
    "/run/containers/storage/vfs-containers",
    "/var/lib/containers/storage/overlay-containers",
    "/var/lib/containers/storage/vfs-containers",
)
# Where a runtime keeps its state when nobody else manages the container.
STATES = (("/run/runc", "runc"), ("/run/crun", "crun"))
_MANAGERS_OF_NAMESPACE = {"moby": "docker", "k8s.io": "kubernetes"}
_ID = "([0-9a-f]{64})"
_IN_CGROUP = (
    (re.compile(r"(?:/docker/|/docker-)" + _ID), "docker"),
    (re.compile(r"/libpod-" + _ID), "podman"),
    (re.compile(r"/(?:cri-containerd-|crio-)" + _ID), "kubernetes"),
    (re.compile(r"/kubepods[^:]*/" + _ID), "kubernetes"),
    (re.compile(r"/(?:nerdctl-)" + _ID), "containerd"),
)
_BUNDLE_LABEL = "bundle="
_NAMES = (
    "io.kubernetes.cri.container-name",
    "io.kubernetes.container.name",
    "nerdctl/name",
    "io.container.manager.name",
)
_IMAGES = (
    "io.kubernetes.cri.image-name",
    "io.kubernetes.cri-o.ImageName",
    "org.opencontainers.image.ref.name",
)


class Sighting:
    """What is known of one container before its parts are read."""

    def __init__(self, identifier: str, manager: str) -> None:
        self.id = identifier
        self.manager = manager
        self.bundle = ""
        self.pid: Optional[int] = None
        self.is_paused = False
        self.created_at: Optional[str] = None
        self.pids: List[int] = []
        self.start: Optional[int] = None  # of the first process, in clock ticks since the host's start


def collect(evidence: Evidence) -> List[Dict[str, Any]]:
    reader = evidence.reader
    found: Dict[str, Sighting] = {}
    for sighting in with_bundles(evidence):
        found.setdefault(sighting.id, sighting)
    by_pid = {sighting.pid: sighting for sighting in found.values() if sighting.pid}
    for pid, text in cgroups(reader):
        match = in_cgroup(text)
        owner = by_pid.get(pid)
        if match is None and owner is None:
            continue
        if owner is None:
            assert match is not None
            owner = found.setdefault(match[0], Sighting(*match))
        owner.pids.append(pid)
    host = processes.Host(reader)
    chosen = sorted(found.values(), key=lambda sighting: sighting.id)
    if len(chosen) > MAX_CONTAINERS:
        reader.skip("containers", "more containers than are kept")
    return [
        container(evidence.below(str(position)), sighting, host)
        for position, sighting in enumerate(chosen[:MAX_CONTAINERS])
    ]


def cgroups(reader: Reader) -> Iterator[Tuple[int, str]]:
    """Every process of the host with the text that names its cgroups."""
    pids = sorted(int(name) for name in reader.names("/proc") or () if name.isdigit() and len(name) < 10)
    if len(pids) > MAX_PIDS:
        reader.skip("/proc", "more processes than are read")
    for pid in pids[:MAX_PIDS]:
        text = reader.text(f"/proc/{pid}/cgroup", 65536)
        if text:
            yield pid, text


def in_cgroup(text: str) -> Optional[Tuple[str, str]]:
    """The id and the manager of the container that the cgroup paths belong to."""
    if "conmon" in text:
        return None  # the container's monitor, which runs outside of it
    for pattern, manager in _IN_CGROUP:
        match = pattern.search(text)
        if match:
            return match.group(1), manager
    return None


def with_bundles(evidence: Evidence) -> Iterator[Sighting]:
    reader = evidence.reader
    for namespace in reader.names(CONTAINERD) or ():
        for identifier in reader.names(CONTAINERD + "/" + namespace) or ():
            folder = f"{CONTAINERD}/{namespace}/{identifier}"
            sighting = Sighting(
                printable(identifier, 128), _MANAGERS_OF_NAMESPACE.get(namespace, "containerd")
            )
            sighting.bundle = folder
            sighting.pid = processes.number(reader.word(folder + "/init.pid") or "")
            yield sighting
    for storage in STORAGE:
        for identifier in reader.names(storage) or ():
            folder = f"{storage}/{identifier}/userdata"
            if not reader.exists(folder + "/config.json"):
                continue
            sighting = Sighting(printable(identifier, 128), "podman")
            sighting.bundle = folder
            sighting.pid = processes.number(reader.word(folder + "/pidfile") or "")
            if any(name.startswith("io.kubernetes.cri-o") for name in bundles.annotations(reader, folder)):
                sighting.manager = "crio"
            yield sighting
    for folder, runtime in state_folders(reader):
        for identifier in reader.names(folder) or ():
            state = of_runtime(reader, folder + "/" + identifier, printable(identifier, 128), runtime)
            if state is not None:
                yield state


def is_complete(evidence: Evidence) -> bool:
    """Whether every folder that tells of containers could be read: else one may be there that is not in the list."""
    folders = [CONTAINERD, *STORAGE, *(folder for folder, _ in state_folders(evidence.reader))]
    return not any(evidence.reader.reason(folder) for folder in ["/proc", *folders])


def state_folders(reader: Reader) -> Iterator[Tuple[str, str]]:
    for pair in STATES:
        yield pair
    for user in reader.names("/run/user") or ():
        yield f"/run/user/{user}/runc", "runc"
        yield f"/run/user/{user}/crun", "crun"


def of_runtime(reader: Reader, folder: str, identifier: str, runtime: str) -> Optional[Sighting]:
    """A container by runc's state.json or crun's status, as their sources write them."""
    name = "state.json" if runtime == "runc" else "status"
    state = bundles.parsed(reader, folder + "/" + name)
    if state is None:
        return None
    fields = bundles.Fields(reader, folder + "/" + name, state)
    sighting = Sighting(identifier, runtime)
    if runtime == "runc":
        sighting.pid = fields.number("init_process_pid")
        sighting.start = fields.number("init_process_start")
        labels = fields.below("config").texts("labels")
        sighting.bundle = next(
            (label[len(_BUNDLE_LABEL) :] for label in labels if label.startswith(_BUNDLE_LABEL)), ""
        )
    else:
        sighting.pid = fields.number("pid")
        sighting.start = fields.number("process-start-time")
        sighting.bundle = fields.text("bundle")
    sighting.created_at = fields.text("created") or None
    return sighting


def container(evidence: Evidence, sighting: Sighting, host: processes.Host) -> Dict[str, Any]:
    reader = evidence.reader
    if sighting.pid is None and sighting.pids:
        sighting.pid = first_process(reader, sighting.pids)
    is_alive = is_the_same(reader, sighting)
    if is_alive and sighting.pid not in sighting.pids:
        sighting.pids.append(sighting.pid or 0)
    if not sighting.bundle and is_alive:
        sighting.bundle = of_shim(reader, sighting)
    names = bundles.annotations(reader, sighting.bundle) if sighting.bundle else {}
    if not sighting.bundle:
        evidence.not_measured("bundle", NEEDS_ROOT if not_root(reader) else "its bundle was not found")
    return {
        "id": sighting.id,
        "manager": sighting.manager,
        "name": next((names[key] for key in _NAMES if names.get(key)), ""),
        "status": status(reader, sighting) if is_alive else "stopped",
        "image_reference": next((names[key] for key in _IMAGES if names.get(key)), ""),
        "created_at": sighting.created_at,
        "process_count": len(sighting.pids),
        "process": processes.process(evidence.below("process"), sighting.pid or 0, host) if is_alive else None,
        "bundle": bundles.bundle(evidence, sighting.bundle) if sighting.bundle else None,
        "loaded": processes.loaded(evidence, sighting.pids) if is_alive else None,
    }  # fmt: skip


def of_shim(reader: Reader, sighting: Sighting) -> str:
    """The bundle of a containerd that keeps its state elsewhere: its shim, the container's parent, works in that folder
    (containerd, core/runtime/v2/README.md). "" when it does not."""
    fields = (reader.text(f"/proc/{sighting.pid}/stat", 65536) or "").rpartition(")")[2].split()
    folder = reader.link(f"/proc/{fields[1]}/cwd") if len(fields) > 1 and fields[1].isdigit() else None
    if folder is None or os.path.basename(folder) != sighting.id:
        return ""
    return folder if reader.exists(folder + "/config.json") else ""


def not_root(reader: Reader) -> bool:
    return reader.exists(CONTAINERD) is None or bool(reader.reason(CONTAINERD))


def first_process(reader: Reader, pids: List[int]) -> int:
    """The process that is number 1 in the container's own count; else the oldest."""
    for pid in sorted(pids)[: processes.MAX_PROCESSES]:
        match = re.search(r"^NSpid:.*\t1$", reader.text(f"/proc/{pid}/status") or "", re.MULTILINE)
        if match:
            return pid
    return min(pids)


def is_the_same(reader: Reader, sighting: Sighting) -> bool:
    """Whether the process still is the one that the runtime started, not another under the same number."""
    if not sighting.pid:
        return False
    stat = reader.text(f"/proc/{sighting.pid}/stat", 65536)
    if stat is None:
        return bool(reader.exists(f"/proc/{sighting.pid}/status"))
    fields = stat.rpartition(")")[2].split()
    if len(fields) < 20 or fields[0] in ("Z", "X"):
        return False
    return sighting.start is None or fields[19] == str(sighting.start)


def status(reader: Reader, sighting: Sighting) -> str:
    text = reader.text(f"/proc/{sighting.pid}/cgroup", 65536) or ""
    for line in text.splitlines():
        hierarchy, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if ".." in path:
            continue
        if hierarchy == "0" and reader.word(f"/sys/fs/cgroup{path}/cgroup.freeze") == "1":
            return "paused"
        if (
            controllers == "freezer"
            and reader.word(f"/sys/fs/cgroup/freezer{path}/freezer.state") == "FROZEN"
        ):
            return "paused"
    # runc's own init waits for `start` under this name; the program of the container is not there yet.
    command = reader.text(f"/proc/{sighting.pid}/cmdline", 65536) or ""
    return "created" if command.split("\0")[:2] == ["runc", "init"] else "running"
