"""One row of the matrix: every mechanism's state on a host, or in a container. Pure, and total for any document."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scanners.defences import assess_container, assess_host, assess_kernel
from scanners.defences.evidence import Said, not_applicable
from scanners.defences.mechanisms import CONTAINER, HOST
from scanners.defences.records import Defence
from scanners.host import HostContainerFacts, HostFacts

_ON_HOST: Mapping[str, Callable[[HostFacts], Said]] = {
    "mandatory-access-control": assess_host.mandatory_access_control,
    "seccomp": assess_host.seccomp,
    "user-namespace-remapping": assess_host.user_namespace_remapping,
    "unprivileged-user-namespaces": assess_host.unprivileged_user_namespaces,
    "cgroups": assess_host.cgroups,
    "ima": assess_host.ima,
    "evm": assess_host.evm,
    "lockdown": assess_kernel.lockdown,
    "module-signing": assess_kernel.module_signing,
    "secure-boot": assess_kernel.secure_boot,
    "kexec": assess_kernel.kexec,
    "unprivileged-bpf": assess_kernel.unprivileged_bpf,
    "bpf-jit": assess_kernel.bpf_jit,
    "yama": assess_kernel.yama,
    "address-leaks": assess_kernel.address_leaks,
    "address-randomisation": assess_kernel.address_randomisation,
    "protected-files": assess_kernel.protected_files,
    "cpu-mitigations": assess_kernel.cpu_mitigations,
    "audit": assess_host.audit,
    "runtime-sensor": assess_host.runtime_sensor,
    "firewall": assess_host.firewall,
}
_ON_CONTAINER: Mapping[str, Callable[[HostContainerFacts], Said]] = {
    "seccomp-filter": assess_container.seccomp_filter,
    "no-new-privileges": assess_container.no_new_privileges,
    "reduced-capabilities": assess_container.reduced_capabilities,
    "security-label": assess_container.security_label,
    "user-namespace": assess_container.user_namespace,
    "namespaces": assess_container.namespaces,
    "resource-limits": assess_container.resource_limits,
    "masked-paths": assess_container.masked_paths,
    "host-mounts": assess_container.host_mounts,
    "read-only-root": assess_container.read_only_root,
}


def on_host(facts: HostFacts) -> tuple[Defence, ...]:
    """One per mechanism of `HOST`, in its order."""
    return tuple(_defence(mechanism.id, _ON_HOST[mechanism.id](facts)) for mechanism in HOST)


def on_container(facts: HostContainerFacts) -> tuple[Defence, ...]:
    """One per mechanism of `CONTAINER`, in its order. In a stopped container nothing is there to confine."""
    if facts.container.status == "stopped":
        return tuple(_defence(mechanism.id, not_applicable("no process runs")) for mechanism in CONTAINER)
    return tuple(_defence(mechanism.id, _ON_CONTAINER[mechanism.id](facts)) for mechanism in CONTAINER)


def _defence(mechanism: str, said: Said) -> Defence:
    state, evidence = said
    return Defence(mechanism=mechanism, state=state, evidence=evidence)
