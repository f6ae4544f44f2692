"""Docker's daemon: whether it runs, how its files and its command line set it, and who may use it."""

import re
from typing import Any, Dict, List, Optional

from scanners.probe import (
    commands,
    containerd,
    docker_daemon,
    docker_files,
    docker_settings,
    mounts,
    programs,
    runtimes,
    units,
)
from scanners.probe.evidence import NEEDS_ROOT, NOT_LIVE, Evidence
from scanners.probe.reading import DENIED, Reader, printable

SOCKET = "unix:///var/run/docker.sock"
MAX_MEMBERS = 1000
_ID = re.compile(r"[0-9A-Za-z:-]{10,80}$")
_REMAPPED = re.compile(r"\d+\.\d+$")
# Sources of groups in nsswitch.conf(5) that stand in /etc/group, or in no directory of accounts.
_LOCAL_SOURCES = {"files", "compat", "systemd", "db", "altfiles"}


def is_here(reader: Reader) -> bool:
    places = (docker_daemon.CONFIG, docker_daemon.ROOT + "/engine-id", "/snap/bin/docker", "/snap/docker")
    return bool(
        reader.once(docker_daemon.daemon).pid
        or runtimes.place(reader, "dockerd")
        or units.find(reader, "docker.service")
        or any(reader.exists(place) for place in places)
    )


def collect(evidence: Evidence) -> Optional[Dict[str, Any]]:
    """None on a host without Docker's daemon."""
    reader = evidence.reader
    if not is_here(reader):
        return None
    found = reader.once(docker_daemon.effective)
    if found.settings is None:
        denied = found.config_error == DENIED
        evidence.not_measured(
            "settings", NEEDS_ROOT if denied else f"{found.config_file}: {found.config_error}"
        )
    visible = programs.are_visible(evidence, "is_running")
    known = found.settings or docker_settings.of_command_line(found.daemon.words)
    default = f"unix:///run/user/{found.daemon.user}/docker.sock" if found.daemon.is_rootless else SOCKET
    addresses = docker_settings.addresses(reader, known, default)
    return {
        "is_running": bool(found.daemon.pid) if visible else None,
        "is_rootless": found.daemon.is_rootless,
        "engine_id": engine_id(evidence, found.root_dir, addresses),
        "config_file": printable(found.config_file),
        "config_error": found.config_error,
        "settings": docker_settings.told(found.settings) if found.settings is not None else None,
        "addresses": [docker_settings.told(address) for address in addresses],
        "root_dir": printable(found.root_dir),
        "root_dir_is_mount_point": mounts.is_mount_point(evidence, "root_dir_is_mount_point", found.root_dir),
        "containerd_root_is_mount_point": mounts.is_mount_point(
            evidence, "containerd_root_is_mount_point", reader.once(containerd.settings).root
        ),
        "files": docker_files.files(evidence.below("files"), found, addresses),
        "group": group(evidence, str(known.get("group") or "docker")),
        **docker_files.watched(evidence.below("watched"), found, addresses),
    }


def engine_id(evidence: Evidence, root: str, addresses: List[str]) -> Optional[str]:
    """The engine's own id, as its API tells it: from its file, which engines before 24 do not have, else from itself."""
    reader = evidence.reader
    paths = [root + "/engine-id"]
    paths += [f"{root}/{name}/engine-id" for name in reader.names(root) or () if _REMAPPED.match(name)]
    for path in paths:
        found = reader.word(path)
        if found and _ID.match(found):
            return found
        if reader.reason(path):
            evidence.because("engine_id", path)
            return None
    local = next((address for address in addresses if address.startswith("unix://")), "")
    if not local or not reader.is_live or not reader.exists(local[len("unix://") :]):
        evidence.not_measured("engine_id", "the engine keeps it in no file, and cannot be asked")
        return None
    # A folder of settings that does not exist: root's own could name another engine, or plug-ins.
    words = ("docker", "--config", "/nonexistent", "--host", local, "info", "--format", "{{.ID}}")
    said = commands.ask(evidence, "engine_id", words, 65536)
    if said is not None and not _ID.match(said.strip()):
        evidence.not_measured("engine_id", "the engine does not say")
        return None
    return said.strip() if said else None


def group(evidence: Evidence, name: str) -> Optional[Dict[str, Any]]:
    """Who may use the socket, and so is root on this host; None when there is no such group."""
    reader = evidence.reader
    found = grouped(reader.text("/etc/group") or "", name)
    switch = re.search(r"^group:\s*(.*)$", reader.text("/etc/nsswitch.conf") or "", re.MULTILINE)
    others = set(re.sub(r"\[[^\]]*\]", "", switch.group(1)).split()) - _LOCAL_SOURCES if switch else set()
    if others and not reader.is_live:
        evidence.not_measured("group", NOT_LIVE)
        return None
    if others:
        words = ("getent", "group", name)
        said = commands.run(reader, words, 1 << 20)
        reason = reader.reason("command " + " ".join(words))
        if said is None and reason != "failed with status 2":  # getent(1): no such group
            evidence.not_measured("group", "a directory of accounts is in use and could not be asked")
            return None
        found = grouped(said or "", name) or found
    if found is None:
        evidence.because("group", "/etc/group")
        return None
    members = set(found["members"])
    for line in (reader.text("/etc/passwd") or "").splitlines():
        fields = line.split(":")
        if len(fields) >= 4 and fields[3] == str(found["gid"]):
            members.add(fields[0])
    return {"gid": found["gid"], "members": [printable(one, 100) for one in sorted(members)[:MAX_MEMBERS]]}


def grouped(text: str, name: str) -> Optional[Dict[str, Any]]:
    """The line of group(5) of this name."""
    for line in text.splitlines():
        fields = line.strip().split(":")
        if len(fields) >= 4 and fields[0] == name and fields[2].isdigit() and len(fields[2]) <= 10:
            return {"gid": int(fields[2]), "members": [one for one in fields[3].split(",") if one]}
    return None
