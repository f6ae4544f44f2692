from scanners.checks.check import Verdict, check, not_measured
from scanners.checks.examples import container
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.image-current",
    title="Container runs the current image of its tag",
    severity=Severity.MEDIUM,
    subject=ContainerFacts,
    rationale="A cached older image keeps old flaws although the fixed one is in the registry.",
    remediation=(
        "Pull and recreate the container (docker compose pull && up -d) or let the pipeline deploy by digest."
    ),
    good=[container()],
    bad=[],
    waits_for="the registry",
)
def image_current(facts: ContainerFacts) -> Verdict:
    return not_measured("needs the registry: which image the tag names there")
