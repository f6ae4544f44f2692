from scanners.checks.check import Verdict, check, failed, not_measured, passed
from scanners.checks.examples import LONG_AGO, RECENTLY, engine, neighbour
from scanners.checks.policy import Policy
from scanners.records import ContainerSummary, EngineFacts, Severity


def _is_old(container: ContainerSummary, policy: Policy) -> bool:
    since = container.finished_at or container.created_at
    return since is not None and policy.is_older(since, policy.stopped_container_days)


@check(
    id="docker.ops.container-sprawl",
    title="Stopped containers removed",
    severity=Severity.LOW,
    subject=EngineFacts,
    rationale="Stopped containers keep data and can be restarted outdated.",
    remediation="Run docker container prune on a schedule, use --rm for one-off jobs.",
    good=[engine(containers=(neighbour(), neighbour(status="exited", finished_at=RECENTLY)))],
    bad=[
        engine(containers=(neighbour(status="exited", created_at=LONG_AGO, finished_at=LONG_AGO),)),
        engine(containers=(neighbour(status="created"),) * 26),
    ],
)
def container_sprawl(facts: EngineFacts, policy: Policy) -> Verdict:
    if facts.containers is None:
        return not_measured("the list of containers could not be read")
    stopped = [
        container for container in facts.containers if container.status in ("exited", "dead", "created")
    ]
    limit = policy.stopped_container_days
    lines = [
        f"{name}: stopped for more than {limit} days"
        for name in sorted(c.name for c in stopped if _is_old(c, policy))
    ]
    if len(stopped) > policy.stopped_container_count:
        lines.append(f"more than {policy.stopped_container_count} containers are stopped")
    return failed(*lines) if lines else passed()
