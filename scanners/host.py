"""The host probe's document as records: what `scanners/probe` prints is what checks judge. It defines the schema.

A fact is its value, or None. None with the fact's JSON pointer in `HostFacts.not_measured` was not readable; None
without one means that the host does not have the thing (see `HostFacts.why`).
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, Literal

import msgspec

SCHEMA = "plimsoll.probe/1"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One object of the document. Fields that a newer probe adds are not refused."""


class Identity(Part, frozen=True, kw_only=True):
    id: str | None = None  # derived from machine-id(5), which itself stays on the host
    name: str = ""
    uptime_seconds: int | None = None
    cpus: int | None = None
    memory_bytes: int | None = None


class Distribution(Part, frozen=True, kw_only=True):
    """Fields of os-release(5)."""

    id: str | None = None
    id_like: str | None = None
    version_id: str | None = None
    version_codename: str | None = None
    pretty_name: str | None = None
    variant_id: str | None = None
    support_end: str | None = None


class Modules(Part, frozen=True, kw_only=True):
    disabled: int | None = None
    signatures_enforced: bool | None = None


class RebootRequired(Part, frozen=True, kw_only=True):
    marked: bool | None = None
    packages: tuple[str, ...] = ()


class Kernel(Part, frozen=True, kw_only=True):
    release: str | None = None
    version: str | None = None
    architecture: str | None = None
    installed: tuple[str, ...] = ()
    parameters: tuple[str, ...] | None = None
    options: dict[str, str | None] | None = (
        None  # build options: y, m, n or a text; None: not known to the kernel
    )
    tainted: int | None = None
    lockdown: str | None = None  # none, integrity, confidentiality
    modules: Modules = Modules()
    kexec_load_disabled: int | None = None
    secure_boot: str | None = None  # enabled, disabled, no EFI
    cpu_vulnerabilities: dict[str, str] | None = None
    reboot_required: RebootRequired = RebootRequired()


class SELinux(Part, frozen=True, kw_only=True):
    mode: str | None = None  # enforcing, permissive, disabled
    configured: str | None = None
    policy: str | None = None
    policy_version: int | None = None
    booleans: dict[str, bool] = {}


class AppArmor(Part, frozen=True, kw_only=True):
    enabled: bool | None = False
    profiles: dict[str, str] | None = None  # name -> mode
    restricts_user_namespaces: int | None = None


class SecurityModules(Part, frozen=True, kw_only=True):
    order: tuple[str, ...] | None = None
    selinux: SELinux = SELinux()
    apparmor: AppArmor = AppArmor()


class SeccompProfile(Part, frozen=True, kw_only=True):
    """A filter that a runtime keeps as a file: what happens to calls that it does not name, and how many it allows."""

    default_action: str | None = None
    allowed: int = 0


class Seccomp(Part, frozen=True, kw_only=True):
    """`default_profiles` are by path. Docker and containerd have theirs built in; `Docker.settings` names another."""

    actions: tuple[str, ...] | None = None
    default_profiles: dict[str, SeccompProfile | None] = {}


class CapabilityLimits(Part, frozen=True, kw_only=True):
    last: int | None = None
    bounding: str | None = None


class SubordinateRange(Part, frozen=True, kw_only=True):
    owner: str
    first: int
    count: int


class Namespaces(Part, frozen=True, kw_only=True):
    kinds: tuple[str, ...] | None = None
    limits: dict[str, int | None] = {}
    unprivileged_user: int | None = None
    subordinate_users: tuple[SubordinateRange, ...] | None = None
    subordinate_groups: tuple[SubordinateRange, ...] | None = None


class Cgroups(Part, frozen=True, kw_only=True):
    version: str | None = None  # 1, 2, hybrid
    controllers: tuple[str, ...] | None = None
    delegated: tuple[str, ...] | None = None


class Confinement(Part, frozen=True, kw_only=True):
    seccomp: Seccomp = Seccomp()
    capabilities: CapabilityLimits = CapabilityLimits()
    namespaces: Namespaces = Namespaces()
    cgroups: Cgroups = Cgroups()


class Ima(Part, frozen=True, kw_only=True):
    present: bool | None = None
    parameters: dict[str, str] = {}
    measurements: int | None = None
    violations: int | None = None
    policy: tuple[str, ...] | None = None
    head: tuple[str, ...] | None = None


class Evm(Part, frozen=True, kw_only=True):
    state: int | None = None  # bit 0 HMAC, bit 1 signatures, bit 2 metadata may change


