from scanners.checks.check import Verdict, check, not_applicable, not_measured
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity


@check(
    id="docker.host.docker-group-members",
    title="Only trusted users may control the engine",
    severity=Severity.HIGH,
    subject=EngineFacts,
    rationale=(
        "Whoever may talk to the engine socket can become root on the host, so membership of the docker "
        "group is a privileged right."
    ),
    remediation=(
        "Remove accounts with gpasswd -d <user> docker, prefer rootless mode or SSH with forced "
        "commands, and keep the allow list reviewed."
    ),
    good=[engine()],
    bad=[],
    evidence_source="Host files",
    waits_for="the host probe",
)
def docker_group_members(facts: EngineFacts) -> Verdict:
    if facts.is_rootless:
        return not_applicable("the engine is rootless: no group opens its socket")
    return not_measured("needs the host probe: the members of the group docker")
