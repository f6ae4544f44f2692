from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import container
from scanners.records import ContainerFacts, SecretSighting, Severity


@check(
    id="docker.container.no-secrets-in-env",
    title="No secrets in environment variables",
    severity=Severity.HIGH,
    subject=ContainerFacts,
    rationale="Variables show up in inspect output, crash reports, child processes and logs.",
    remediation="Use Docker secrets, a mounted file or an external store.",
    good=[container()],
    bad=[container(secrets=(SecretSighting(where="Env DB_PASSWORD", rule="secret-like name"),))],
)
def no_secrets_in_env(facts: ContainerFacts) -> Verdict:
    lines = [
        f"{sighting.where}: {sighting.rule}" for sighting in facts.secrets if sighting.where.startswith("Env")
    ]
    return failed(*lines) if lines else passed()
