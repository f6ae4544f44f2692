from scanners.checks.check import Example, Verdict, check, failed, not_applicable, not_measured
from scanners.checks.examples import engine
from scanners.checks.host_evidence import worst
from scanners.checks.host_examples import probed
from scanners.checks.host_versions import judge_version_of
from scanners.checks.lifecycle import judge_support
from scanners.checks.policy import Policy
from scanners.host import HostFacts
from scanners.records import EngineFacts, Outcome, Severity


def of_engine(facts: EngineFacts, policy: Policy) -> Verdict:
    if facts.engine == "podman":
        return not_applicable("Podman runs containers without containerd")
    version = facts.components.get("containerd", "")
    if not version:
        return not_measured("GET /version names no containerd")
    return judge_support("containerd", version, "containerd", policy)


def _beside_kubelet(facts: HostFacts) -> Verdict:
    """CRI-O is made for the Kubernetes release of its own number."""
    found = {name: program.version or "" for name, program in (facts.runtimes or {}).items()}
    lines = [found.get(name, "").split(".")[:2] for name in ("crio", "kubelet")]
    if all(len(line) == 2 for line in lines) and lines[0] != lines[1]:
        return failed(f"CRI-O {found['crio']} runs beside kubelet {found['kubelet']}")
    return not_applicable("no CRI-O beside a kubelet of another release")


@check(
    id="runtime.cri-supported",
    title="containerd or CRI-O in support and patched",
    severity=Severity.HIGH,
    subject=HostFacts,
    rationale="The runtime daemon runs as root and starts everything.",
    remediation="Upgrade the runtime with the node.",
    good=[
        probed(),
        Example(probed(runtimes={}), expected=Outcome.NOT_APPLICABLE),
        Example(engine(engine="podman"), expected=Outcome.NOT_APPLICABLE),
        probed(runtimes={"crio": {"path": "/usr/bin/crio", "version": "1.35.1"}}),
        engine(components={"containerd": "v2.3.4"}),
    ],
    bad=[
        probed(runtimes={"containerd": {"path": "/usr/bin/containerd", "version": "1.6.20"}}),
        probed(runtimes={"crio": {"path": "/usr/bin/crio", "version": "1.32.4"}}),
        probed(
            runtimes={
                "crio": {"path": "/usr/bin/crio", "version": "1.35.1"},
                "kubelet": {"path": "/usr/bin/kubelet", "version": "1.36.4"},
            }
        ),
        engine(components={"containerd": "v1.6.20"}),
        engine(components={"containerd": "2.3.0"}),
    ],
    evidence_source="Host probe or Engine API",
    from_engine=of_engine,
)
def cri_supported(facts: HostFacts, policy: Policy) -> Verdict:
    containerd = judge_version_of(
        facts, "containerd", lambda version: judge_support("containerd", version, "containerd", policy)
    )
    crio = judge_version_of(facts, "crio", lambda version: judge_support("cri-o", version, "CRI-O", policy))
    return worst((containerd, crio, _beside_kubelet(facts)))
