from scanners.checks.check import Verdict, check, failed, not_measured, passed
from scanners.checks.host_examples import probed
from scanners.host import HostFacts
from scanners.records import Severity


@check(
    id="runtime.rkt-absent",
    title="No trace of rkt",
    severity=Severity.HIGH,
    subject=HostFacts,
    rationale="rkt has had no maintainer since 2020: its flaws, and those of its stage1 images, stay open.",
    remediation="Move the pods to a maintained runtime, then remove rkt, its units and /var/lib/rkt.",
    good=[probed()],
    bad=[
        probed(
            rkt={"traces": ["/usr/bin/rkt", "/var/lib/rkt"], "pods": [{"id": "5bc080ca", "state": "running"}]}
        )
    ],
    evidence_source="Host probe",
)
def rkt_absent(facts: HostFacts) -> Verdict:
    if facts.rkt is None:
        why = facts.why("/rkt")
        return not_measured(f"rkt: {why}") if why else passed("no program, unit or folder of rkt was found")
    running = sorted(pod.id for pod in facts.rkt.pods if pod.state == "running")
    return failed(
        *facts.rkt.traces[:10],
        *(f"pod {pod} runs" for pod in running[:10]),
        *([f"{len(facts.rkt.pods)} pods in all"] if facts.rkt.pods else []),
    )
