from scanners.checks.check import Example, Verdict, check, failed, not_measured, passed
from scanners.checks.examples import RECENTLY, swarm, swarm_manager
from scanners.checks.policy import Policy
from scanners.records import Severity, SwarmFacts


@check(
    id="docker.swarm.manager-count",
    title="Small odd number of swarm managers",
    severity=Severity.MEDIUM,
    subject=SwarmFacts,
    rationale=(
        "Too many managers widen the circle of machines that control the swarm, an even number or one "
        "gives no extra safety."
    ),
    remediation="docker node promote or demote until 3 or 5 managers remain.",
    good=[
        swarm(),
        Example(swarm(nodes=(swarm_manager("1"),)), Policy(now=RECENTLY, swarm_must_tolerate_faults=False)),
    ],
    bad=[
        swarm(nodes=(swarm_manager("1"),)),
        swarm(nodes=(swarm_manager("1"), swarm_manager("2"))),
        swarm(nodes=(swarm_manager("1"), swarm_manager("2"), swarm_manager("3", "unreachable"))),
    ],
)
def manager_count(facts: SwarmFacts, policy: Policy) -> Verdict:
    if facts.nodes is None:
        return not_measured("the list of nodes could not be read")
    managers = [node for node in facts.nodes if node.role == "manager"]
    lines = [
        f"manager {node.hostname}: ManagerStatus.Reachability is {node.reachability}"
        for node in managers
        if node.reachability == "unreachable"
    ]
    if len(managers) % 2 == 0:
        lines.append(f"{len(managers)} managers: an even number adds no tolerance of faults")
    if len(managers) > policy.swarm_max_managers:
        lines.append(f"{len(managers)} managers, limit {policy.swarm_max_managers}")
    if len(managers) == 1 and policy.swarm_must_tolerate_faults:
        lines.append("1 manager: no fault is tolerated")
    return failed(*lines) if lines else passed(f"{len(managers)} managers")
