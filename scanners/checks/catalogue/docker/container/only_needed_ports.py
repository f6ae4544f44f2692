from scanners.checks.check import Example, Verdict, check, failed, manual, passed
from scanners.checks.examples import RECENTLY, container, port
from scanners.checks.policy import Policy, PortApproval
from scanners.records import ContainerFacts, Outcome, Severity


@check(
    id="docker.container.only-needed-ports",
    title="Only approved ports published",
    severity=Severity.MEDIUM,
    subject=ContainerFacts,
    rationale="Every published port is a way in and bypasses many host firewall rules.",
    remediation="Drop unused -p options and record the needed ports with their reason.",
    good=[
        container(published_ports=()),
        Example(
            container(published_ports=(port(8443),)),
            Policy(now=RECENTLY, approved_ports=(PortApproval(8443),)),
        ),
        Example(container(published_ports=(port(8443),)), expected=Outcome.MANUAL),
    ],
    bad=[
        container(publish_all_ports=True),
        Example(container(published_ports=(port(9000),)), Policy(now=RECENTLY, approved_ports=())),
    ],
)
def only_needed_ports(facts: ContainerFacts, policy: Policy) -> Verdict:
    if facts.publish_all_ports:
        return failed("HostConfig.PublishAllPorts is true")
    ports = sorted({port.host_port for port in facts.published_ports})
    if not ports:
        return passed()
    if policy.approved_ports is None:
        return manual(*(f"Ports: host port {number} is published" for number in ports))
    approved = policy.approved_ports
    unapproved = [
        number for number in ports if not any(approval.covers(facts.name, number) for approval in approved)
    ]
    if unapproved:
        return failed(*(f"Ports: host port {number} is published and not approved" for number in unapproved))
    return passed()
