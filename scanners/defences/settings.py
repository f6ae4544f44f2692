"""The settings that hosts of one group should share, and how each is read out of the probe's document.

Left out is what must differ (names and ids of the host, disks, subordinate ids), what moves by itself (clocks, counters,
containers, sockets) and who the people are (members of groups).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from scanners.redaction import REDACTED, is_secret_name

Document = (
    Any  # the probe's document, or what a hostile store made of it: nothing of its types is taken for granted
)
Found = Iterator[
    tuple[str, str]
]  # a step below the setting's pointer ("" for the setting itself), and its value
MAX_DEPTH = 5

# Boot parameters that name one host's disks, addresses or image; the release in BOOT_IMAGE is a fact of its own.
_OF_ONE_HOST = frozenset(
    {
        "BOOT_IMAGE", "cryptdevice", "hostname", "ifname", "initrd", "ip", "resume", "resume_offset", "root", "rootflags",
        "systemd.hostname", "systemd.machine_id",
    }
)  # fmt: skip
_OF_ONE_HOST_PREFIXES = ("rd.luks", "rd.lvm", "rd.md", "nfsroot")
_OWN_DOCKER_SETTINGS = frozenset(
    {"labels", "node-generic-resources"}
)  # what an owner tells machines apart by


def escaped(name: str) -> str:
    """One step of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def text(value: object) -> str | None:
    """A single value for people; None for what is not one."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, str | int | float) else None


def one(value: object, document: Document) -> Found:
    if (said := text(value)) is not None:
        yield "", said


def in_order(value: object, document: Document) -> Found:
    """A list whose order matters, or that is short, as one value."""
    if isinstance(value, list | tuple):
        yield "", ", ".join(filter(None, map(text, value))) or "none"


def unordered(value: object, document: Document) -> Found:
    if isinstance(value, list | tuple):
        yield "", ", ".join(sorted(filter(None, map(text, value)))) or "none"


def each(value: object, document: Document) -> Found:
    """An object whose every entry is a setting of its own."""
    if isinstance(value, dict):
        for name, item in value.items():
            if (said := text(item)) is not None:
                yield str(name), said


def members(value: object, document: Document) -> Found:
    """A list in which every entry is there or not."""
    if isinstance(value, list | tuple):
        for item in value:
            if (said := text(item)) is not None:
                yield said, "present"


def parameters(value: object, document: Document) -> Found:
    """Boot parameters by name; one that is given several times has all its values."""
    given: dict[str, list[str]] = {}
    for word in value if isinstance(value, list | tuple) else ():
        name, equals, rest = str(word).partition("=")
        if name not in _OF_ONE_HOST and not name.startswith(_OF_ONE_HOST_PREFIXES):
            given.setdefault(name, []).append(rest if equals else "given")
    for name, values in given.items():
        yield name, ", ".join(values)


def versions(value: object, document: Document) -> Found:
    if isinstance(value, dict):
        for name, program in value.items():
            if isinstance(program, dict) and (said := text(program.get("version"))) is not None:
                yield f"{name}/version", said


def nested(value: object, document: Document) -> Found:
    """Docker's settings under the names of daemon.json, objects below objects."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name not in _OWN_DOCKER_SETTINGS:
                yield from _nested(escaped(str(name)), item, MAX_DEPTH)


def _nested(path: str, value: object, depth: int) -> Found:
    if isinstance(value, dict) and depth:
        for name, item in value.items():
            yield from _nested(f"{path}/{escaped(str(name))}", item, depth - 1)
    elif is_secret_name(path.rpartition("/")[2]):
        yield (
            path,
            REDACTED,
        )  # the probe has done so already, but here values of many hosts are laid side by side
    elif isinstance(value, list | tuple):
        yield path, ", ".join(sorted(filter(None, map(text, value)))) or "none"
    elif (said := text(value)) is not None:
        yield path, said


def files(value: object, document: Document) -> Found:
    """Owner, group and mode of files by subject. The group of Docker's socket is named, its number is each host's own."""
    docker = document.get("docker")
    group = docker.get("group") if isinstance(docker, dict) else None
    docker_gid = group.get("gid") if isinstance(group, dict) else None
    for subject, found in value.items() if isinstance(value, dict) else ():
        for status in found if isinstance(found, list | tuple) else ():
            if isinstance(status, dict):
                gid = status.get("gid")
                shown = "docker" if gid is not None and gid == docker_gid else gid
                path = escaped(str(status.get("path")))
                yield f"{subject}/{path}", f"{status.get('uid')}:{shown} {status.get('mode')}"


def log_files(value: object, document: Document) -> Found:
    for step, said in files({"": value}, document):
        yield step[1:], said


class Unread(str):
    """Instead of a value: why an entry of a list was not measured, whose place there is not the setting's pointer."""


