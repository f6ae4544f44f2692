from scanners.checks.check import Verdict, check, failed, not_applicable, not_measured
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity


@check(
    id="docker.daemon.log-level-info",
    title="Engine logs at level info",
    severity=Severity.LOW,
    subject=EngineFacts,
    rationale="Lower verbosity hides security-relevant events, debug floods the log and may reveal data.",
    remediation='Set "log-level": "info" and "debug": false in daemon.json.',
    good=[engine(debug=False)],
    bad=[engine(debug=True)],
    waits_for="the host probe",
)
def log_level_info(facts: EngineFacts) -> Verdict:
    if facts.engine == "podman":
        return not_applicable("Podman has no daemon with a log level")
    if facts.debug:
        return failed("Debug is true")
    return not_measured("needs the host probe: the daemon's log-level")
