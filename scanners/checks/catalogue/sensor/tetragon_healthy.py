from scanners.checks.check import Example, Verdict, check
from scanners.checks.host_examples import probed
from scanners.checks.sensors import judge_detection
from scanners.host import HostFacts
from scanners.records import Outcome, Severity


@check(
    id="sensor.tetragon-healthy",
    title="Tetragon healthy and with policies",
    severity=Severity.MEDIUM,
    subject=HostFacts,
    rationale="Without policies Tetragon reports only process life cycles.",
    remediation="Load policies for file, network and privilege events and update.",
    good=[
        probed(),
        Example(probed(sensors=[{"name": "tetragon", "is_running": None}]), expected=Outcome.NOT_MEASURED),
        Example(probed(sensors=[]), expected=Outcome.NOT_APPLICABLE),
        Example(
            probed(
                sensors=[{"name": "tetragon", "is_running": False}, {"name": "falco", "is_running": True}]
            ),
            expected=Outcome.NOT_APPLICABLE,
        ),
    ],
    bad=[
        probed(sensors=[{"name": "tetragon", "is_running": False}]),
    ],
    evidence_source="Host probe",
    waits_for="the sensor's own health report",
)
def tetragon_healthy(facts: HostFacts) -> Verdict:
    return judge_detection(facts, "tetragon")
