from scanners.checks.check import Verdict, check, not_measured
from scanners.checks.host_evidence import decided, of_bundle
from scanners.checks.host_examples import probed_container
from scanners.host import HostContainerFacts
from scanners.records import Severity

REFUSING = ("SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD")
MASKED = ("/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/proc/scsi", "/sys/firmware")
READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")


@check(
    id="oci.bundle.kernel-protection",
    title="The bundle keeps the container away from the kernel",
    severity=Severity.HIGH,
    subject=HostContainerFacts,
    rationale="The seccomp filter, the security profile and the masked paths are what lies before the kernel.",
    remediation="Use the runtime's default seccomp profile, masked paths and security profile.",
    good=[probed_container()],
    bad=[
        probed_container(bundle__seccomp_default_action=None),
        probed_container(bundle__seccomp_default_action="SCMP_ACT_ALLOW"),
        probed_container(bundle__masked_paths=[]),
        probed_container(bundle__apparmor_profile=""),
    ],
    evidence_source="Host probe",
)
def kernel_protection(facts: HostContainerFacts) -> Verdict:
    if (verdict := of_bundle(facts)) is not None or (bundle := facts.container.bundle) is None:
        return verdict or not_measured("no bundle")
    wrong = []
    if bundle.seccomp_default_action is None:
        wrong.append("no seccomp filter")
    elif bundle.seccomp_default_action not in REFUSING:
        wrong.append(f"the seccomp filter's default is {bundle.seccomp_default_action}")
    wrong += [f"{path} is not masked" for path in MASKED if path not in bundle.masked_paths]
    wrong += [f"{path} is not read-only" for path in READ_ONLY if path not in bundle.read_only_paths]
    modules = facts.host.security_modules
    labels = modules is not None and (modules.apparmor.enabled or modules.selinux.mode != "disabled")
    if labels and bundle.apparmor_profile in ("", "unconfined") and not bundle.selinux_label:
        wrong.append("no AppArmor profile and no SELinux label")
    return decided(wrong, "seccomp, masked and read-only paths and a security label")
