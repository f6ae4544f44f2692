from scanners.checks.check import Example, Verdict, check, failed, not_applicable, passed
from scanners.checks.examples import container
from scanners.records import ContainerFacts, Outcome, Severity


@check(
    id="docker.container.healthcheck-active",
    title="Health of the container is checked",
    severity=Severity.LOW,
    subject=ContainerFacts,
    rationale="Unhealthy services are noticed and can be replaced.",
    remediation="Use HEALTHCHECK in the image or --health-cmd.",
    good=[
        container(health_status="unhealthy"),
        Example(container(status="exited", health_status=None), expected=Outcome.NOT_APPLICABLE),
    ],
    bad=[container(health_status=None), container(health_status="none")],
)
def healthcheck_active(facts: ContainerFacts) -> Verdict:
    if not facts.is_running:
        return not_applicable("not running: nothing is checked")
    if facts.health_status in (None, "", "none"):
        return failed("State.Health is absent")
    return passed()
