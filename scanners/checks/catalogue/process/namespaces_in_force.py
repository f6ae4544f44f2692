from scanners.checks.check import Verdict, check, not_measured
from scanners.checks.configured import Configured
from scanners.checks.examples import container
from scanners.checks.host_evidence import decided, in_force
from scanners.checks.host_examples import probed_container
from scanners.host import HostContainerFacts, Process
from scanners.records import Severity


@check(
    id="process.namespaces-in-force",
    title="The configured namespaces are in force",
    severity=Severity.HIGH,
    subject=HostContainerFacts,
    rationale="A namespace that is the host's after all lifts the isolation that the settings promise.",
    remediation="Find out who joined the process to the host's namespace; start the container anew.",
    good=[
        probed_container(),
        probed_container(
            bundle=None, configured=container(pid_mode="host"), process__shared_namespaces=["pid"]
        ),
    ],
    bad=[
        probed_container(process__shared_namespaces=["net"]),
        probed_container(bundle=None, configured=container(), process__shared_namespaces=["net"]),
    ],
    evidence_source="Host probe",
)
def namespaces_in_force(facts: HostContainerFacts) -> Verdict:
    return in_force(facts, "shared_namespaces", _compare)


def _compare(told: Configured, process: Process) -> Verdict:
    if process.shared_namespaces is None:
        return not_measured("the process's namespaces are not known")
    shared = sorted(told.namespaces.intersection(process.shared_namespaces))
    return decided(
        [f"the {kind} namespace is the host's" for kind in shared], "no configured namespace is the host's"
    )
