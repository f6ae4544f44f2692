from scanners.checks.check import Verdict, check, failed, not_measured, passed
from scanners.checks.examples import swarm
from scanners.records import Severity, SwarmFacts


@check(
    id="docker.swarm.autolock",
    title="Managers locked at rest",
    severity=Severity.MEDIUM,
    subject=SwarmFacts,
    rationale=(
        "Without autolock the key that protects the raft log, and so all secrets, lies next to it on disk."
    ),
    remediation="docker swarm update --autolock=true; keep the key in the secret store.",
    good=[swarm(autolock=True)],
    bad=[swarm(autolock=False)],
)
def autolock(facts: SwarmFacts) -> Verdict:
    if facts.autolock is None:
        return not_measured("Spec.EncryptionConfig could not be read")
    return passed() if facts.autolock else failed("Spec.EncryptionConfig.AutoLockManagers is false")
