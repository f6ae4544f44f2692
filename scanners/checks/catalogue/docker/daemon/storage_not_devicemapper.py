from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity


@check(
    id="docker.daemon.storage-not-devicemapper",
    title="Storage driver devicemapper not used",
    severity=Severity.LOW,
    subject=EngineFacts,
    rationale=(
        "devicemapper was deprecated in 18.09 and removed in Docker 25; seeing it means an unsupported "
        "engine."
    ),
    remediation=(
        "Move to overlay2 or the containerd snapshotter on a supported engine and recreate the containers."
    ),
    good=[engine(storage_driver="overlay2")],
    bad=[engine(storage_driver="devicemapper")],
)
def storage_not_devicemapper(facts: EngineFacts) -> Verdict:
    return failed("Driver is devicemapper") if facts.storage_driver == "devicemapper" else passed()
