"""Where runtimes keep images, layers and volumes: the file system below, whether it is one of its own, and encrypted."""

from typing import Any, Dict, List

from scanners.probe import containerd, docker_daemon, mounts
from scanners.probe.evidence import Evidence

MAX_HOMES = 500
PODMAN = "/var/lib/containers/storage"
KUBELET = "/var/lib/kubelet"
_IN_HOME = (".local/share/containers/storage", ".local/share/docker")
_ENCRYPTS_ITSELF = ("ecryptfs", "fuse.gocryptfs", "fuse.cryfs", "fuse.encfs")


def collect(evidence: Evidence) -> List[Dict[str, Any]]:
    reader = evidence.reader
    places = [
        reader.once(docker_daemon.effective).root_dir,
        reader.once(containerd.settings).root,
        PODMAN,
        KUBELET,
    ]
    homes = reader.names("/home") or []
    if len(homes) > MAX_HOMES:
        reader.skip("/home", "more homes than are looked into")
    places += [f"/home/{home}/{rest}" for home in homes[:MAX_HOMES] for rest in _IN_HOME]
    there = sorted({place for place in places if reader.exists(place)})
    return [folder(evidence.below(str(position)), path) for position, path in enumerate(there)]


def folder(evidence: Evidence, path: str) -> Dict[str, Any]:
    reader = evidence.reader
    mount = mounts.containing(reader, path)
    found: Dict[str, Any] = {
        "path": path,
        "file_system": mount["kind"] if mount else None,
        "is_mount_point": mounts.is_mount_point(evidence, "is_mount_point", path),
        "is_encrypted": None,
    }
    if mount is None:
        for name in ("file_system", "is_encrypted"):
            evidence.not_measured(name, mounts.unknown(reader))
    elif mount["kind"] in _ENCRYPTS_ITSELF:
        found["is_encrypted"] = True
    else:
        device = mounts.block_device(reader, mount)
        found["is_encrypted"] = mounts.is_encrypted(reader, device) if device else None
        if found["is_encrypted"] is None:
            evidence.not_measured(
                "is_encrypted", f"what the {mount['kind']} file system lies on cannot be told from this host"
            )
    return found
