from scanners.checks.capabilities import names_of
from scanners.checks.check import Verdict, check, not_applicable, not_measured
from scanners.checks.configured import Configured
from scanners.checks.examples import container
from scanners.checks.host_evidence import decided, in_force
from scanners.checks.host_examples import probed_container
from scanners.host import HostContainerFacts, Process
from scanners.records import Severity


@check(
    id="process.capabilities-in-force",
    title="The process has no capability beyond its configuration",
    severity=Severity.HIGH,
    subject=HostContainerFacts,
    rationale="A capability that nobody granted means that the runtime, or somebody on the host, gave it.",
    remediation="Find out who started the process; start the container anew.",
    good=[
        probed_container(),
        probed_container(bundle=None, configured=container(capabilities_dropped=())),
    ],
    bad=[
        probed_container(
            process__capabilities={"effective": "0000000000200400", "bounding": "0000000000000400"}
        ),
        probed_container(bundle__capabilities={"bounding": []}),
        probed_container(bundle=None, configured=container()),
    ],
    evidence_source="Host probe",
)
def capabilities_in_force(facts: HostContainerFacts) -> Verdict:
    return in_force(facts, "capabilities", _compare)


def _compare(told: Configured, process: Process) -> Verdict:
    if process.capabilities is None:
        return not_measured("the process's capabilities are not known")
    if told.capabilities is None:
        return not_applicable("every capability is granted, or none is named")
    try:
        held = {
            "effective": names_of(process.capabilities.effective),
            "bounding": names_of(process.capabilities.bounding),
        }
    except ValueError:
        return not_measured("the process's capabilities cannot be understood")
    wrong = [
        f"the {kind} set holds {name}"
        for kind, names in held.items()
        for name in sorted(names - told.capabilities)
    ]
    return decided(wrong, "no capability beyond those that were granted")
