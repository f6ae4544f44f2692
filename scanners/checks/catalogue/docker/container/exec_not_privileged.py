from scanners.checks.check import Verdict, check, not_measured
from scanners.checks.examples import container
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.exec-not-privileged",
    title="No privileged exec sessions",
    severity=Severity.HIGH,
    subject=ContainerFacts,
    rationale="A privileged exec gives full capabilities inside an otherwise restricted container.",
    remediation="Do not use docker exec --privileged; block it with an authorisation plugin.",
    good=[container()],
    bad=[],
    waits_for="the stream of exec events",
)
def exec_not_privileged(facts: ContainerFacts) -> Verdict:
    return not_measured("needs the stream of exec events for the whole period")
