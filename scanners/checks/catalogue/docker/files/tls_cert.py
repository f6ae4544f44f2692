from scanners.checks.check import Example, Verdict, check, not_applicable
from scanners.checks.docker_host import is_on, judge_files, settings_of
from scanners.checks.host_examples import probed, setting, with_file
from scanners.host import HostFacts
from scanners.records import Outcome, Severity


@check(
    id="docker.files.tls-cert",
    title="The TLS certificate of the engine: owner root:root, mode 444 or stricter",
    severity=Severity.LOW,
    subject=HostFacts,
    rationale=(
        "Whoever can change or use the TLS certificate of the engine can influence or impersonate the engine."
    ),
    remediation="chown root:root <path> && chmod 444 <path>.",
    good=[
        probed(),
        Example(setting("tlsverify", None), expected=Outcome.NOT_APPLICABLE),
    ],
    bad=[
        with_file("tls-cert", uid=1000),
        with_file("tls-cert", mode="0644"),
    ],
    evidence_source="Host probe",
    decided_per_requirement="cis-docker-1.8",
)
def tls_cert(facts: HostFacts) -> Verdict:
    if isinstance(settings := settings_of(facts, "tls", "tlsverify"), Verdict):
        return settings
    if not any(is_on(settings.get(name), default=False) for name in ("tls", "tlsverify")):
        return not_applicable("TLS is not set")
    return judge_files(facts, "tls-cert", "3.11", "3.12", 0o444, unless="the file of tlscert was not found")
