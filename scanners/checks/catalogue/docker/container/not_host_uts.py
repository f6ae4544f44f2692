from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import container
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.not-host-uts",
    title="Host UTS namespace not shared",
    severity=Severity.LOW,
    subject=ContainerFacts,
    rationale="With it the container could see and, given rights, change the host name.",
    remediation="Drop --uts=host.",
    good=[container(uts_mode="")],
    bad=[container(uts_mode="host")],
)
def not_host_uts(facts: ContainerFacts) -> Verdict:
    return failed("HostConfig.UTSMode is host") if facts.uts_mode == "host" else passed()
