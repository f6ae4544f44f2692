import msgspec

from scanners.checks.check import (
    EXAMPLE_POLICY,
    Example,
    Verdict,
    check,
    failed,
    manual,
    not_applicable,
    not_measured,
    passed,
)
from scanners.checks.docker_host import docker_of
from scanners.checks.examples import engine
from scanners.checks.host_examples import probed
from scanners.checks.policy import Policy
from scanners.host import HostFacts
from scanners.records import EngineFacts, Outcome, Severity

TRUSTING_DEPLOY = msgspec.structs.replace(EXAMPLE_POLICY, trusted_docker_users=("deploy",))


def of_engine(facts: EngineFacts) -> Verdict:
    if facts.is_rootless:
        return not_applicable("the engine is rootless: no group opens its socket")
    return not_measured("needs the host probe: the members of the group docker")


@check(
    id="docker.host.docker-group-members",
    title="Only trusted users may control the engine",
    severity=Severity.HIGH,
    subject=HostFacts,
    rationale=(
        "Whoever may talk to the engine socket can become root on the host, so membership of the docker "
        "group is a privileged right."
    ),
    remediation=(
        "Remove accounts with gpasswd -d <user> docker, prefer rootless mode or SSH with forced "
        "commands, and keep the allow list reviewed."
    ),
    good=[
        probed(),
        Example(probed(docker__group={"gid": 998, "members": ["deploy"]}), TRUSTING_DEPLOY),
        Example(probed(docker__group={"gid": 998, "members": ["deploy"]}), expected=Outcome.MANUAL),
        Example(probed(docker__group=None), expected=Outcome.NOT_APPLICABLE),
        Example(engine(security_options=("name=rootless",)), expected=Outcome.NOT_APPLICABLE),
        Example(engine(), expected=Outcome.NOT_MEASURED),
    ],
    bad=[
        Example(probed(docker__group={"gid": 998, "members": ["deploy", "guest"]}), TRUSTING_DEPLOY),
    ],
    evidence_source="Host probe",
    from_engine=of_engine,
)
def docker_group_members(facts: HostFacts, policy: Policy) -> Verdict:
    docker = docker_of(facts, "group")
    if isinstance(docker, Verdict):
        return docker
    if docker.group is None:
        return not_applicable("there is no group docker")
    members = sorted(docker.group.members)
    if not members:
        return passed("the group docker is empty")
    if policy.trusted_docker_users is None:
        return manual(
            *(f"{name} is in the group docker" for name in members), "no list of trusted users is kept"
        )
    strangers = [name for name in members if name not in policy.trusted_docker_users]
    if strangers:
        return failed(
            *(f"{name} is in the group docker and not on the list of trusted users" for name in strangers)
        )
    return passed(*(f"{name} is in the group docker" for name in members))
