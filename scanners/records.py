"""The one language that the rooms speak: frozen records, ordered enumerations, a `.key` on each asset.

Connectors yield records, checks judge them, ingest stores them. A record never holds a secret: environment
values that look secret have been replaced before the record is made (see `scanners.redaction`).
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

import msgspec

from scanners.host import HostFacts


class Severity(enum.IntEnum):
    """How bad a problem is, in rising order; the number is what the database stores."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        return self.name.lower()


class Outcome(enum.StrEnum):
    """What a check said of one asset. Only `PASS` counts as passed.

    `NOT_MEASURED` means that the evidence could not be read (it needs the host's files, or a right was missing).
    """

    PASS = "pass"
    FAIL = "fail"
    MANUAL = "manual"
    NOT_APPLICABLE = "not_applicable"
    NOT_MEASURED = "not_measured"
    ERROR = "error"


class AssetKind(enum.StrEnum):
    HOST = "host"
    CONTAINER = "container"
    IMAGE = "image"
    CLUSTER = "cluster"


class Record(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base of everything that passes between rooms. A record is never part of a circle, so the garbage collector, which
    would look at all of a large report again and again, need not know of it."""


class Skipped(Record, frozen=True, kw_only=True):
    """One item that could not be read, shown on the pull: `where` names it, `reason` says why in plain words.

    `kind` is one of vanished, too_large, malformed, denied, engine_error, or of a registry a code of `NodeError`; of
    reports also unattached (whole, but about something that we keep nothing of) and suppressed (the tool itself keeps it
    back). `asset_key` is the key of the asset when one asset was skipped; "" with an `asset_kind` means that the whole
    list of that kind was not readable, so nothing may be concluded from what is missing in it.
    """

    kind: str
    where: str
    reason: str
    asset_kind: AssetKind | None = None
    asset_key: str = ""


class SecretSighting(Record, frozen=True, kw_only=True):
    """A place where a value looked secret. The value itself is never kept."""

    where: str  # for example "Env DB_PASSWORD"
    rule: str  # which rule matched, for example "secret-like name", "AWS access key"


class Mount(Record, frozen=True, kw_only=True):
    kind: str  # bind, volume, tmpfs, npipe, cluster
    source: str
    destination: str
    read_only: bool = False
    propagation: str = ""
    name: str = ""


class PublishedPort(Record, frozen=True, kw_only=True):
    container_port: int
    protocol: str
    host_ip: str  # "" and "0.0.0.0" and "::" mean every address
    host_port: int


class Device(Record, frozen=True, kw_only=True):
    host_path: str
    container_path: str
    permissions: str


class EngineFacts(Record, frozen=True, kw_only=True):
    """A container engine and the host it runs on, as `GET /info` and `GET /version` describe them.

    `security_options` holds the engine's own strings ("name=seccomp,profile=builtin"). A field that the engine
    did not send is None: absent is not the same as false.
    """

    engine: str  # docker, podman
    engine_id: (
        str  # stable identity given by the engine; "" when it has none (Podman invents one per request)
    )
    name: str
    version: str
    api_version: str
    platform_name: str = ""
    components: dict[str, str] = {}  # component name -> version (containerd, runc, docker-init …)
    operating_system: str = ""
    os_version: str = ""
    os_type: str = "linux"
    kernel_version: str = ""
    architecture: str = ""
    cpus: int = 0
    memory_bytes: int = 0
    root_dir: str = ""
    storage_driver: str = ""
    driver_status: tuple[tuple[str, str], ...] = ()
    cgroup_driver: str = ""
    cgroup_version: str = ""
    security_options: tuple[str, ...] = ()
    logging_driver: str = ""
    authorization_plugins: tuple[str, ...] = ()
    log_plugins: tuple[str, ...] = ()
    insecure_registry_cidrs: tuple[str, ...] = ()
    insecure_registries: tuple[str, ...] = ()  # names of IndexConfigs entries with Secure false
    runtimes: tuple[str, ...] = ()
    default_runtime: str = ""
    warnings: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    live_restore: bool | None = None
    experimental: bool | None = None
    debug: bool | None = None
    memory_limit: bool | None = None
    swap_limit: bool | None = None
    pids_limit: bool | None = None
    cpu_cfs_quota: bool | None = None
    ipv4_forwarding: bool | None = None
    userland_proxy: bool | None = None
    firewall_backend: str | None = None
    swarm_state: str = "inactive"  # Swarm.LocalNodeState
    swarm_manager: bool = False  # Swarm.ControlAvailable
    swarm_cluster_id: str = ""
    swarm_node_address: str = ""
    default_bridge_exists: bool | None = None  # None: networks could not be read
    default_bridge_options: dict[str, str] = {}
    networks: tuple[NetworkFacts, ...] | None = None
    volumes: tuple[VolumeFacts, ...] | None = None
    plugins: tuple[str, ...] | None = None  # enabled managed plugins; None: not readable
    containers: tuple[ContainerSummary, ...] | None = None
    images: tuple[ImageSummary, ...] | None = None
    node_address: str = ""  # the address that this was read from, for example unix:///var/run/docker.sock

    @property
    def key(self) -> str:
        return self.engine_id

    @property
    def is_rootless(self) -> bool:
        return any(option.startswith("name=rootless") for option in self.security_options)

    @property
    def remaps_users(self) -> bool:
        return any(option.startswith("name=userns") for option in self.security_options)


class NetworkFacts(Record, frozen=True, kw_only=True):
    id: str
    name: str
    driver: str
    scope: str
    internal: bool = False
    ingress: bool = False
    options: dict[str, str] = {}


class VolumeFacts(Record, frozen=True, kw_only=True):
    name: str
    driver: str
    created_at: datetime | None = None
    labels: dict[str, str] = {}
    is_dangling: bool | None = None  # not used by any container; None: not known
    size_bytes: int | None = None  # None: the engine was not asked, or does not know


class ContainerSummary(Record, frozen=True, kw_only=True):
    """What an engine-wide check needs to know of every container."""

    id: str
    name: str
    image_id: str
    status: str
    created_at: datetime | None
    finished_at: datetime | None = None
    log_driver: str | None = None  # None, here and below: not read
    log_options: dict[str, str] | None = None


class ImageSummary(Record, frozen=True, kw_only=True):
    id: str
    references: tuple[str, ...]
    created_at: datetime | None
    size_bytes: int
    is_used: bool  # by any container of this engine, running or not


class ContainerFacts(Record, frozen=True, kw_only=True):
    """One container as the engine is told to run it (`GET /containers/{id}/json`), running or stopped.

    Sizes are bytes, `cpus` is in cores (0 means no limit), a limit of 0 means none.
    """

    id: str
    name: str
    image_id: str
    image_reference: str
    status: str = "running"  # created, running, paused, restarting, exited, removing, dead
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    user: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment_names: tuple[str, ...] = ()
    secrets: tuple[SecretSighting, ...] = ()
    labels: dict[str, str] = {}
    privileged: bool = False
    capabilities_added: tuple[str, ...] = ()  # upper case, without the CAP_ prefix
    capabilities_dropped: tuple[str, ...] = ()
    security_options: tuple[str, ...] = ()
    apparmor_profile: str = ""
    process_label: str = ""  # SELinux
    mount_label: str = ""
    readonly_rootfs: bool = False
    network_mode: str = "default"
    networks: tuple[str, ...] = ()
    pid_mode: str = ""
    ipc_mode: str = ""
    uts_mode: str = ""
    userns_mode: str = ""
    # field name -> the mode of the container that `container:<id>` leads to, for network_mode, pid_mode and ipc_mode
    joined_modes: dict[str, str] = {}
    cgroupns_mode: str = ""
    cgroup_parent: str = ""
    runtime: str = ""
    memory_bytes: int = 0
    memory_reservation_bytes: int = 0
    cpus: float = 0.0
    cpu_shares: int = 0
    cpuset: str = ""
    pids_limit: int | None = None
    ulimits: tuple[str, ...] = ()
    restart_policy: str = ""
    restart_max_retries: int = 0
    mounts: tuple[Mount, ...] = ()
    devices: tuple[Device, ...] = ()
    device_cgroup_rules: tuple[str, ...] = ()
    device_requests: tuple[str, ...] = ()  # driver and what is asked: "nvidia: all", "cdi: vendor.com/gpu=0"
    published_ports: tuple[PublishedPort, ...] = ()
    publish_all_ports: bool = False
    exposed_ports: tuple[str, ...] = ()
    log_driver: str = ""
    log_options: dict[str, str] = {}
    healthcheck: tuple[str, ...] | None = None  # Config.Healthcheck.Test; None: not defined
    health_status: str | None = None  # State.Health.Status; None: no health check active
    masked_paths: tuple[str, ...] | None = None  # None: the engine's default holds
    readonly_paths: tuple[str, ...] | None = None
    processes: tuple[str, ...] | None = (
        None  # names of the programs that run in it, from `top`; None: not read
    )
    image_repo_digests: tuple[str, ...] = ()
    engine: EngineFacts | None = None  # the engine it runs on, for defaults that a container inherits

    @property
    def key(self) -> str:
        return self.id

    @property
    def is_running(self) -> bool:
        """Running, paused or restarting: a process exists or is about to."""
        return self.status in ("running", "paused", "restarting")


class Layer(Record, frozen=True, kw_only=True):
    created_by: str
    created_at: datetime | None = None
    size_bytes: int = 0
    comment: str = ""
    tags: tuple[str, ...] = ()


class ImageFacts(Record, frozen=True, kw_only=True):
    """One image: configuration, layers and history (`GET /images/{id}/json` and `/history`)."""

    id: str  # sha256:… ; the digest that the engine gives it
    references: tuple[str, ...] = ()  # repository:tag
    repo_digests: tuple[str, ...] = ()  # repository@sha256:…
    created_at: datetime | None = None
    size_bytes: int = 0
    os: str = "linux"
    architecture: str = ""
    variant: str = ""
    author: str = ""
    user: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    working_dir: str = ""
    environment_names: tuple[str, ...] = ()
    secrets: tuple[SecretSighting, ...] = ()
    labels: dict[str, str] = {}
    exposed_ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    healthcheck: tuple[str, ...] | None = None
    layer_digests: tuple[str, ...] = ()
    history: tuple[Layer, ...] | None = None  # newest first as the engine sends it; None: not readable
    in_use_references: tuple[str, ...] = ()  # the names by which containers of the engine run it

    @property
    def key(self) -> str:
        return self.id


class SwarmNodeFacts(Record, frozen=True, kw_only=True):
    id: str
    hostname: str
    role: str
    availability: str = ""
    state: str = ""
    is_leader: bool = False
    reachability: str = ""
    engine_version: str = ""


class SwarmServiceFacts(Record, frozen=True, kw_only=True):
    id: str
    name: str
    image_reference: str
    secret_names: tuple[str, ...] = ()
    environment_names: tuple[str, ...] = ()
    secrets: tuple[SecretSighting, ...] = ()  # literal secrets in the environment


class SwarmFacts(Record, frozen=True, kw_only=True):
    """A Swarm cluster as one of its managers describes it. Fields are None when the manager did not let us read."""

    id: str
    name: str = "default"
    created_at: datetime | None = None
    nodes: tuple[SwarmNodeFacts, ...] | None = None
    services: tuple[SwarmServiceFacts, ...] | None = None
    overlay_networks: tuple[NetworkFacts, ...] | None = None
    secret_count: int | None = None
    autolock: bool | None = None
    node_cert_expiry_seconds: int | None = None
    root_certificate_pem: str = ""
    root_rotation_in_progress: bool | None = None
    data_path_port: int | None = None

    @property
    def key(self) -> str:
        return self.id


class Observed(Record, frozen=True, kw_only=True):
    """A record together with the stable, redacted document that it was read from.

    `document` has no volatile parts (process ids, counters, clocks), so an unchanged asset has an unchanged
    `fingerprint`: SHA-256 of the document's canonical JSON, hex.
    """

    facts: EngineFacts | ContainerFacts | ImageFacts | SwarmFacts | HostFacts
    document: dict[str, Any]
    fingerprint: str


class CheckOutcome(Record, frozen=True, kw_only=True):
    """What one check said of one asset. `evidence` is short, stable text lines that decided it."""

    check: str
    asset_kind: AssetKind
    asset_key: str
    outcome: Outcome
    evidence: tuple[str, ...] = ()
    severity: Severity | None = None  # set when this case weighs differently from the check's default
    per_requirement: dict[str, Outcome] = {}  # benchmark id -> outcome, for checks decided separately per id


class Limits(Record, frozen=True, kw_only=True):
    """What a pull may take from one node."""

    seconds: float = 300.0
    bytes: int = 256 * 1024 * 1024
    item_bytes: int = 16 * 1024 * 1024
    items: int = 20_000


class Credential(Record, frozen=True, kw_only=True):
    """What opens a node. Never logged: `repr` shows only which parts are present."""

    ca_certificate: str = ""  # PEM
    client_certificate: str = ""  # PEM
    client_key: str = ""  # PEM
    ssh_private_key: str = ""  # OpenSSH or PEM
    ssh_passphrase: str = ""
    ssh_host_key: str = ""  # pinned: "ssh-ed25519 AAAA…"
    token: str = ""  # bearer token of a host probe that runs as an agent
    username: str = ""  # of a registry
    password: str = ""  # of a registry; an access token often stands in for it

    def __repr__(self) -> str:
        present = [field for field in self.__struct_fields__ if getattr(self, field)]
        return f"Credential({', '.join(present)})"


class ProbeReport(Record, frozen=True, kw_only=True):
    """What "Test connection" found. `readable` names what can be read; `missing` says in sentences what cannot."""

    engine: str
    version: str
    api_version: str
    name: str
    containers: int | None  # None: not readable
    images: int | None
    networks: int | None
    volumes: int | None
    swarm: str  # inactive, worker, manager; "" where no engine was asked
    readable: tuple[str, ...]
    missing: tuple[str, ...]
    warnings: tuple[str, ...] = ()


class NodeError(Exception):
    """A node could not be read. `code` is stable and machine-readable; the message is for a person.

    Codes: unreachable, refused, name_not_found, timeout, tls_untrusted, tls_client_refused, tls_mismatch,
    ssh_auth, ssh_host_key, ssh_key_invalid, permission_denied, not_an_engine, malformed, too_large, too_many,
    api_version, cancelled, address_invalid, address_denied, engine_error, no_python, probe_failed, replayed,
    agent_refused, busy, not_a_probe, not_a_registry, vanished, digest_mismatch, rate_limited, redirect_loop,
    registry_error.
    """

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
