from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import container
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.log-driver-set",
    title="Container logging not switched off",
    severity=Severity.LOW,
    subject=ContainerFacts,
    rationale="Without logs nothing can be reconstructed.",
    remediation="Remove log driver none.",
    good=[container(log_driver="local")],
    bad=[container(log_driver="none")],
)
def log_driver_set(facts: ContainerFacts) -> Verdict:
    return failed("HostConfig.LogConfig.Type is none") if facts.log_driver == "none" else passed()
