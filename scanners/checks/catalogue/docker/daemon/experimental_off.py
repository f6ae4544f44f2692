from scanners.checks.check import Verdict, check, failed, not_applicable, not_measured, passed
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity


@check(
    id="docker.daemon.experimental-off",
    title="Experimental features off in production",
    severity=Severity.LOW,
    subject=EngineFacts,
    rationale="Experimental functions are less tested and may change without notice.",
    remediation='Remove "experimental": true from daemon.json.',
    good=[engine(experimental=False)],
    bad=[engine(experimental=True)],
)
def experimental_off(facts: EngineFacts) -> Verdict:
    if facts.engine == "podman":
        return not_applicable("Podman has no experimental switch")
    if facts.experimental is None:
        return not_measured("ExperimentalBuild is absent")
    return failed("ExperimentalBuild is true") if facts.experimental else passed()
