from scanners.checks.check import Verdict, check, not_measured
from scanners.checks.examples import container
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.exec-not-root",
    title="No exec sessions as root",
    severity=Severity.LOW,
    subject=ContainerFacts,
    rationale="Entering as root defeats the non-root setting of the image.",
    remediation="Use docker exec without -u root; restrict by authorisation plugin.",
    good=[container()],
    bad=[],
    waits_for="the stream of exec events",
)
def exec_not_root(facts: ContainerFacts) -> Verdict:
    return not_measured("needs the stream of exec events for the whole period")
