from scanners.checks.check import Example, Verdict, check, failed, passed
from scanners.checks.examples import RECENTLY, engine
from scanners.checks.policy import Policy
from scanners.records import EngineFacts, Severity


@check(
    id="docker.swarm.not-enabled",
    title="Swarm mode off unless needed",
    severity=Severity.LOW,
    subject=EngineFacts,
    rationale="Swarm opens extra ports and a management plane that must be secured.",
    remediation="docker swarm leave (managers: --force) on hosts that do not need it.",
    good=[
        engine(swarm_state="inactive"),
        Example(engine(swarm_state="active"), Policy(now=RECENTLY, swarm_expected=True)),
    ],
    bad=[engine(swarm_state="active")],
)
def not_enabled(facts: EngineFacts, policy: Policy) -> Verdict:
    if facts.swarm_state in ("", "inactive") or policy.swarm_expected:
        return passed()
    return failed(f"Swarm.LocalNodeState is {facts.swarm_state}")