def sensors(value: object, document: Document) -> Found:
    """Whether each runs, and its version. Several under one name are not told apart."""
    reasons = document.get("not_measured")
    for position, sensor in enumerate(value) if isinstance(value, list | tuple) else ():
        if not isinstance(sensor, dict) or not isinstance(sensor.get("name"), str):
            continue
        is_running, version = sensor.get("is_running"), text(sensor.get("version"))
        if is_running is None:
            pointer = f"/sensors/{position}/is_running"
            why = reasons.get(pointer) if isinstance(reasons, dict) else None
            yield sensor["name"], Unread(why or "the probe does not tell")
        else:
            said = "runs" if is_running is True else "does not run"
            yield sensor["name"], f"{said}, version {version}" if version else said


class Setting(msgspec.Struct, frozen=True):
    """Where a setting lies in the document, what people call it, and how it is read. An entry's own name follows it."""

    pointer: str
    name: str
    read: Callable[[object, Document], Found] = one
    is_raw_step: bool = True  # the step is a name, still to be escaped; else it is a pointer already


SETTINGS: tuple[Setting, ...] = (
    Setting("/distribution/id", "Distribution"),
    Setting("/distribution/version_id", "Version of the distribution"),
    Setting("/distribution/variant_id", "Variant of the distribution"),
    Setting("/kernel/release", "Kernel release"),
    Setting("/kernel/architecture", "Architecture"),
    Setting("/kernel/parameters", "Kernel parameter", parameters),
    Setting("/kernel/options", "Kernel build option", each),
    Setting("/kernel/lockdown", "Kernel lockdown"),
    Setting("/kernel/modules/disabled", "Loading of modules closed"),
    Setting("/kernel/modules/signatures_enforced", "Module signatures enforced"),
    Setting("/kernel/kexec_load_disabled", "Kexec closed"),
    Setting("/kernel/secure_boot", "Secure Boot"),
    Setting("/kernel/cpu_vulnerabilities", "Processor flaw", each),
    Setting("/security_modules/order", "Order of security modules", in_order),
    Setting("/security_modules/selinux/mode", "SELinux mode"),
    Setting("/security_modules/selinux/configured", "SELinux mode from the next start"),
    Setting("/security_modules/selinux/policy", "SELinux policy"),
    Setting("/security_modules/selinux/policy_version", "SELinux policy version"),
    Setting("/security_modules/selinux/booleans", "SELinux boolean", each),
    Setting("/security_modules/apparmor/enabled", "AppArmor enabled"),
    Setting("/security_modules/apparmor/profiles", "AppArmor profile", each),
    Setting("/security_modules/apparmor/restricts_user_namespaces", "AppArmor restricts user namespaces"),
    Setting("/confinement/seccomp/actions", "Seccomp actions", unordered),
    Setting("/confinement/seccomp/default_profiles", "Default seccomp profile", nested, False),
    Setting("/confinement/capabilities/bounding", "Capabilities of the first process"),
    Setting("/confinement/namespaces/limits", "Namespace limit", each),
    Setting("/confinement/namespaces/unprivileged_user", "User namespaces for ordinary accounts"),
    Setting("/confinement/cgroups/version", "Cgroup version"),
    Setting("/confinement/cgroups/controllers", "Cgroup controllers", unordered),
    Setting("/confinement/cgroups/delegated", "Cgroup controllers handed to users", unordered),
    Setting("/integrity/ima/present", "IMA present"),
    Setting("/integrity/ima/parameters", "IMA parameter", each),
    Setting("/integrity/ima/policy", "IMA rule", members),
    Setting("/integrity/evm/state", "EVM state"),
    Setting("/sysctls", "Kernel setting", each),
    Setting("/runtimes", "Version of", versions, False),
    Setting("/docker/is_running", "Docker runs"),
    Setting("/docker/is_rootless", "Docker runs without root"),
    Setting("/docker/root_dir", "Docker's folder"),
    Setting("/docker/root_dir_is_mount_point", "Docker's folder on its own file system"),
    Setting("/docker/settings", "Docker setting", nested, False),
    Setting("/docker/files", "Owner and mode of", files, False),
    Setting("/audit/is_running", "Audit daemon runs"),
    Setting("/audit/enabled", "Audit in the kernel"),
    Setting("/audit/rules", "Audit rule", members),
    Setting("/audit/settings", "Setting of the audit daemon", each),
    Setting("/audit/log_files", "Owner and mode of audit log", log_files, False),
    Setting("/time/services", "Time services", unordered),
    Setting("/time/servers", "Time server", members),
    Setting("/sensors", "Sensor", sensors),
    Setting("/log_collectors", "Log collectors", unordered),
    Setting("/firewall/services", "Firewall services", unordered),
    Setting("/firewall/input_policy", "Firewall input policy"),
)
