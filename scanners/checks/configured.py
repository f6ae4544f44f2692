"""What a container was told to be, in one form: by its OCI bundle, or by its engine's settings."""

from __future__ import annotations

import msgspec

from scanners.checks.capabilities import DEFAULT, NAMES, bare
from scanners.checks.security_options import engine_offers, engine_option, option_values
from scanners.host import Bundle, HostContainerFacts
from scanners.records import ContainerFacts

# What a bundle calls a namespace, and what the kernel calls it.
KINDS = {
    "pid": "pid",
    "network": "net",
    "ipc": "ipc",
    "uts": "uts",
    "mount": "mnt",
    "user": "user",
    "cgroup": "cgroup",
}


class Configured(msgspec.Struct, frozen=True, kw_only=True):
    """The promises that a process must keep.

    `capabilities` None: the source names none, so none is too many. A limit of None is no limit. `namespaces` are those
    of the container's own, as the kernel calls them. None for a filter: what the engine's default is, is not known.
    """

    seccomp: bool | None
    no_new_privileges: bool | None
    capabilities: frozenset[str] | None
    apparmor_profile: str
    selinux_label: str
    memory_bytes: int | None
    pids: int | None
    cpus: float | None
    namespaces: frozenset[str]


def sources_of(facts: HostContainerFacts) -> list[Configured]:
    """What is known of a container's settings. The bundle comes first: it is what the kernel was asked for."""
    sources = [] if facts.container.bundle is None else [_of_bundle(facts.container.bundle)]
    if isinstance(facts.configured, ContainerFacts):
        sources.append(_of_engine(facts.configured))
    return sources


def _of_bundle(bundle: Bundle) -> Configured:
    granted = bundle.capabilities
    return Configured(
        seccomp=bundle.seccomp_default_action is not None,
        no_new_privileges=bundle.no_new_privileges,
        capabilities=None
        if granted is None
        else frozenset(bare(name) for names in granted.values() for name in names),
        apparmor_profile=bundle.apparmor_profile if bundle.apparmor_profile != "unconfined" else "",
        selinux_label=bundle.selinux_label,
        memory_bytes=bundle.memory_bytes,
        pids=bundle.pids,
        cpus=bundle.cpus,
        namespaces=frozenset(KINDS.get(space.type, "") for space in bundle.namespaces if not space.path),
    )


def _of_engine(told: ContainerFacts) -> Configured:
    is_apparmor = told.apparmor_profile not in ("", "unconfined")
    return Configured(
        seccomp=_seccomp(told),
        no_new_privileges=_no_new_privileges(told),
        capabilities=None if told.privileged else _capabilities(told),
        apparmor_profile=told.apparmor_profile if is_apparmor else "",
        selinux_label=told.process_label,
        memory_bytes=told.memory_bytes or None,
        pids=told.pids_limit if told.pids_limit is not None and told.pids_limit > 0 else None,
        cpus=told.cpus or None,
        namespaces=frozenset(_namespaces(told)),
    )


def _seccomp(told: ContainerFacts) -> bool | None:
    asked = option_values(told, "seccomp")
    if told.privileged or "unconfined" in asked:
        return False
    if asked:
        return True
    if told.engine is None:
        return None
    # An engine on a kernel without filters does not offer them, and its default may be set to none.
    if not engine_offers(told.engine, "seccomp"):
        return False
    return engine_option(told.engine, "seccomp", "profile") != "unconfined"


def _no_new_privileges(told: ContainerFacts) -> bool | None:
    asked = option_values(told, "no-new-privileges")
    if asked:
        return asked[-1] in ("", "true")  # the engine applies the entries in order
    return told.engine is not None and engine_offers(told.engine, "no-new-privileges")


def _capabilities(told: ContainerFacts) -> frozenset[str]:
    """The bounding set: the engine's default, less what is dropped, and what is added. Podman's default is smaller."""
    kept = frozenset() if "ALL" in told.capabilities_dropped else DEFAULT
    if "ALL" in told.capabilities_added:
        kept = frozenset(NAMES)
    return kept.difference(map(bare, told.capabilities_dropped)).union(
        bare(name) for name in told.capabilities_added if name != "ALL"
    )


def _namespaces(told: ContainerFacts) -> list[str]:
    """Those that are the container's own by its settings; one that it joins, or that the engine may choose, is not."""
    own = ["mnt"]
    for kind, mode in (("net", told.network_mode), ("pid", told.pid_mode), ("ipc", told.ipc_mode)):
        if mode != "host" and not mode.startswith(("container:", "ns:")):
            own.append(kind)
    if told.uts_mode != "host":
        own.append("uts")
    if told.cgroupns_mode == "private":
        own.append("cgroup")
    remaps = told.engine is not None and (told.engine.remaps_users or told.engine.is_rootless)
    if remaps and told.userns_mode != "host":
        own.append("user")
    return own
