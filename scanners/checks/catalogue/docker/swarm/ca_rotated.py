from cryptography import x509

from scanners.checks.check import Verdict, check, failed, manual, not_measured, passed
from scanners.checks.example_certificates import OLD_ROOT, RECENT_ROOT
from scanners.checks.examples import swarm
from scanners.checks.policy import Policy
from scanners.records import Severity, SwarmFacts


@check(
    id="docker.swarm.ca-rotated",
    title="Swarm root certificate rotated",
    severity=Severity.LOW,
    subject=SwarmFacts,
    rationale="A root that never changes stays useful to whoever copied it.",
    remediation="docker swarm ca --rotate.",
    good=[swarm(root_certificate_pem=RECENT_ROOT)],
    bad=[swarm(root_certificate_pem=OLD_ROOT)],
)
def ca_rotated(facts: SwarmFacts, policy: Policy) -> Verdict:
    if not facts.root_certificate_pem:
        return not_measured("TLSInfo.TrustRoot could not be read")
    try:
        roots = x509.load_pem_x509_certificates(facts.root_certificate_pem.encode())
    except (ValueError, x509.InvalidVersion):
        return not_measured("TLSInfo.TrustRoot is not a certificate")
    lines = []
    for root in roots:
        if policy.is_older(root.not_valid_before_utc, policy.swarm_ca_max_age_days):
            lines.append(
                f"TLSInfo.TrustRoot: valid from {root.not_valid_before_utc:%Y-%m-%d}, "
                f"limit {policy.swarm_ca_max_age_days} days"
            )
        if policy.is_within(root.not_valid_after_utc, policy.swarm_ca_expiry_warning_days):
            lines.append(f"TLSInfo.TrustRoot: valid until {root.not_valid_after_utc:%Y-%m-%d}")
    if lines:
        return failed(*lines)
    if facts.root_rotation_in_progress:
        return manual("RootRotationInProgress is true: look whether it is stuck")
    return passed()