class Integrity(Part, frozen=True, kw_only=True):
    ima: Ima = Ima()
    evm: Evm = Evm()


class Program(Part, frozen=True, kw_only=True):
    path: str
    version: str | None = None


class FileStatus(Part, frozen=True, kw_only=True):
    """Owner, group and mode ("0644") of what a path leads to, links followed."""

    path: str
    uid: int
    gid: int
    mode: str
    kind: str = "file"


class Group(Part, frozen=True, kw_only=True):
    """`members` are the accounts in the group, also those whose primary group it is."""

    gid: int
    members: tuple[str, ...] = ()


class Docker(Part, frozen=True, kw_only=True):
    """Docker's daemon as its files and its command line set it; None in `HostFacts` on a host without Docker.

    `settings` are the effective ones under the names of daemon.json: the command line's, else the file's. `files` are
    by subject of the CIS Docker Benchmark, section 3: docker-service, docker-socket-unit, etc-docker, registry-certs,
    tls-ca, tls-cert, tls-key, docker-sock, daemon-json, etc-default-docker, sysconfig-docker, containerd-sock: empty where
    there is no such file, None where it was not measured.
    `watched` says which of the objects that section 1 wants audited exist, by path; `watched_as` which paths name the
    object of a number such as 1.1.3, several where one leads to the other through a link. Without `settings`, `addresses`
    are those of the command line alone.
    """

    is_running: bool | None = None
    is_rootless: bool = False
    engine_id: str | None = None
    config_file: str = "/etc/docker/daemon.json"
    config_error: str = ""
    settings: dict[str, Any] | None = None
    addresses: tuple[str, ...] = ()
    root_dir: str = "/var/lib/docker"
    root_dir_is_mount_point: bool | None = None
    containerd_root_is_mount_point: bool | None = None
    files: dict[str, tuple[FileStatus, ...] | None] = {}
    group: Group | None = None
    watched: dict[str, bool | None] = {}
    watched_as: dict[str, tuple[str, ...]] = {}


class ContainerData(Part, frozen=True, kw_only=True):
    """A folder in which a runtime keeps images, layers or volumes. Encrypted: its block device lies on dm-crypt."""

    path: str
    file_system: str | None = None
    is_mount_point: bool | None = None
    is_encrypted: bool | None = None


class Audit(Part, frozen=True, kw_only=True):
    """`rules` are those in the kernel, `file_rules` those of /etc/audit, each in auditctl's words."""

    is_running: bool | None = None
    enabled: int | None = None
    lost: int | None = None
    rules: tuple[str, ...] | None = None
    file_rules: tuple[str, ...] | None = None
    settings: dict[str, str] | None = None  # auditd.conf
    log_files: tuple[FileStatus, ...] | None = None


class Listener(Part, frozen=True, kw_only=True):
    protocol: str  # tcp, udp
    address: str
    port: int
    program: str | None = None


class TimeSync(Part, frozen=True, kw_only=True):
    is_synchronised: bool | None = None  # as the kernel's clock says (adjtimex(2))
    services: tuple[str, ...] = ()  # time services that run
    servers: tuple[str, ...] = ()  # configured sources
    estimated_error_seconds: float | None = None


class Sensor(Part, frozen=True, kw_only=True):
    """One known sensor: falco, tracee, tetragon, cilium, auditd, osquery, aide, wazuh …"""

    name: str
    is_running: bool | None
    path: str = ""
    version: str | None = None
    last_sign: str | None = None  # newest change of its own files, UTC, ISO 8601


class Firewall(Part, frozen=True, kw_only=True):
    """`input_policy` of the kernel's packet filter: accept, drop, or None."""

    services: tuple[str, ...] = ()
    input_policy: str | None = None


class Backup(Part, frozen=True, kw_only=True):
    tool: str
    evidence: str  # the file that shows it
    last_run: str | None = None  # UTC, ISO 8601


class Package(Part, frozen=True, kw_only=True, array_like=True):
    name: str
    version: str
    architecture: str = ""
    source: str = ""


class Packages(Part, frozen=True, kw_only=True):
    manager: str | None = None  # dpkg, rpm, apk
    installed: tuple[Package, ...] | None = None


class BpfProgram(Part, frozen=True, kw_only=True):
    id: int
    kind: str
    name: str = ""
    tag: str = ""


