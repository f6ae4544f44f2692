from scanners.checks.check import Verdict, check, not_applicable, not_measured
from scanners.checks.examples import engine
from scanners.checks.lifecycle import judge_support
from scanners.checks.policy import Policy
from scanners.records import EngineFacts, Severity


@check(
    id="runtime.cri-supported",
    title="containerd or CRI-O in support and patched",
    severity=Severity.HIGH,
    subject=EngineFacts,
    rationale="The runtime daemon runs as root and starts everything.",
    remediation="Upgrade the runtime with the node.",
    good=[engine(components={"containerd": "v2.3.4"})],
    bad=[engine(components={"containerd": "v1.6.20"}), engine(components={"containerd": "2.3.0"})],
)
def cri_supported(facts: EngineFacts, policy: Policy) -> Verdict:
    if facts.engine == "podman":
        return not_applicable("Podman runs containers without containerd")
    version = facts.components.get("containerd", "")
    if not version:
        return not_measured("GET /version names no containerd")
    return judge_support("containerd", version, "containerd", policy)
