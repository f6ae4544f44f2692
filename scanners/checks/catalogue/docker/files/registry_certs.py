from scanners.checks.check import Example, Verdict, check
from scanners.checks.docker_host import judge_files
from scanners.checks.host_examples import probed, with_file, without_file
from scanners.host import FileStatus, HostFacts
from scanners.records import Outcome, Severity


def _at_most(file: FileStatus) -> int:
    return 0o400 if file.path.endswith(".key") else 0o444


@check(
    id="docker.files.registry-certs",
    title="Registry certificates: owner root:root, mode 444 or stricter",
    severity=Severity.LOW,
    subject=HostFacts,
    rationale="Whoever can change or use registry certificates can influence or impersonate the engine.",
    remediation="chown root:root <path> && chmod 444 <path>.",
    good=[
        probed(),
        Example(without_file("registry-certs"), expected=Outcome.NOT_APPLICABLE),
    ],
    bad=[
        with_file("registry-certs", uid=1000),
        with_file("registry-certs", mode="0644"),
        with_file("registry-certs", path="/etc/docker/certs.d/registry.example/client.key"),
    ],
    evidence_source="Host probe",
    decided_per_requirement="cis-docker-1.8",
)
def registry_certs(facts: HostFacts) -> Verdict:
    return judge_files(facts, "registry-certs", "3.7", "3.8", _at_most)
