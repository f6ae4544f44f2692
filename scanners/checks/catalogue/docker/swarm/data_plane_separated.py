from scanners.checks.check import Verdict, check, not_measured
from scanners.checks.examples import swarm
from scanners.records import Severity, SwarmFacts


@check(
    id="docker.swarm.data-plane-separated",
    title="Management and data traffic separated",
    severity=Severity.LOW,
    subject=SwarmFacts,
    rationale="Separate interfaces keep application traffic away from the control plane.",
    remediation="Initialise or join with --advertise-addr and --data-path-addr on different interfaces.",
    good=[swarm()],
    bad=[],
    evidence_source="Host files",
    waits_for="the host probe",
)
def data_plane_separated(facts: SwarmFacts) -> Verdict:
    return not_measured("needs the host probe: DataPathAddr and AdvertiseAddr in docker-state.json")
