from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import image
from scanners.records import ImageFacts, Severity


@check(
    id="image.healthcheck-defined",
    title="Image defines a health check",
    severity=Severity.LOW,
    subject=ImageFacts,
    rationale="A health check lets the engine notice a service that runs but no longer works.",
    remediation="Add HEALTHCHECK to the Dockerfile.",
    good=[image(healthcheck=("CMD", "check"))],
    bad=[image(healthcheck=None), image(healthcheck=("NONE",)), image(healthcheck=())],
)
def healthcheck_defined(facts: ImageFacts) -> Verdict:
    if not facts.healthcheck:
        return failed("Config.Healthcheck is absent")
    if facts.healthcheck[0] == "NONE":
        return failed("Config.Healthcheck.Test is NONE")
    return passed()
