from scanners.checks.check import Verdict, check, failed
from scanners.checks.host_evidence import decided, unread
from scanners.checks.host_examples import probed
from scanners.host import HostFacts
from scanners.records import Severity


@check(
    id="kernel.seccomp-available",
    title="The kernel can filter system calls",
    severity=Severity.HIGH,
    subject=HostFacts,
    rationale="On a kernel without seccomp filters, runtimes start containers unfiltered and say nothing.",
    remediation="Run a kernel built with CONFIG_SECCOMP_FILTER=y.",
    good=[probed()],
    bad=[probed(confinement__seccomp={"actions": None}), probed(confinement__seccomp={"actions": ["allow"]})],
    evidence_source="Host probe",
)
def seccomp_available(facts: HostFacts) -> Verdict:
    if (verdict := unread(facts, "/confinement/seccomp/actions")) is not None:
        return verdict
    actions = (facts.confinement.seccomp.actions if facts.confinement else None) or ()
    if not actions:
        return failed("the kernel offers no seccomp actions")
    missing = [name for name in ("errno", "allow") if name not in actions]
    if not {"kill_process", "kill_thread", "kill"}.intersection(actions):
        missing.append("kill_process or kill_thread")
    return decided([f"the kernel does not offer {name}" for name in missing], "seccomp filters are offered")
