from scanners.checks.check import Example, Verdict, check, not_applicable, not_measured
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Outcome, Severity


@check(
    id="docker.daemon.base-device-size",
    title="Base device size not raised",
    severity=Severity.INFO,
    subject=EngineFacts,
    rationale=(
        "Raising the devicemapper base size lets every image use more space and does not apply to "
        "running containers."
    ),
    remediation="Remove the option.",
    good=[engine(storage_driver="devicemapper"), Example(engine(), expected=Outcome.NOT_APPLICABLE)],
    bad=[],
    waits_for="the host probe",
)
def base_device_size(facts: EngineFacts) -> Verdict:
    if facts.storage_driver != "devicemapper":
        return not_applicable(f"Driver is {facts.storage_driver or 'not known'}, not devicemapper")
    return not_measured("needs the host probe: the daemon's storage-opts")
