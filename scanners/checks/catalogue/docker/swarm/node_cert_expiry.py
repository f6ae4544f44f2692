from scanners.checks.check import Verdict, check, failed, not_measured, passed
from scanners.checks.examples import swarm
from scanners.checks.policy import Policy
from scanners.records import Severity, SwarmFacts


@check(
    id="docker.swarm.node-cert-expiry",
    title="Node certificates short-lived",
    severity=Severity.LOW,
    subject=SwarmFacts,
    rationale="Short lifetimes limit the use of a stolen node certificate.",
    remediation="docker swarm update --cert-expiry 720h.",
    good=[swarm(node_cert_expiry_seconds=30 * 24 * 3600)],
    bad=[swarm(node_cert_expiry_seconds=365 * 24 * 3600), swarm(node_cert_expiry_seconds=0)],
)
def node_cert_expiry(facts: SwarmFacts, policy: Policy) -> Verdict:
    seconds = facts.node_cert_expiry_seconds
    if seconds is None:
        return not_measured("Spec.CAConfig.NodeCertExpiry could not be read")
    limit = policy.swarm_node_certificate_max_days
    line = f"Spec.CAConfig.NodeCertExpiry is {seconds} seconds, limit {limit} days"
    return passed(line) if 0 < seconds <= limit * 86400 else failed(line)
