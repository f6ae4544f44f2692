from scanners.checks.check import Example, Verdict, check, not_applicable, not_measured
from scanners.checks.examples import swarm
from scanners.records import Outcome, Severity, SwarmFacts


@check(
    id="docker.swarm.unlock-key-rotated",
    title="Unlock key rotated",
    severity=Severity.LOW,
    subject=SwarmFacts,
    rationale="Rotation ends the use of leaked or old keys.",
    remediation="docker swarm unlock-key --rotate, then record it.",
    good=[swarm(autolock=True), Example(swarm(autolock=False), expected=Outcome.NOT_APPLICABLE)],
    bad=[],
    evidence_source="Attestation",
    waits_for="a rotation record",
)
def unlock_key_rotated(facts: SwarmFacts) -> Verdict:
    if facts.autolock is False:
        return not_applicable("the managers are not locked, so there is no unlock key")
    return not_measured("needs a record of the last rotation: the engine does not publish the key's age")
