from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity


@check(
    id="docker.daemon.storage-not-aufs",
    title="Storage driver aufs not used",
    severity=Severity.LOW,
    subject=EngineFacts,
    rationale=(
        "aufs was never part of the kernel, caused crashes and was removed from Docker 24; seeing it "
        "means an unsupported engine."
    ),
    remediation=(
        "Move to overlay2 or the containerd snapshotter on a supported engine and recreate the containers."
    ),
    good=[engine(storage_driver="overlay2")],
    bad=[engine(storage_driver="aufs")],
)
def storage_not_aufs(facts: EngineFacts) -> Verdict:
    return failed("Driver is aufs") if facts.storage_driver == "aufs" else passed()
