from scanners.checks.check import Example, Verdict, check
from scanners.checks.host_examples import probed
from scanners.checks.sensors import judge_detection
from scanners.host import HostFacts
from scanners.records import Outcome, Severity


@check(
    id="sensor.falco-healthy",
    title="Falco healthy and current",
    severity=Severity.MEDIUM,
    subject=HostFacts,
    rationale="A sensor that drops events or runs old rules gives false comfort.",
    remediation="Update Falco and rules, raise buffers, check the driver.",
    good=[
        probed(),
        Example(probed(sensors=[{"name": "falco", "is_running": None}]), expected=Outcome.NOT_MEASURED),
        Example(probed(sensors=[]), expected=Outcome.NOT_APPLICABLE),
        Example(
            probed(
                sensors=[{"name": "falco", "is_running": False}, {"name": "tetragon", "is_running": True}]
            ),
            expected=Outcome.NOT_APPLICABLE,
        ),
    ],
    bad=[
        probed(sensors=[{"name": "falco", "is_running": False}]),
    ],
    evidence_source="Host probe",
    waits_for="the sensor's own health report",
)
def falco_healthy(facts: HostFacts) -> Verdict:
    return judge_detection(facts, "falco")
