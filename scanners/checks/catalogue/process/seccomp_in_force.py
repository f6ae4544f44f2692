from scanners.checks.check import Verdict, check, failed, not_applicable, not_measured, passed
from scanners.checks.configured import Configured
from scanners.checks.examples import container
from scanners.checks.host_evidence import in_force
from scanners.checks.host_examples import probed_container
from scanners.host import HostContainerFacts, Process
from scanners.records import Severity


@check(
    id="process.seccomp-in-force",
    title="The configured seccomp filter is in force",
    severity=Severity.HIGH,
    subject=HostContainerFacts,
    rationale="A kernel or runtime without support drops the filter silently: the settings promise what is not there.",
    remediation="Compare runtime and kernel versions, then start the container anew and look at Seccomp in /proc.",
    good=[
        probed_container(),
        probed_container(bundle=None, configured=container()),
    ],
    bad=[
        probed_container(process__seccomp="disabled"),
        probed_container(bundle=None, configured=container(), process__seccomp="disabled"),
        probed_container(
            bundle__seccomp_default_action=None, configured=container(), process__seccomp="disabled"
        ),
    ],
    evidence_source="Host probe",
)
def seccomp_in_force(facts: HostContainerFacts) -> Verdict:
    return in_force(facts, "seccomp", _compare)


def _compare(told: Configured, process: Process) -> Verdict:
    if told.seccomp is None:
        return not_measured("whether the engine's default is a filter is not known")
    if not told.seccomp:
        return not_applicable("no seccomp filter is configured")
    if process.seccomp is None:
        return not_measured("the kernel does not show the seccomp mode")
    if process.seccomp == "filter":
        return passed("seccomp mode of the first process: filter")
    return failed(
        "configured seccomp profile is not in force", f"seccomp mode of the first process: {process.seccomp}"
    )
