from scanners.checks.check import Example, Verdict, check, not_applicable
from scanners.checks.docker_host import is_on, judge_files, settings_of
from scanners.checks.host_examples import probed, setting, with_file
from scanners.host import HostFacts
from scanners.records import Outcome, Severity


@check(
    id="docker.files.tls-ca",
    title="The TLS CA certificate of the engine: owner root:root, mode 444 or stricter",
    severity=Severity.LOW,
    subject=HostFacts,
    rationale=(
        "Whoever can change or use the TLS CA certificate of the engine can influence or impersonate the "
        "engine."
    ),
    remediation="chown root:root <path> && chmod 444 <path>.",
    good=[
        probed(),
        Example(setting("tlsverify", None), expected=Outcome.NOT_APPLICABLE),
    ],
    bad=[
        with_file("tls-ca", uid=1000),
        with_file("tls-ca", mode="0644"),
    ],
    evidence_source="Host probe",
    decided_per_requirement="cis-docker-1.8",
)
def tls_ca(facts: HostFacts) -> Verdict:
    if isinstance(settings := settings_of(facts, "tlsverify"), Verdict):
        return settings
    if not is_on(settings.get("tlsverify"), default=False):
        return not_applicable("tlsverify is not set")
    return judge_files(facts, "tls-ca", "3.9", "3.10", 0o444, unless="the file of tlscacert was not found")
