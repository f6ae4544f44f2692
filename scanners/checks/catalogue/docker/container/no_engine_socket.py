from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import bind, container
from scanners.checks.host_paths import reaches_engine_socket
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.no-engine-socket",
    title="Engine and runtime sockets not mounted",
    severity=Severity.CRITICAL,
    subject=ContainerFacts,
    rationale="Who can write to the socket can start a privileged container and owns the host.",
    remediation=(
        "Give a filtering socket proxy or a read-only API instead; monitoring agents need an exception."
    ),
    good=[container(mounts=(bind("/srv/data"),))],
    bad=[
        container(mounts=(bind("/var/run/docker.sock"),)),
        container(mounts=(bind("/run"),)),
        container(mounts=(bind("/run/containerd/containerd.sock"),)),
    ],
)
def no_engine_socket(facts: ContainerFacts) -> Verdict:
    lines = [
        f"Mounts: bind of {mount.source}"
        for mount in facts.mounts
        if mount.kind == "bind" and reaches_engine_socket(mount.source)
    ]
    return failed(*lines) if lines else passed()
