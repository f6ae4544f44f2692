from scanners.checks.check import Verdict, check, not_applicable, not_measured
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity


@check(
    id="docker.host.separate-partition",
    title="Container data on its own file system",
    severity=Severity.MEDIUM,
    subject=EngineFacts,
    rationale=(
        "Images, layers and volumes can fill a disk. On a file system of their own they cannot starve "
        "the rest of the host or its logs."
    ),
    remediation=(
        "Create a dedicated volume, mount it at the data root before installing Docker, or move the data "
        "root with the data-root option."
    ),
    good=[engine()],
    bad=[],
    evidence_source="Engine API and host files",
    waits_for="the host probe",
)
def separate_partition(facts: EngineFacts) -> Verdict:
    if "Docker Desktop" in (facts.operating_system, facts.platform_name.rpartition(" (")[0][:14]):
        return not_applicable("Docker Desktop keeps its data in a virtual machine")
    return not_measured("needs the host probe: the mount table")
