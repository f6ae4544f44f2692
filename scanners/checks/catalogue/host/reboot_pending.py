from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.host_evidence import unread
from scanners.checks.host_examples import probed
from scanners.checks.kernels import newer_installed
from scanners.checks.policy import Policy
from scanners.host import HostFacts, Kernel
from scanners.records import Severity

DAY = 86400


@check(
    id="host.reboot-pending",
    title="No pending reboot after security updates",
    severity=Severity.MEDIUM,
    subject=HostFacts,
    rationale="An installed but not running fix protects nobody.",
    remediation="Drain and reboot, automate with kured or maintenance windows.",
    good=[
        probed(),
        probed(kernel__installed=["6.12.9-quay", "6.12.48-quay"]),
        probed(kernel__installed=["6.12.48-quay", "6.12.100-cloud"]),
        probed(kernel__reboot_required={"marked": True, "packages": ["libc6"]}, host__uptime_seconds=DAY),
    ],
    bad=[
        probed(kernel__reboot_required={"marked": True, "packages": ["libc6"]}, host__uptime_seconds=8 * DAY),
        probed(kernel__installed=["6.12.48-quay", "6.12.100-quay"], host__uptime_seconds=8 * DAY),
    ],
    evidence_source="Host probe",
)
def reboot_pending(facts: HostFacts, policy: Policy) -> Verdict:
    kernel = facts.kernel or Kernel()
    pending = [f"{name} asks for a reboot" for name in kernel.reboot_required.packages[:10]]
    if kernel.reboot_required.marked and not pending:
        pending.append("a reboot is asked for")
    if newer := newer_installed(kernel):
        pending.append(f"{kernel.release} runs, and {newer} is installed")
    if not pending:
        needed = ("/kernel/reboot_required/marked", "/kernel/release", "/kernel/installed")
        return unread(facts, *needed) or passed(
            "the newest installed kernel runs, and nothing asks for a reboot"
        )
    # Since when is not written down, but what was installed before the last start is running.
    uptime = facts.host.uptime_seconds if facts.host is not None else None
    if uptime is not None and uptime <= policy.pending_reboot_days * DAY:
        return passed(*pending, f"the host started less than {policy.pending_reboot_days} days ago")
    return failed(*pending)