class CapabilitySets(Part, frozen=True, kw_only=True):
    """Hexadecimal masks, as /proc has them."""

    effective: str = ""
    permitted: str = ""
    inheritable: str = ""
    bounding: str = ""
    ambient: str = ""


class IdRange(Part, frozen=True, kw_only=True, array_like=True):
    inside: int
    outside: int
    count: int


class HostMount(Part, frozen=True, kw_only=True):
    """A path of the host inside the container."""

    source: str
    destination: str
    read_only: bool = False
    propagation: str = ""  # shared, slave, or ""


class CgroupLimits(Part, frozen=True, kw_only=True):
    """What the kernel enforces now; None for no limit. `cpus` in cores."""

    memory_bytes: int | None = None
    pids: int | None = None
    cpus: float | None = None


class Process(Part, frozen=True, kw_only=True):
    """A container's first process, as the kernel confines it."""

    user_id: int | None = None  # as the host numbers it
    seccomp: Literal["disabled", "strict", "filter"] | None = None
    no_new_privileges: bool | None = None
    capabilities: CapabilitySets | None = None
    label: str | None = None  # of the security module
    user_map: tuple[IdRange, ...] | None = None
    shared_namespaces: tuple[str, ...] | None = None  # kinds that it shares with the host's first process
    limits: CgroupLimits | None = None
    mounts: tuple[HostMount, ...] | None = None


class BundleNamespace(Part, frozen=True, kw_only=True):
    type: str
    path: str = ""


class BundleMount(Part, frozen=True, kw_only=True):
    destination: str
    type: str = ""
    source: str = ""
    options: tuple[str, ...] = ()


class DeviceRule(Part, frozen=True, kw_only=True):
    allow: bool
    type: str = ""
    access: str = ""
    major: int | None = None
    minor: int | None = None


class Bundle(Part, frozen=True, kw_only=True):
    """What the OCI runtime was told: the bundle's config.json (OCI runtime specification 1.x), without environment."""

    path: str
    terminal: bool = False
    user_id: int = 0
    group_id: int = 0
    arguments: tuple[str, ...] = ()
    no_new_privileges: bool = False
    capabilities: dict[str, tuple[str, ...]] | None = None  # bounding, effective, … -> CAP_ names
    apparmor_profile: str = ""
    selinux_label: str = ""
    root_path: str = ""
    root_read_only: bool = False
    mounts: tuple[BundleMount, ...] = ()
    namespaces: tuple[BundleNamespace, ...] = ()
    user_map: tuple[IdRange, ...] = ()
    seccomp_default_action: str | None = None  # None: no filter
    seccomp_syscalls: int = 0
    masked_paths: tuple[str, ...] = ()
    read_only_paths: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    device_rules: tuple[DeviceRule, ...] = ()
    memory_bytes: int | None = None
    pids: int | None = None
    cpus: float | None = None
    hooks: dict[str, tuple[str, ...]] = {}  # kind -> programs
    rootfs_propagation: str = ""


class HostContainer(Part, frozen=True, kw_only=True):
    """One container as the host sees it. `manager` is who started it: docker, kubernetes, containerd, podman, crio, runc,
    crun, rkt, or "" when that cannot be told. `status` is running, created, paused or stopped."""

    id: str
    manager: str = ""
    name: str = ""
    status: str = "running"
    image_reference: str = ""
    created_at: str | None = None
    process_count: int = 0
    process: Process | None = None
    bundle: Bundle | None = None
    loaded: tuple[str, ...] | None = (
        None  # paths of programs and libraries in use, as the container sees them
    )


class RktPod(Part, frozen=True, kw_only=True):
    id: str
    state: str
    apps: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    isolators: tuple[str, ...] = ()


class RktImage(Part, frozen=True, kw_only=True):
    id: str
    name: str
    is_signed: bool | None = None


class Rkt(Part, frozen=True, kw_only=True):
    """What is left of rkt; None in `HostFacts` on a host without a trace of it."""

    traces: tuple[str, ...] = ()
    pods: tuple[RktPod, ...] = ()
    images: tuple[RktImage, ...] = ()
    trusted_keys: tuple[str, ...] = ()  # "root", or the image prefix that a signing key is trusted for


class SkippedItem(Part, frozen=True, kw_only=True):
    where: str
    reason: str


