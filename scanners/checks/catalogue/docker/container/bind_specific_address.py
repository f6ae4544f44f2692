from scanners.checks.check import Example, Verdict, check, failed, not_applicable, passed
from scanners.checks.examples import container, port
from scanners.records import ContainerFacts, Outcome, Severity


def _is_every_address(host_ip: str) -> bool:
    return host_ip.strip("[]") in ("", "0.0.0.0", "::", "0:0:0:0:0:0:0:0")


@check(
    id="docker.container.bind-specific-address",
    title="Published ports bound to a chosen interface",
    severity=Severity.MEDIUM,
    subject=ContainerFacts,
    rationale="A wildcard binding opens the port on every network of the host, including new ones.",
    remediation='Publish as -p <address>:<host>:<container> or set a default "ip" in daemon.json.',
    good=[
        container(published_ports=(port(8443, "192.0.2.7"),)),
        Example(container(), expected=Outcome.NOT_APPLICABLE),
    ],
    bad=[
        container(published_ports=(port(8443, "0.0.0.0"),)),
        container(published_ports=(port(8443, "::"),)),
        container(published_ports=(port(8443, ""),)),
    ],
)
def bind_specific_address(facts: ContainerFacts) -> Verdict:
    if not facts.published_ports:
        return not_applicable("no port is published")
    everywhere = [port for port in facts.published_ports if _is_every_address(port.host_ip)]
    if not everywhere:
        return passed()
    lines = {
        f"Ports: {port.host_port}/{port.protocol} is bound to {port.host_ip or 'the default address'}"
        for port in everywhere
    }
    return failed(*sorted(lines))
