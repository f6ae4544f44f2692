from scanners.checks.check import Example, Verdict, check, not_applicable, not_measured
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Outcome, Severity


@check(
    id="docker.swarm.listen-address",
    title="Swarm ports bound to one interface",
    severity=Severity.MEDIUM,
    subject=EngineFacts,
    rationale="A wildcard listener offers the management port on every network.",
    remediation=(
        "Initialise the swarm again with --listen-addr <address>:2377 and restrict 2377, 7946 and 4789 "
        "by firewall."
    ),
    good=[engine(swarm_state="active"), Example(engine(), expected=Outcome.NOT_APPLICABLE)],
    bad=[],
    evidence_source="Host files",
    waits_for="the host probe",
)
def listen_address(facts: EngineFacts) -> Verdict:
    if facts.swarm_state in ("", "inactive"):
        return not_applicable("Swarm is not active")
    return not_measured("needs the host probe: the listening sockets")
