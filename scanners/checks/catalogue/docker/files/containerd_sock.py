from scanners.checks.check import Example, Verdict, check
from scanners.checks.docker_host import judge_files
from scanners.checks.host_examples import probed, with_file, without_file
from scanners.host import HostFacts
from scanners.records import Outcome, Severity


@check(
    id="docker.files.containerd-sock",
    title="The containerd socket: owner root:root, mode 660 or stricter",
    severity=Severity.HIGH,
    subject=HostFacts,
    rationale="Whoever can change or use the containerd socket can influence or impersonate the engine.",
    remediation="chown root:root <path> && chmod 660 <path>.",
    good=[
        probed(),
        Example(without_file("containerd-sock"), expected=Outcome.NOT_APPLICABLE),
    ],
    bad=[
        with_file("containerd-sock", uid=1000),
        with_file("containerd-sock", mode="0666"),
    ],
    evidence_source="Host probe",
    decided_per_requirement="cis-docker-1.8",
)
def containerd_sock(facts: HostFacts) -> Verdict:
    return judge_files(facts, "containerd-sock", "3.23", "3.24", 0o660)
