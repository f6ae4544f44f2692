from scanners.checks.check import Verdict, check, failed, not_measured, passed
from scanners.checks.examples import swarm
from scanners.records import SecretSighting, Severity, SwarmFacts, SwarmServiceFacts


@check(
    id="docker.swarm.secrets-used",
    title="Swarm secrets used for secrets",
    severity=Severity.MEDIUM,
    subject=SwarmFacts,
    rationale="Swarm secrets are encrypted in the raft log and delivered in memory only.",
    remediation="docker secret create and secrets: in the stack file.",
    good=[swarm(services=())],
    bad=[
        swarm(
            services=(
                SwarmServiceFacts(
                    id="s1",
                    name="db",
                    image_reference="postgres:17",
                    secrets=(SecretSighting(where="Env POSTGRES_PASSWORD", rule="secret-like name"),),
                ),
            )
        )
    ],
)
def secrets_used(facts: SwarmFacts) -> Verdict:
    if facts.services is None:
        return not_measured("the list of services could not be read")
    lines = [
        f"service {service.name}: {sighting.where}: {sighting.rule}"
        for service in facts.services
        for sighting in service.secrets
    ]
    return failed(*lines) if lines else passed()
