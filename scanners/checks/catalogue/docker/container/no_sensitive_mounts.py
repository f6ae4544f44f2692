from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import bind, container
from scanners.checks.host_paths import is_at_or_below, is_sensitive, normal
from scanners.records import ContainerFacts, Severity


def _is_sensitive(source: str, facts: ContainerFacts) -> bool:
    root_dir = facts.engine.root_dir if facts.engine is not None else ""
    return is_sensitive(source) or (root_dir != "" and is_at_or_below(normal(source), normal(root_dir)))


@check(
    id="docker.container.no-sensitive-mounts",
    title="No sensitive host directories mounted",
    severity=Severity.CRITICAL,
    subject=ContainerFacts,
    rationale=(
        "A container that can write system directories owns the host; reading them already leaks keys "
        "and configuration."
    ),
    remediation="Use named volumes or a narrow, read-only directory of the application.",
    good=[
        container(mounts=(bind("/srv/data"),)),
        container(mounts=(bind("/etc/localtime", read_only=True),)),
    ],
    bad=[
        container(mounts=(bind("/etc"),)),
        container(mounts=(bind("/var/run/docker.sock", read_only=True),)),
        container(mounts=(bind("/"),)),
    ],
)
def no_sensitive_mounts(facts: ContainerFacts) -> Verdict:
    shared = [mount for mount in facts.mounts if mount.kind == "bind" and _is_sensitive(mount.source, facts)]
    if not shared:
        return passed()
    evidence = [
        f"Mounts: bind of {mount.source}, {'read-only' if mount.read_only else 'writable'}"
        for mount in shared
    ]
    all_read_only = all(mount.read_only for mount in shared)
    return failed(*evidence, severity=Severity.MEDIUM if all_read_only else None)
