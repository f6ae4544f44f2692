from scanners.checks.check import Example, Verdict, check, failed, passed
from scanners.checks.examples import RECENTLY, container, port
from scanners.checks.policy import Policy, PortApproval
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.no-privileged-ports",
    title="No privileged host ports mapped",
    severity=Severity.LOW,
    subject=ContainerFacts,
    rationale="Ports below 1024 are trusted by convention and often collide with host services.",
    remediation="Map to a high port behind a reverse proxy or load balancer.",
    good=[
        container(published_ports=(port(8443),)),
        Example(
            container(published_ports=(port(443),)),
            Policy(now=RECENTLY, approved_ports=(PortApproval(443, "web"),)),
        ),
    ],
    bad=[container(published_ports=(port(443),))],
)
def no_privileged_ports(facts: ContainerFacts, policy: Policy) -> Verdict:
    low = sorted({port.host_port for port in facts.published_ports if 0 < port.host_port < 1024})
    approved = policy.approved_ports or ()
    unapproved = [
        number for number in low if not any(approval.covers(facts.name, number) for approval in approved)
    ]
    return (
        failed(*(f"Ports: host port {number} is published" for number in unapproved))
        if unapproved
        else passed()
    )
