from scanners.checks.check import Verdict, check, failed, not_measured, passed
from scanners.checks.examples import container
from scanners.checks.policy import Policy
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.restart-policy",
    title="Restart attempts limited",
    severity=Severity.LOW,
    subject=ContainerFacts,
    rationale="Endless restarts hide crashes and can exhaust the host.",
    remediation="Use --restart on-failure:5 and monitor restarts.",
    good=[container(restart_policy=""), container(restart_policy="on-failure", restart_max_retries=5)],
    bad=[
        container(restart_policy="always"),
        container(restart_policy="unless-stopped"),
        container(restart_policy="on-failure", restart_max_retries=0),
    ],
)
def restart_policy(facts: ContainerFacts, policy: Policy) -> Verdict:
    if "com.docker.swarm.service.id" in facts.labels:
        return not_measured("a Swarm service decides: its TaskTemplate.RestartPolicy.MaxAttempts is not read")
    if facts.restart_policy in ("", "no"):
        return passed()
    if facts.restart_policy != "on-failure":
        return failed(f"HostConfig.RestartPolicy.Name is {facts.restart_policy}")
    if 1 <= facts.restart_max_retries <= policy.restart_max_retries:
        return passed()
    return failed(
        f"HostConfig.RestartPolicy.MaximumRetryCount is {facts.restart_max_retries}, "
        f"limit {policy.restart_max_retries}"
    )
