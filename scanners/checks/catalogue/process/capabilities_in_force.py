from scanners.checks.capabilities import bare, names_of
from scanners.checks.check import (
    Verdict,
    check,
    not_applicable,
    not_measured,
)
from scanners.checks.host_evidence import decided, of_process
from scanners.checks.host_examples import probed_container
from scanners.host import HostContainerFacts
from scanners.records import Severity


@check(
    id="process.capabilities-in-force",
    title="The process has no capability beyond its configuration",
    severity=Severity.HIGH,
    subject=HostContainerFacts,
    rationale="A capability that nobody granted means that the runtime, or somebody on the host, gave it.",
    remediation="Find out who started the process; start the container anew.",
    good=[probed_container()],
    bad=[
        probed_container(
            process__capabilities={"effective": "0000000000200400", "bounding": "0000000000000400"}
        ),
        probed_container(bundle__capabilities={"bounding": []}),
    ],
    evidence_source="Host probe",
)
def capabilities_in_force(facts: HostContainerFacts) -> Verdict:
    if (verdict := of_process(facts, "capabilities")) is not None:
        return verdict
    bundle, process = facts.container.bundle, facts.container.process
    if bundle is None or process is None or process.capabilities is None:
        return not_measured("the process's capabilities are not known")
    if bundle.capabilities is None:
        return not_applicable("the bundle names no capabilities")
    granted = {bare(name) for names in bundle.capabilities.values() for name in names}
    held = {
        "effective": names_of(process.capabilities.effective),
        "bounding": names_of(process.capabilities.bounding),
    }
    wrong = [
        f"the {kind} set holds {name}" for kind, names in held.items() for name in sorted(names - granted)
    ]
    return decided(wrong, "no capability beyond those that were granted")
