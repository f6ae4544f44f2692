from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import container
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.cpu-limit",
    title="CPU share or limit set",
    severity=Severity.LOW,
    subject=ContainerFacts,
    rationale="Fair shares keep a busy or hijacked container from starving others.",
    remediation="Set --cpus or --cpu-shares.",
    good=[container(cpus=0.5), container(cpus=0.0, cpu_shares=512)],
    bad=[
        container(cpus=0.0, cpu_shares=0),
        container(cpus=0.0, cpu_shares=1024),
        container(cpus=0.0, cpuset="0"),
    ],
)
def cpu_limit(facts: ContainerFacts) -> Verdict:
    if facts.cpus > 0 or facts.cpu_shares not in (0, 1024):
        return passed()
    # 0 means unset and 1024 is the weight that an unset value gets: neither gives a share of its own.
    return failed(f"HostConfig.CpuShares is {facts.cpu_shares}, and NanoCpus and CpuQuota are 0")
