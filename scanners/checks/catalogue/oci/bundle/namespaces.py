from scanners.checks.check import Verdict, check, not_measured
from scanners.checks.host_evidence import decided, of_bundle
from scanners.checks.host_examples import probed_container
from scanners.host import HostContainerFacts
from scanners.records import Severity

NEEDED = ("pid", "network", "ipc", "uts", "mount")


@check(
    id="oci.bundle.namespaces",
    title="The bundle asks for namespaces of its own",
    severity=Severity.HIGH,
    subject=HostContainerFacts,
    rationale="A namespace that a bundle leaves out is the host's: its processes, network or mounts are in reach.",
    remediation="List pid, network, ipc, uts and mount under linux.namespaces, without a path into the host.",
    good=[probed_container()],
    bad=[
        probed_container(bundle__namespaces=[{"type": "mount"}, {"type": "pid"}]),
        probed_container(
            bundle__namespaces=[{"type": t} for t in ("pid", "ipc", "uts", "mount")]
            + [{"type": "network", "path": "/proc/1/ns/net"}]
        ),
    ],
    evidence_source="Host probe",
)
def namespaces(facts: HostContainerFacts) -> Verdict:
    if (verdict := of_bundle(facts)) is not None or (bundle := facts.container.bundle) is None:
        return verdict or not_measured("no bundle")
    paths = {space.type: space.path for space in bundle.namespaces}
    wrong = [f"no {kind} namespace" for kind in NEEDED if kind not in paths]
    wrong += [
        f"{kind} namespace of the host's first process"
        for kind, path in paths.items()
        if path.startswith("/proc/1/")
    ]
    return decided(wrong, "pid, network, ipc, uts and mount namespaces of its own")
