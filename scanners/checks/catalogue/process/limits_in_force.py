from scanners.checks.check import Verdict, check, not_applicable, not_measured
from scanners.checks.configured import Configured
from scanners.checks.examples import container
from scanners.checks.host_evidence import decided, in_force
from scanners.checks.host_examples import probed_container
from scanners.host import HostContainerFacts, Process
from scanners.records import Severity


@check(
    id="process.limits-in-force",
    title="The configured limits on memory, processors and processes are in force",
    severity=Severity.MEDIUM,
    subject=HostContainerFacts,
    rationale="Without the controller in the kernel a limit is only words, and one container starves the host.",
    remediation="Enable the memory, pids and cpu controllers of the kernel, then start the container anew.",
    good=[
        probed_container(),
        probed_container(process__limits={"memory_bytes": 1024, "pids": 5, "cpus": 0.1}),
        probed_container(bundle=None, configured=container(memory_bytes=536870912, cpus=1.0, pids_limit=100)),
    ],
    bad=[
        probed_container(process__limits={"memory_bytes": None, "pids": 100, "cpus": 1.0}),
        probed_container(process__limits={"memory_bytes": 536870912, "pids": 5000, "cpus": 1.0}),
        probed_container(bundle=None, configured=container(pids_limit=50)),
    ],
    evidence_source="Host probe",
)
def limits_in_force(facts: HostContainerFacts) -> Verdict:
    return in_force(facts, "limits", _compare)


def _compare(told: Configured, process: Process) -> Verdict:
    limits = process.limits
    if limits is None:
        return not_measured("the process's limits are not known")
    asked = {
        "memory": (told.memory_bytes, limits.memory_bytes),
        "processes": (told.pids, limits.pids),
        "processors": (told.cpus, limits.cpus),
    }
    if all(wanted is None for wanted, _ in asked.values()):
        return not_applicable("no limit is configured")
    wrong = [
        f"{name}: {wanted:g} configured, {'none' if found is None else f'{found:g}'} in force"
        for name, (wanted, found) in asked.items()
        if wanted is not None and (found is None or found > wanted)
    ]
    return decided(wrong, "the kernel enforces the configured limits")
