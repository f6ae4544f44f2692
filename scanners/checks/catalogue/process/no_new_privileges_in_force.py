from scanners.checks.check import Verdict, check, failed, not_applicable, not_measured, passed
from scanners.checks.configured import Configured
from scanners.checks.examples import container
from scanners.checks.host_evidence import in_force
from scanners.checks.host_examples import probed_container
from scanners.host import HostContainerFacts, Process
from scanners.records import Severity


@check(
    id="process.no-new-privileges-in-force",
    title="The configured ban on new privileges is in force",
    severity=Severity.MEDIUM,
    subject=HostContainerFacts,
    rationale="Without the kernel's flag a set-uid program in the container still raises its rights.",
    remediation="Update the runtime and start the container anew.",
    good=[
        probed_container(),
        probed_container(bundle=None, configured=container()),
    ],
    bad=[
        probed_container(process__no_new_privileges=False),
        probed_container(bundle=None, configured=container(), process__no_new_privileges=False),
    ],
    evidence_source="Host probe",
)
def no_new_privileges_in_force(facts: HostContainerFacts) -> Verdict:
    return in_force(facts, "no_new_privileges", _compare)


def _compare(told: Configured, process: Process) -> Verdict:
    if not told.no_new_privileges:
        return not_applicable("no-new-privileges is not configured")
    if process.no_new_privileges is None:
        return not_measured("the kernel does not show the flag")
    if process.no_new_privileges:
        return passed("the first process may gain no privileges")
    return failed("configured no-new-privileges is not in force")
