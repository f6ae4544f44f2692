from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import container
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.pids-limit",
    title="Process count limited",
    severity=Severity.MEDIUM,
    subject=ContainerFacts,
    rationale="A fork bomb otherwise takes the whole host down.",
    remediation="Set --pids-limit, for example 200.",
    good=[container(pids_limit=100)],
    bad=[container(pids_limit=None), container(pids_limit=0), container(pids_limit=-1)],
)
def pids_limit(facts: ContainerFacts) -> Verdict:
    if facts.pids_limit is not None and facts.pids_limit > 0:
        return passed()
    value = "null" if facts.pids_limit is None else facts.pids_limit
    return failed(f"HostConfig.PidsLimit is {value}, which means no limit")
