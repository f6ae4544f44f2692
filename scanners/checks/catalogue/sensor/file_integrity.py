from scanners.checks.check import Example, Verdict, check, failed, not_measured
from scanners.checks.host_evidence import unread
from scanners.checks.host_examples import probed
from scanners.checks.policy import Policy
from scanners.checks.sensors import moment
from scanners.host import HostFacts, Sensor
from scanners.records import Outcome, Severity

CONTINUOUS = ("falco", "osquery", "wazuh")
COMPARING = ("aide", "samhain", "tripwire")


def _wrong(sensor: Sensor, policy: Policy) -> str:
    """Why a monitor does not do its work; "" when nothing speaks against it."""
    if sensor.name in CONTINUOUS:
        return "" if sensor.is_running is not False else f"{sensor.name} is installed and does not run"
    newest = moment(sensor)
    if newest is not None and policy.is_older(newest, policy.file_comparison_days):
        return (
            f"{sensor.name} gave its last sign on {newest.date()}, limit {policy.file_comparison_days} days"
        )
    return ""


@check(
    id="sensor.file-integrity",
    title="File integrity monitored",
    severity=Severity.MEDIUM,
    subject=HostFacts,
    rationale="Changes of binaries, units and configuration must raise an alert.",
    remediation="Install one of AIDE, Wazuh or Falco and include the container paths.",
    good=[
        probed(),
        Example(probed(sensors=[{"name": "aide", "is_running": False}]), expected=Outcome.NOT_MEASURED),
    ],
    bad=[
        probed(sensors=[]),
        probed(sensors=[{"name": "tetragon", "is_running": True}]),
        probed(sensors=[{"name": "wazuh", "is_running": False}]),
        probed(sensors=[{"name": "aide", "is_running": False, "last_sign": "2026-09-01T00:00:00Z"}]),
    ],
    evidence_source="Host probe",
    waits_for="the scope of the file integrity monitor",
)
def file_integrity(facts: HostFacts, policy: Policy) -> Verdict:
    if (verdict := unread(facts, "/sensors")) is not None:
        return verdict
    monitors = [sensor for sensor in facts.sensors or () if sensor.name in CONTINUOUS + COMPARING]
    if not monitors:
        return failed("no known file integrity monitor is on this host")
    wrong = [line for sensor in monitors if (line := _wrong(sensor, policy))]
    if len(wrong) == len(monitors):
        return failed(*wrong)
    names = [sensor.name for sensor in monitors if not _wrong(sensor, policy)]
    return not_measured(f"{' and '.join(names)} is at work; which paths it covers is not read")
