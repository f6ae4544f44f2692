from scanners.checks.check import Verdict, check, failed, not_applicable, not_measured, passed
from scanners.checks.host_evidence import of_process
from scanners.checks.host_examples import probed_container
from scanners.host import HostContainerFacts
from scanners.records import Severity


@check(
    id="process.no-new-privileges-in-force",
    title="The configured ban on new privileges is in force",
    severity=Severity.MEDIUM,
    subject=HostContainerFacts,
    rationale="Without the kernel's flag a set-uid program in the container still raises its rights.",
    remediation="Update the runtime and start the container anew.",
    good=[probed_container()],
    bad=[probed_container(process__no_new_privileges=False)],
    evidence_source="Host probe",
)
def no_new_privileges_in_force(facts: HostContainerFacts) -> Verdict:
    if (verdict := of_process(facts, "no_new_privileges")) is not None:
        return verdict
    bundle, process = facts.container.bundle, facts.container.process
    if bundle is None or process is None or not bundle.no_new_privileges:
        return not_applicable("no-new-privileges is not configured")
    if process.no_new_privileges is None:
        return not_measured("the kernel does not show the flag")
    if process.no_new_privileges:
        return passed("the first process may gain no privileges")
    return failed("configured no-new-privileges is not in force")