class HostFacts(Part, frozen=True, kw_only=True):
    """Everything that one run of the probe says of one host."""

    schema: str
    probe_version: str = ""
    collected_at: str = ""
    nonce: str = ""
    is_root: bool = False
    is_live: bool = True
    host: Identity | None = None
    distribution: Distribution | None = None
    kernel: Kernel | None = None
    security_modules: SecurityModules | None = None
    confinement: Confinement | None = None
    integrity: Integrity | None = None
    sysctls: dict[str, str | None] | None = None
    runtimes: dict[str, Program] | None = None
    docker: Docker | None = None
    container_data: tuple[ContainerData, ...] | None = None
    audit: Audit | None = None
    listeners: tuple[Listener, ...] | None = None
    time: TimeSync | None = None
    sensors: tuple[Sensor, ...] | None = None
    log_collectors: tuple[str, ...] | None = None
    firewall: Firewall | None = None
    backups: tuple[Backup, ...] | None = None
    packages: Packages | None = None
    bpf_programs: tuple[BpfProgram, ...] | None = None
    containers: tuple[HostContainer, ...] | None = None
    containers_complete: bool | None = None  # False: one may be there that is not in the list
    rkt: Rkt | None = None
    not_measured: dict[str, str] = {}
    skipped: tuple[SkippedItem, ...] = ()
    skipped_total: int = 0
    duration_seconds: float = 0.0

    @property
    def key(self) -> str:
        return self.host.id or "" if self.host else ""

    def why(self, pointer: str) -> str:
        """Why the fact at a JSON pointer was not measured, "" when it was: asks for the fact and all that holds it."""
        while pointer:
            if pointer in self.not_measured:
                return self.not_measured[pointer]
            pointer = pointer.rpartition("/")[0]
        return ""


class HostContainerFacts(Part, frozen=True, kw_only=True):
    """One container of a probed host, with what of the host its judgement needs."""

    container: HostContainer
    pointer: str  # of the container in the document
    host: HostFacts
    configured: Any = (
        None  # scanners.records.ContainerFacts as its engine tells it, when an engine is read too
    )

    @property
    def key(self) -> str:
        return self.container.id

    def why(self, name: str) -> str:
        """Why a fact of the container, such as "process/seccomp", was not measured."""
        return self.host.why(f"{self.pointer}/{name}")


# What changes from one look to the next although nothing happened to the host.
_VOLATILE = ("collected_at", "nonce", "duration_seconds", "bpf_programs", "skipped_total")
_VOLATILE_PARTS = (
    ("host", "uptime_seconds"),
    ("integrity", "ima", "measurements"),
    ("audit", "lost"),
    ("time", "estimated_error_seconds"),
)
_VOLATILE_OF_EACH = (("sensors", "last_sign"), ("backups", "last_run"), ("containers", "process_count"))
_FIRST_FREE_PORT = (
    32768  # ip_local_port_range: from here on the kernel picks ports, for each question another
)
_OF_A_PROCESS = re.compile(r"/proc/\d+/")


def fingerprint(document: dict[str, Any]) -> str:
    """32 hex digits of the document's content without clocks and counters: an unchanged host has an unchanged one."""
    kept = {name: value for name, value in document.items() if name not in _VOLATILE}
    for path in _VOLATILE_PARTS:
        kept = _without(kept, path)
    for subject, name in _VOLATILE_OF_EACH:
        if kept.get(subject):
            kept[subject] = [_without(item, (name,)) for item in kept[subject]]
    kept["listeners"] = [
        {name: socket.get(name) for name in ("protocol", "address", "port", "program")}
        for socket in kept.get("listeners") or ()
        if socket.get("protocol") != "udp" or socket.get("port", 0) < _FIRST_FREE_PORT
    ]
    # Numbers of processes are others after each restart, and places in a list where one came before.
    kept["skipped"] = [
        item for item in kept.get("skipped") or () if not _OF_A_PROCESS.match(item.get("where", ""))
    ]
    kept["not_measured"] = {
        pointer: reason
        for pointer, reason in (kept.get("not_measured") or {}).items()
        if not pointer.startswith("/listeners/")
    }
    encoded = msgspec.json.encode(kept, order="deterministic")
    return hashlib.blake2b(encoded, digest_size=16).hexdigest()


def _without(found: Any, path: tuple[str, ...]) -> Any:
    if not isinstance(found, dict) or path[0] not in found:
        return found
    if len(path) == 1:
        return {name: value for name, value in found.items() if name != path[0]}
    return {**found, path[0]: _without(found[path[0]], path[1:])}
