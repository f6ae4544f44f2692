from scanners.checks.check import Verdict, check, failed, not_applicable, not_measured, passed
from scanners.checks.examples import container
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.no-sshd",
    title="No SSH server in containers",
    severity=Severity.MEDIUM,
    subject=ContainerFacts,
    rationale="An SSH server adds accounts, keys and a listener that bypass the engine's control and logs.",
    remediation="Remove the server from the image; use docker exec or kubectl exec under audit.",
    good=[container(processes=("serve",))],
    bad=[container(processes=("/usr/sbin/sshd -D",)), container(processes=("dropbear -F",))],
)
def no_sshd(facts: ContainerFacts) -> Verdict:
    if not facts.is_running:
        return not_applicable("not running: there are no processes")
    if facts.processes is None:
        return not_measured("the list of processes could not be read")
    for line in facts.processes:
        # A session's process is titled "sshd: user", so the colon goes.
        name = line.split(None, 1)[0].rpartition("/")[2].rstrip(":") if line.strip() else ""
        if name in ("sshd", "dropbear"):
            return failed(f"processes: {name} runs")
    return passed()
