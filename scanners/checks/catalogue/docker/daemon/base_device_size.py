from scanners.checks.check import Example, Verdict, check, failed, not_applicable, not_measured, passed
from scanners.checks.docker_host import entries, settings_of
from scanners.checks.examples import engine
from scanners.checks.host_examples import probed, setting
from scanners.host import HostFacts
from scanners.records import EngineFacts, Outcome, Severity


def of_engine(facts: EngineFacts) -> Verdict:
    if facts.storage_driver != "devicemapper":
        return not_applicable(f"Driver is {facts.storage_driver or 'not known'}, not devicemapper")
    return not_measured("needs the host probe: the daemon's storage-opts")


@check(
    id="docker.daemon.base-device-size",
    title="Base device size not raised",
    severity=Severity.INFO,
    subject=HostFacts,
    rationale=(
        "Raising the devicemapper base size lets every image use more space and does not apply to "
        "running containers."
    ),
    remediation="Remove the option.",
    good=[
        probed(),
        Example(setting("storage-driver", "overlay2"), expected=Outcome.NOT_APPLICABLE),
        Example(engine(), expected=Outcome.NOT_APPLICABLE),
    ],
    bad=[
        setting("storage-opts", ["dm.basesize=40G"]),
    ],
    evidence_source="Host probe",
    from_engine=of_engine,
)
def base_device_size(facts: HostFacts) -> Verdict:
    settings = settings_of(facts, "storage-driver", "storage-opts")
    if isinstance(settings, Verdict):
        return settings
    driver = settings.get("storage-driver", "devicemapper")
    if driver != "devicemapper":
        return not_applicable(f"storage-driver is {driver}, not devicemapper")
    raised = [item for item in entries(settings.get("storage-opts")) if item.startswith("dm.basesize")]
    return (
        failed(*(f"storage-opts has {item}" for item in raised))
        if raised
        else passed("no dm.basesize is set")
    )
