"""What a site allows and how long it lets things age: every limit of the catalogue, each with its default."""

from __future__ import annotations

import fnmatch
from datetime import UTC, date, datetime, timedelta

import msgspec


class PortApproval(msgspec.Struct, frozen=True):
    """A host port that a workload may publish. `workload` is a shell pattern on the container's name."""

    port: int
    workload: str = "*"

    def covers(self, workload: str, port: int) -> bool:
        return self.port == port and fnmatch.fnmatchcase(workload, self.workload)


class ExtendedSupport(msgspec.Struct, frozen=True):
    """Contracted support beyond the end of a release line, as in lifecycle.yaml: "ubuntu", "20.04"."""

    product: str
    line: str
    until: date


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """The second input of a check. The same facts under the same policy always give the same verdict.

    `now` is the moment that ages are measured at (aware, or naive and then read as UTC). Durations are days.
    An allow list that is None was never written, and the check that needs it asks a person (`manual`); an
    empty tuple allows nothing.
    """

    now: datetime

    # images
    image_max_age_days: int = 90
    trusted_base_images: tuple[str, ...] | None = None  # hosts or host/path prefixes: "docker.io/library"
    unused_image_days: int = 30
    unused_image_share: float = 0.5  # of all images of the host, 0..1

    # containers
    require_net_raw_drop: bool = False
    approved_capabilities: tuple[str, ...] = ()  # upper case, without CAP_
    approved_ports: tuple[PortApproval, ...] | None = None
    approved_devices: tuple[str, ...] = ()  # host paths and device requests
    approved_ulimits: tuple[str, ...] = ()  # "nofile=1024:2048"
    approved_containers: tuple[str, ...] = ()  # shell patterns on names of containers that no project owns
    selinux_container_types: tuple[str, ...] = (
        "container_t",
        "container_init_t",
        "container_kvm_t",
        "svirt_lxc_net_t",
    )
    restart_max_retries: int = 5
    stopped_container_days: int = 7
    stopped_container_count: int = 25

    # hosts
    trusted_docker_users: tuple[str, ...] | None = None  # accounts that may be in the group docker
    extended_support: tuple[ExtendedSupport, ...] = ()
    storage_is_encrypted: bool | None = None  # below the host, by hypervisor or storage; None: never stated
    audit_consumers: tuple[str, ...] = ()  # sensors that stand in for auditd
    pending_reboot_days: int = 7
    file_comparison_days: int = 7
    recovery_point_days: int = 1
    clock_offset_seconds: float = 1.0

    # engines
    approved_seccomp_profiles: tuple[str, ...] = ()  # paths of the daemon's own profile
    patch_grace_days: int = 30
    swarm_expected: bool = False  # the inventory marks this host as a Swarm node

    # volumes
    orphan_volume_days: int = 30
    volume_owner_label: str = "plimsoll.keep.owner"
    volume_until_label: str = "plimsoll.keep.until"  # ISO date

    # Swarm
    swarm_max_managers: int = 7
    swarm_must_tolerate_faults: bool = True
    swarm_node_certificate_max_days: int = 90
    swarm_ca_max_age_days: int = 5 * 365
    swarm_ca_expiry_warning_days: int = 90

    def is_older(self, moment: datetime, days: int) -> bool:
        """Whether `moment` lies more than `days` before now."""
        return _aware(self.now) - _aware(moment) > timedelta(days=days)

    def is_within(self, moment: datetime, days: int) -> bool:
        """Whether `moment` has passed or comes within the next `days`."""
        return _aware(moment) - _aware(self.now) < timedelta(days=days)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
