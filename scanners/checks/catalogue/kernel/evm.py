from scanners.checks.check import Verdict, check, failed, not_applicable, passed
from scanners.checks.host_evidence import unread
from scanners.checks.host_examples import probed
from scanners.host import HostFacts
from scanners.records import Severity

HMAC, SIGNATURES = 1, 2


@check(
    id="kernel.evm",
    title="Extended attributes are protected (EVM)",
    severity=Severity.INFO,
    subject=HostFacts,
    rationale="Without EVM, who changes a file offline can change the hash that IMA compares it with.",
    remediation="Load an EVM key at the start and write 1 or 2 to /sys/kernel/security/evm.",
    good=[probed(), probed(integrity__evm={"state": 2})],
    bad=[probed(integrity__evm={"state": 0}), probed(integrity__evm={"state": None})],
    evidence_source="Host probe",
)
def evm(facts: HostFacts) -> Verdict:
    needed = ("/integrity/ima/present", "/integrity/ima/parameters", "/integrity/evm/state")
    if (verdict := unread(facts, *needed)) is not None:
        return verdict
    if facts.integrity is None or "ima_appraise" not in facts.integrity.ima.parameters:
        return not_applicable("IMA appraisal is not used")
    state = facts.integrity.evm.state
    if state is None:
        return failed("the kernel has no EVM")
    if state & (HMAC | SIGNATURES):
        return passed("EVM checks " + ("HMACs" if state & HMAC else "signatures"))
    return failed("EVM is not initialised")
