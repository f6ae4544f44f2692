"""OCI bundles: what a runtime was told of a container (config.json) and what it keeps of it (state.json).

Written after the OCI runtime specification 1.2. A field of another type than the specification's counts as absent,
and the file is listed among the skipped.
"""

import json
from typing import Any, Dict, List, Optional

from scanners.probe.evidence import Evidence
from scanners.probe.reading import Reader, printable
from scanners.probe.secrets import redacted_words

MAX_ITEMS = 500
MAX_SYSCALLS = 5000
STATE_BYTES = 4 << 20


def parsed(reader: Reader, path: str) -> Optional[Dict[str, Any]]:
    """The JSON object in a file; None when it is missing or was skipped."""
    text = reader.text(path, STATE_BYTES)
    if text is None:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        reader.skip(path, "cannot be understood: not JSON")
        return None
    if not isinstance(found, dict):
        reader.skip(path, "cannot be understood: not a JSON object")
        return None
    return found


class Fields:
    """One JSON object, whose fields are asked for with their type. What has another type is noted once."""

    def __init__(self, reader: Reader, path: str, value: Any) -> None:
        self._reader = reader
        self._path = path
        self._value = value if isinstance(value, dict) else {}

    def _get(self, name: str, kind: Any, otherwise: Any) -> Any:
        value = self._value.get(name)
        if value is None:
            return otherwise
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self._reader.skip(self._path, "a field has another type than the specification's")
            return otherwise
        return value

    def text(self, name: str) -> str:
        return printable(self._get(name, str, ""))

    def flag(self, name: str) -> bool:
        return bool(self._get(name, bool, False))

    def number(self, name: str) -> Optional[int]:
        found = self._get(name, int, None)
        return found if found is not None and abs(found) < 1 << 63 else None

    def below(self, name: str) -> "Fields":
        return Fields(self._reader, self._path, self._get(name, dict, {}))

    def has(self, name: str) -> bool:
        return isinstance(self._value.get(name), dict)

    def names(self) -> List[str]:
        return [name for name in sorted(self._value) if isinstance(name, str)]

    def each(self, name: str) -> List["Fields"]:
        return [
            Fields(self._reader, self._path, item)
            for item in self._get(name, list, [])[:MAX_ITEMS]
            if isinstance(item, dict)
        ]

    def texts(self, name: str) -> List[str]:
        return [printable(item) for item in self._get(name, list, [])[:MAX_ITEMS] if isinstance(item, str)]


def bundle(evidence: Evidence, folder: str) -> Optional[Dict[str, Any]]:
    """The bundle in `folder`; None, and not measured when it may not be read."""
    path = folder + "/config.json"
    document = parsed(evidence.reader, path)
    if document is None:
        evidence.because("bundle", path)
        return None
    whole = Fields(evidence.reader, path, document)
    process, linux = whole.below("process"), whole.below("linux")
    resources, sets = linux.below("resources"), process.below("capabilities")
    seccomp = linux.below("seccomp")
    user, root = process.below("user"), whole.below("root")
    hooks = whole.below("hooks")
    return {
        "path": printable(folder),
        "terminal": process.flag("terminal"),
        "user_id": user.number("uid") or 0,
        "group_id": user.number("gid") or 0,
        "arguments": redacted_words(process.texts("args")),
        "no_new_privileges": process.flag("noNewPrivileges"),
        "capabilities": {name: sets.texts(name) for name in sets.names()} if process.has("capabilities") else None,
        "apparmor_profile": process.text("apparmorProfile"),
        "selinux_label": process.text("selinuxLabel"),
        "root_path": root.text("path"),
        "root_read_only": root.flag("readonly"),
        "mounts": [
            {
                "destination": mount.text("destination"),
                "type": mount.text("type"),
                "source": mount.text("source"),
                "options": mount.texts("options"),
            }
            for mount in whole.each("mounts")
        ],
        "namespaces": [
            {"type": space.text("type"), "path": space.text("path")} for space in linux.each("namespaces")
        ],
        "user_map": [
            [row.number("containerID") or 0, row.number("hostID") or 0, row.number("size") or 0]
            for row in linux.each("uidMappings")
        ],
        "seccomp_default_action": seccomp.text("defaultAction") if linux.has("seccomp") else None,
        "seccomp_syscalls": min(
            sum(len(rule.texts("names")) for rule in seccomp.each("syscalls")), MAX_SYSCALLS
        ),
        "masked_paths": linux.texts("maskedPaths"),
        "read_only_paths": linux.texts("readonlyPaths"),
        "devices": [device.text("path") for device in linux.each("devices")],
        "device_rules": [
            {
                "allow": rule.flag("allow"),
                "type": rule.text("type"),
                "access": rule.text("access"),
                "major": rule.number("major"),
                "minor": rule.number("minor"),
            }
            for rule in resources.each("devices")
        ],
        "memory_bytes": positive(resources.below("memory").number("limit")),
        "pids": positive(resources.below("pids").number("limit")),
        "cpus": cores(resources.below("cpu")),
        "hooks": {
            kind: [hook.text("path") for hook in hooks.each(kind)] for kind in hooks.names() if hooks.each(kind)
        },
        "rootfs_propagation": linux.text("rootfsPropagation"),
    }  # fmt: skip


def positive(value: Optional[int]) -> Optional[int]:
    return value if value is not None and value > 0 else None


def cores(cpu: Fields) -> Optional[float]:
    quota, period = cpu.number("quota"), cpu.number("period") or 100000
    return round(quota / period, 3) if quota is not None and quota > 0 and period > 0 else None


def annotations(reader: Reader, folder: str) -> Dict[str, str]:
    """The bundle's annotations that name the container."""
    document = parsed(reader, folder + "/config.json") or {}
    said = document.get("annotations")
    return {
        str(name): printable(value, 300)
        for name, value in (said if isinstance(said, dict) else {}).items()
        if isinstance(value, str)
    }
