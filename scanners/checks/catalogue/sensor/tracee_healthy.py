from scanners.checks.check import Example, Verdict, check
from scanners.checks.host_examples import probed
from scanners.checks.sensors import judge_detection
from scanners.host import HostFacts
from scanners.records import Outcome, Severity


@check(
    id="sensor.tracee-healthy",
    title="Tracee healthy and current",
    severity=Severity.MEDIUM,
    subject=HostFacts,
    rationale="A sensor that loses events or has no policy gives false comfort.",
    remediation="Update Tracee, review policies.",
    good=[
        probed(),
        Example(probed(sensors=[{"name": "tracee", "is_running": None}]), expected=Outcome.NOT_MEASURED),
        Example(probed(sensors=[]), expected=Outcome.NOT_APPLICABLE),
        Example(
            probed(sensors=[{"name": "tracee", "is_running": False}, {"name": "falco", "is_running": True}]),
            expected=Outcome.NOT_APPLICABLE,
        ),
    ],
    bad=[
        probed(sensors=[{"name": "tracee", "is_running": False}]),
    ],
    evidence_source="Host probe",
    waits_for="the sensor's own health report",
)
def tracee_healthy(facts: HostFacts) -> Verdict:
    return judge_detection(facts, "tracee")
