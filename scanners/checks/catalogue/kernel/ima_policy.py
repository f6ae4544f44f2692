from scanners.checks.check import Verdict, check, failed, not_measured
from scanners.checks.host_evidence import decided, unread
from scanners.checks.host_examples import probed
from scanners.host import HostFacts
from scanners.records import Severity

NOT_ENFORCING = ("log", "fix", "off")


@check(
    id="kernel.ima-policy",
    title="The kernel measures the files it runs (IMA)",
    severity=Severity.LOW,
    subject=HostFacts,
    rationale="Measurements show afterwards that a file was exchanged; appraisal refuses to run it.",
    remediation="Start with ima_policy=tcb, and with appraise_tcb and ima_appraise=enforce once files are signed.",
    good=[probed()],
    bad=[
        probed(integrity__ima={"present": False}),
        probed(integrity__ima__measurements=1),
        probed(integrity__ima__parameters={}, integrity__ima__policy=[]),
        probed(integrity__ima__parameters={"ima_policy": "tcb", "ima_appraise": "log"}),
    ],
    evidence_source="Host probe",
)
def ima_policy(facts: HostFacts) -> Verdict:
    if facts.integrity is None or facts.integrity.ima.present is None:
        return unread(facts, "/integrity/ima/present") or not_measured("the probe does not tell")
    ima = facts.integrity.ima
    if not ima.present:
        return failed("the kernel has no IMA, or securityfs is not mounted")
    if (verdict := unread(facts, "/integrity/ima/measurements", "/integrity/ima/parameters")) is not None:
        return verdict
    wrong = []
    if (ima.measurements or 0) <= 1:
        wrong.append("nothing is measured but the start itself")
    ruled = [rule for rule in ima.policy or () if rule.startswith(("measure", "appraise"))]
    if not ruled and not ima.parameters.get("ima_policy"):
        if (verdict := unread(facts, "/integrity/ima/policy")) is not None and not wrong:
            return verdict
        wrong.append("no policy is loaded")
    if ima.parameters.get("ima_appraise") in NOT_ENFORCING:
        wrong.append(f"ima_appraise={ima.parameters['ima_appraise']} refuses no file")
    return decided(wrong, "IMA measures files by a loaded policy")
