from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import container
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.memory-limit",
    title="Memory limit set",
    severity=Severity.MEDIUM,
    subject=ContainerFacts,
    rationale="Without a limit one container can push the host out of memory.",
    remediation="Set --memory or deploy.resources.limits.memory.",
    good=[container(memory_bytes=268435456)],
    bad=[container(memory_bytes=0)],
)
def memory_limit(facts: ContainerFacts) -> Verdict:
    return passed() if facts.memory_bytes > 0 else failed("HostConfig.Memory is 0, which means no limit")
