from scanners.checks.check import Verdict, check, not_measured
from scanners.checks.host_evidence import decided, of_process
from scanners.checks.host_examples import probed_container
from scanners.host import HostContainerFacts
from scanners.records import Severity

# What a bundle calls a namespace, and what the kernel calls it.
KINDS = {
    "pid": "pid",
    "network": "net",
    "ipc": "ipc",
    "uts": "uts",
    "mount": "mnt",
    "user": "user",
    "cgroup": "cgroup",
}


@check(
    id="process.namespaces-in-force",
    title="The configured namespaces are in force",
    severity=Severity.HIGH,
    subject=HostContainerFacts,
    rationale="A namespace that is the host's after all lifts the isolation that the settings promise.",
    remediation="Find out who joined the process to the host's namespace; start the container anew.",
    good=[probed_container()],
    bad=[probed_container(process__shared_namespaces=["net"])],
    evidence_source="Host probe",
)
def namespaces_in_force(facts: HostContainerFacts) -> Verdict:
    if (verdict := of_process(facts, "shared_namespaces")) is not None:
        return verdict
    bundle, process = facts.container.bundle, facts.container.process
    if bundle is None or process is None or process.shared_namespaces is None:
        return not_measured("the process's namespaces are not known")
    own = [space.type for space in bundle.namespaces if not space.path]
    wrong = [
        f"the {kind} namespace is the host's" for kind in own if KINDS.get(kind) in process.shared_namespaces
    ]
    return decided(wrong, "no configured namespace is the host's")
