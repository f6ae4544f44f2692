from scanners.checks.check import Verdict, check, failed, not_measured, passed
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity

REMOTE = ("awslogs", "fluentd", "gcplogs", "gelf", "logentries", "splunk")


@check(
    id="docker.daemon.remote-logging",
    title="Container logs leave the host",
    severity=Severity.MEDIUM,
    subject=EngineFacts,
    rationale="Logs kept only on the host vanish with the host and can be changed by whoever took it over.",
    remediation="Choose a remote log driver in daemon.json or deploy a log collector on every host.",
    good=[engine(logging_driver="fluentd")],
    bad=[engine(logging_driver="none")],
)
def remote_logging(facts: EngineFacts) -> Verdict:
    driver = facts.logging_driver
    if driver == "none":
        return failed("LoggingDriver is none")
    if driver in REMOTE or ":" in driver or "/" in driver:  # a plugin is named like an image
        return passed(f"LoggingDriver is {driver}")
    return not_measured(
        f"LoggingDriver is {driver or 'not known'}: needs the host probe for a running collector"
    )
