from scanners.checks.check import Example, Verdict, check, not_applicable
from scanners.checks.docker_host import docker_of, judge_files
from scanners.checks.host_evidence import told
from scanners.checks.host_examples import probed, with_file, without_file
from scanners.host import HostFacts
from scanners.records import Outcome, Severity


@check(
    id="docker.files.docker-sock",
    title="The Docker socket: owner root:docker, mode 660 or stricter",
    severity=Severity.HIGH,
    subject=HostFacts,
    rationale="Whoever can change or use the Docker socket can influence or impersonate the engine.",
    remediation="chown root:docker <path> && chmod 660 <path>.",
    good=[
        probed(),
        Example(without_file("docker-sock"), expected=Outcome.NOT_APPLICABLE),
    ],
    bad=[
        with_file("docker-sock", uid=1000),
        with_file("docker-sock", mode="0666"),
        with_file("docker-sock", gid=100),
    ],
    evidence_source="Host probe",
    decided_per_requirement="cis-docker-1.8",
)
def docker_sock(facts: HostFacts) -> Verdict:
    docker = docker_of(facts)
    if isinstance(docker, Verdict):
        return docker
    if docker.is_rootless:
        return not_applicable("the engine is rootless: the socket belongs to its user")
    known = docker.group is not None or not told(facts, "/docker/group")
    # Without a group docker no group is the right one.
    group = (docker.group.gid if docker.group is not None else -1) if known else None
    return judge_files(facts, "docker-sock", "3.15", "3.16", 0o660, group=group)
