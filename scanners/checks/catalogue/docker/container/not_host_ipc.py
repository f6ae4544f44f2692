from scanners.checks.check import Verdict, check
from scanners.checks.examples import container
from scanners.checks.namespaces import judge_mode
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.not-host-ipc",
    title="Host IPC namespace not shared",
    severity=Severity.MEDIUM,
    subject=ContainerFacts,
    rationale="Shared memory of host processes becomes readable and writable.",
    remediation="Drop --ipc=host.",
    good=[container(ipc_mode="private"), container(ipc_mode="shareable")],
    bad=[
        container(ipc_mode="host"),
        container(ipc_mode="container:beef01", joined_modes={"ipc_mode": "host"}),
    ],
)
def not_host_ipc(facts: ContainerFacts) -> Verdict:
    return judge_mode(facts, "ipc_mode")
