from scanners.checks.check import Example, Verdict, check
from scanners.checks.docker_host import judge_files
from scanners.checks.host_examples import probed, with_file, without_file
from scanners.host import HostFacts
from scanners.records import Outcome, Severity


@check(
    id="docker.files.daemon-json",
    title="The engine configuration daemon.json: owner root:root, mode 644 or stricter",
    severity=Severity.LOW,
    subject=HostFacts,
    rationale=(
        "Whoever can change or use the engine configuration daemon.json can influence or impersonate the "
        "engine."
    ),
    remediation="chown root:root <path> && chmod 644 <path>.",
    good=[
        probed(),
        Example(without_file("daemon-json"), expected=Outcome.NOT_APPLICABLE),
    ],
    bad=[
        with_file("daemon-json", uid=1000),
        with_file("daemon-json", mode="0664"),
    ],
    evidence_source="Host probe",
    decided_per_requirement="cis-docker-1.8",
)
def daemon_json(facts: HostFacts) -> Verdict:
    return judge_files(facts, "daemon-json", "3.17", "3.18", 0o644)
