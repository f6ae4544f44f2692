"""The columns of the matrix: what a host's kernel and services set against an attack, and what confines a container.

SELinux and AppArmor are one column: a kernel runs one of them, and with two every host would look half defenceless.
Time synchronisation is none: right clocks help to read a log, they stop nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from scanners.defences.records import Mechanism
from scanners.defences.weaknesses import Weakness
from scanners.records import AssetKind

# Checks whose finding means that several mechanisms are missing at once, named where each is declared.
_PRIVILEGED = "docker.container.not-privileged"
_KERNEL_PROTECTION = "oci.bundle.kernel-protection"
_PRIVILEGES = "oci.bundle.privileges"
_FILES = "oci.bundle.filesystem-and-devices"


_host = partial(Mechanism, subject=AssetKind.HOST)
_container = partial(Mechanism, subject=AssetKind.CONTAINER)

HOST: tuple[Mechanism, ...] = (
    _host(
        id="mandatory-access-control",
        title="SELinux or AppArmor",
        blunts=(Weakness.CONTAINER_ESCAPE,),
        why="What has broken out of its namespaces still meets rules on files and processes that root cannot lift.",
        remediation="Set SELINUX=enforcing, or load the runtime's AppArmor profile in enforce mode; restart the host.",
        check="kernel.lsm-enforcing",
        in_container="security-label",
    ),
    _host(
        id="seccomp",
        title="Seccomp",
        blunts=(
            Weakness.KERNEL_EXPLOIT,
            Weakness.CONTAINER_ESCAPE,
        ),
        why="With filters, containers reach only the system calls that they need; most flaws lie behind the others.",
        remediation="Run a kernel with CONFIG_SECCOMP_FILTER=y and keep the engine's default seccomp profile.",
        check="kernel.seccomp-available",
        reported_by=("docker.daemon.seccomp-default",),
        in_container="seccomp-filter",
    ),
    _host(
        id="user-namespace-remapping",
        title="Remapped container root",
        blunts=(
            Weakness.CONTAINER_ESCAPE,
            Weakness.HOST_ACCESS,
            Weakness.PRIVILEGE_ESCALATION,
        ),
        why="Who escapes as root of a container is an account without rights on the host.",
        remediation='Set "userns-remap": "default" in daemon.json, or run the engine without root.',
        check="docker.daemon.userns-remap",
        reported_by=("docker.daemon.rootless",),
        in_container="user-namespace",
    ),
    _host(
        id="unprivileged-user-namespaces",
        title="Restricted user namespaces",
        blunts=(Weakness.KERNEL_EXPLOIT,),
        why="An ordinary account cannot make itself root of a namespace and so reach kernel code kept for root.",
        remediation=(
            "Set kernel.apparmor_restrict_unprivileged_userns=1, kernel.unprivileged_userns_clone=0 or "
            "user.max_user_namespaces=0; keep what rootless engines need."
        ),
        check="kernel.unprivileged-userns",
    ),
    _host(
        id="cgroups",
        title="Control groups",
        blunts=(Weakness.RESOURCE_EXHAUSTION,),
        why="Only with the controllers of memory, processes and processors does a limit on a container hold.",
        remediation="Start with systemd.unified_cgroup_hierarchy=1 and the memory, pids and cpu controllers enabled.",
        check="kernel.cgroup-v2-and-limits",
        in_container="resource-limits",
    ),
    _host(
        id="ima",
        title="IMA appraisal",
        blunts=(
            Weakness.HOST_TAMPERING,
            Weakness.PERSISTENCE,
        ),
        why="The kernel refuses to run a file whose content is not the one that was recorded or signed.",
        remediation="Sign or hash the files, then start with ima_policy=tcb|appraise_tcb and ima_appraise=enforce.",
        check="kernel.ima-policy",
    ),
    _host(
        id="evm",
        title="EVM",
        blunts=(Weakness.HOST_TAMPERING,),
        why="Who changes a disk offline cannot also change the hash and the owner that the kernel compares with.",
        remediation="Load an EVM key at the start and write 1 or 2 to /sys/kernel/security/evm; remove evm=fix.",
        check="kernel.evm",
    ),
    _host(
        id="lockdown",
        title="Kernel lockdown",
        blunts=(Weakness.HOST_TAMPERING,),
        why="Root, also one that escaped from a container, cannot change the running kernel.",
        remediation="Start with lockdown=integrity; confidentiality also stops some eBPF sensors.",
        check="kernel.lockdown",
    ),
    _host(
        id="module-signing",
        title="Signed kernel modules",
        blunts=(
            Weakness.HOST_TAMPERING,
            Weakness.PERSISTENCE,
        ),
        why="A rootkit cannot be loaded as a kernel module without a key that the kernel trusts.",
        remediation="Start with module.sig_enforce=1, lock the kernel down, or set kernel.modules_disabled=1 late.",
        check="kernel.kexec-and-modules",
    ),
    _host(
        id="secure-boot",
        title="Secure Boot",
        blunts=(
            Weakness.HOST_TAMPERING,
            Weakness.PERSISTENCE,
        ),
        why="The firmware starts only signed boot loaders and kernels, so nothing hides below the system.",
        remediation="Switch Secure Boot on in the firmware.",
        check="kernel.secure-boot",
    ),
    _host(
        id="kexec",
        title="Closed kexec",
        blunts=(Weakness.HOST_TAMPERING,),
        why="Root cannot replace the running kernel by one without defences.",
        remediation="Set kernel.kexec_load_disabled=1, or lock the kernel down.",
        check="kernel.kexec-and-modules",
    ),
    _host(
        id="unprivileged-bpf",
        title="Restricted BPF",
        blunts=(Weakness.KERNEL_EXPLOIT,),
        why="Flaws of the BPF verifier are out of reach of ordinary accounts.",
        remediation="Set kernel.unprivileged_bpf_disabled to 1 or 2.",
        check="kernel.unprivileged-bpf-disabled",
    ),
    _host(
        id="bpf-jit",
        title="Hardened BPF compiler",
        blunts=(Weakness.KERNEL_EXPLOIT,),
        why="An attacker cannot place chosen code in the kernel's executable memory as constants of a BPF program.",
        remediation="Set net.core.bpf_jit_harden=2, or 1 where unprivileged BPF is off.",
        check="kernel.bpf-jit-hardened",
    ),
    _host(
        id="yama",
        title="Yama",
        blunts=(Weakness.PROCESS_INTRUSION,),
        why="A compromised process cannot trace the others of its account and take their secrets.",
        remediation="Set kernel.yama.ptrace_scope to 1 or higher.",
        check="kernel.yama-ptrace",
    ),
    _host(
        id="address-leaks",
        title="Hidden kernel addresses",
        blunts=(
            Weakness.INFORMATION_LEAK,
            Weakness.KERNEL_EXPLOIT,
        ),
        why="Exploits of the kernel find no address to begin with in its files, messages and counters.",
        remediation="Set kernel.kptr_restrict=1, kernel.dmesg_restrict=1 and kernel.perf_event_paranoid=2 or higher.",
        check="kernel.address-leaks-restricted",
    ),
    _host(
        id="address-randomisation",
        title="Randomised addresses",
        blunts=(
            Weakness.KERNEL_EXPLOIT,
            Weakness.PRIVILEGE_ESCALATION,
        ),
        why="An overflow that needs to know where code lies crashes instead of running it.",
        remediation="Set kernel.randomize_va_space=2, use a kernel with RANDOMIZE_BASE, and remove nokaslr.",
        check="kernel.sysctl-basics",
    ),
    _host(
        id="protected-files",
        title="Protected links and FIFOs",
        blunts=(Weakness.PRIVILEGE_ESCALATION,),
        why="A program with more rights cannot be led by links and FIFOs in shared folders to files that are not meant.",
        remediation="Set fs.protected_symlinks, _hardlinks and _fifos to 1 and fs.protected_regular to 2.",
        check="kernel.sysctl-basics",
    ),
    _host(
        id="cpu-mitigations",
        title="Processor mitigations",
        blunts=(Weakness.SIDE_CHANNEL,),
        why="Containers that share a processor cannot read what another computes through its known flaws.",
        remediation="Remove mitigations=off from the boot parameters; update kernel and microcode.",
        check="kernel.cpu-mitigations",
    ),
    _host(
        id="audit",
        title="Audit trail",
        blunts=(Weakness.UNDETECTED_ACTIVITY,),
        why="The kernel records who touched the files and called the functions that rules name.",
        remediation="Run auditd with audit=1 at the start and load rules for the engine's programs, files and folders.",
        check="host.auditd-active",
        reported_by=tuple(
            f"docker.host.audit-{what}"
            for what in ("config-files", "directories", "dockerd", "runtime-binaries", "units-and-sockets")
        ),
    ),
    _host(
        id="runtime-sensor",
        title="Runtime sensor",
        blunts=(Weakness.UNDETECTED_ACTIVITY,),
        why="An intruder's programs, files and connections are seen while they happen.",
        remediation="Install Falco, Tracee, Tetragon or another sensor of kernel events, and see that it runs.",
        reported_by=("sensor.falco-healthy", "sensor.tetragon-healthy", "sensor.tracee-healthy"),
    ),
    _host(
        id="firewall",
        title="Host firewall",
        blunts=(Weakness.LATERAL_MOVEMENT,),
        why="A service of the host that no rule names cannot be reached from another machine.",
        remediation="Drop what no rule lets in: policy drop on the input chain of nftables, ufw or firewalld.",
        check="host.firewall-active",
    ),
)

CONTAINER: tuple[Mechanism, ...] = (
    _container(
        id="seccomp-filter",
        title="Seccomp filter",
        blunts=(
            Weakness.KERNEL_EXPLOIT,
            Weakness.CONTAINER_ESCAPE,
        ),
        why="System calls that the container does not need, and the kernel's flaws behind them, are refused.",
        remediation="Start the container with the runtime's default seccomp profile; remove seccomp=unconfined.",
        check="process.seccomp-in-force",
        reported_by=("docker.container.seccomp-not-disabled", _PRIVILEGED, _KERNEL_PROTECTION),
    ),
    _container(
        id="no-new-privileges",
        title="No new privileges",
        blunts=(Weakness.PRIVILEGE_ESCALATION,),
        why="A set-uid program in the image gives no process more rights than it started with.",
        remediation="Start the container with --security-opt no-new-privileges, or make it the engine's default.",
        check="process.no-new-privileges-in-force",
        reported_by=(
            "docker.container.no-new-privileges",
            "docker.daemon.no-new-privileges",
            _PRIVILEGES,
        ),
    ),
    _container(
        id="reduced-capabilities",
        title="Reduced capabilities",
        blunts=(
            Weakness.KERNEL_EXPLOIT,
            Weakness.PRIVILEGE_ESCALATION,
            Weakness.HOST_ACCESS,
        ),
        why="Root of the container lacks the parts of root's power that open raw sockets, devices and the host.",
        remediation="Start the container with --cap-drop ALL and add back only what its program needs.",
        check="process.capabilities-in-force",
        reported_by=(
            "docker.container.capabilities-restricted",
            "docker.container.no-dangerous-capabilities",
            "docker.container.exec-not-privileged",
            _PRIVILEGED,
            _PRIVILEGES,
        ),
    ),
    _container(
        id="security-label",
        title="SELinux or AppArmor label",
        blunts=(
            Weakness.CONTAINER_ESCAPE,
            Weakness.PROCESS_INTRUSION,
        ),
        why="The container's processes are held to files and processes of their own kind, wherever they get to.",
        remediation="Load the profile or policy in enforce mode and start the container without label=disable.",
        check="process.label-in-force",
        reported_by=(
            "docker.container.apparmor",
            "docker.container.selinux",
            _PRIVILEGED,
            _KERNEL_PROTECTION,
        ),
    ),
    _container(
        id="user-namespace",
        title="User namespace",
        blunts=(
            Weakness.CONTAINER_ESCAPE,
            Weakness.HOST_ACCESS,
            Weakness.PROCESS_INTRUSION,
            Weakness.PRIVILEGE_ESCALATION,
        ),
        why="Root of the container is an account without rights to the host's files, devices and processes.",
        remediation="Remap users in the engine, run it without root, or at least run the program as another user.",
        reported_by=("docker.container.not-host-userns", _PRIVILEGES),
    ),
    _container(
        id="namespaces",
        title="Own namespaces",
        blunts=(
            Weakness.HOST_ACCESS,
            Weakness.PROCESS_INTRUSION,
        ),
        why="The container does not see the host's processes, sockets, shared memory and mounts.",
        remediation="Start the container without --pid, --network, --ipc, --uts and --cgroupns set to host.",
        check="process.namespaces-in-force",
        reported_by=(
            "docker.container.not-host-cgroupns",
            "docker.container.not-host-ipc",
            "docker.container.not-host-network",
            "docker.container.not-host-pid",
            "docker.container.not-host-uts",
            "oci.bundle.namespaces",
        ),
    ),
    _container(
        id="resource-limits",
        title="Limits on memory and processes",
        blunts=(Weakness.RESOURCE_EXHAUSTION,),
        why="A container that grows or forks without end is stopped before the host is.",
        remediation="Start the container with --memory and --pids-limit, on a kernel with these controllers.",
        check="process.limits-in-force",
        reported_by=(
            "docker.container.cpu-limit",
            "docker.container.memory-limit",
            "docker.container.pids-limit",
            _FILES,
        ),
    ),
    _container(
        id="masked-paths",
        title="Masked kernel paths",
        blunts=(
            Weakness.CONTAINER_ESCAPE,
            Weakness.INFORMATION_LEAK,
        ),
        why="Files of /proc and /sys that steer the kernel or show its memory are hidden or read-only.",
        remediation="Start the container without systempaths=unconfined; keep the runtime's masked and read-only paths.",
        reported_by=("docker.container.masked-paths-kept", _PRIVILEGED, _KERNEL_PROTECTION),
    ),
    _container(
        id="host-mounts",
        title="No mounts of the host",
        blunts=(Weakness.HOST_ACCESS,),
        why="There is no path of the host in the container through which its settings or its engine are reached.",
        remediation="Remove mounts of system folders and engine sockets, or make them read-only where they must be.",
        reported_by=(
            "docker.container.no-engine-socket",
            "docker.container.no-sensitive-mounts",
            _FILES,
        ),
    ),
    _container(
        id="read-only-root",
        title="Read-only root file system",
        blunts=(Weakness.PERSISTENCE,),
        why="An intruder cannot exchange the container's programs nor leave tools beside them.",
        remediation="Start the container with --read-only and a tmpfs where it must write.",
        reported_by=("docker.container.readonly-rootfs", _FILES),
    ),
)

BY_ID: Mapping[str, Mechanism] = MappingProxyType({found.id: found for found in (*HOST, *CONTAINER)})
