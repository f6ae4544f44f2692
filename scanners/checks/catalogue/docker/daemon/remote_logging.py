from scanners.checks.check import Example, Verdict, check, failed, not_measured, passed
from scanners.checks.docker_host import settings_of
from scanners.checks.examples import engine
from scanners.checks.host_evidence import unread
from scanners.checks.host_examples import probed, setting
from scanners.host import HostFacts
from scanners.records import EngineFacts, Outcome, Severity

REMOTE = ("awslogs", "fluentd", "gcplogs", "gelf", "logentries", "splunk")
SYSLOG_REMOTE = ("tcp://", "tcp+tls://", "udp://")


def _is_remote(driver: str) -> bool:
    return driver in REMOTE or ":" in driver or "/" in driver  # a plugin is named like an image


def of_engine(facts: EngineFacts) -> Verdict:
    driver = facts.logging_driver
    if driver == "none":
        return failed("LoggingDriver is none")
    if _is_remote(driver):
        return passed(f"LoggingDriver is {driver}")
    return not_measured(
        f"LoggingDriver is {driver or 'not known'}: needs the host probe for a running collector"
    )


@check(
    id="docker.daemon.remote-logging",
    title="Container logs leave the host",
    severity=Severity.MEDIUM,
    subject=HostFacts,
    rationale="Logs kept only on the host vanish with the host and can be changed by whoever took it over.",
    remediation="Choose a remote log driver in daemon.json or deploy a log collector on every host.",
    good=[
        probed(),
        setting("log-driver", "fluentd"),
        probed(
            docker__settings={
                "log-driver": "syslog",
                "log-opts": {"syslog-address": "tcp://logs.example:514"},
            },
            log_collectors=[],
        ),
        engine(logging_driver="fluentd"),
        Example(engine(), expected=Outcome.NOT_MEASURED),
    ],
    bad=[
        probed(log_collectors=[]),
        setting("log-driver", "none"),
        probed(docker__settings={"log-driver": "syslog"}, log_collectors=[]),
        engine(logging_driver="none"),
    ],
    evidence_source="Host probe",
    from_engine=of_engine,
)
def remote_logging(facts: HostFacts) -> Verdict:
    settings = settings_of(facts, "log-driver", "log-opts")
    if isinstance(settings, Verdict):
        return settings
    driver = str(settings.get("log-driver", "json-file"))
    if driver == "none":
        return failed("log-driver is none")
    options = settings.get("log-opts")
    address = str(options.get("syslog-address", "")) if isinstance(options, dict) else ""
    if _is_remote(driver) or (driver == "syslog" and address.startswith(SYSLOG_REMOTE)):
        return passed(f"log-driver is {driver}")
    if (verdict := unread(facts, "/log_collectors")) is not None:
        return verdict
    if facts.log_collectors:
        return passed(f"log-driver is {driver}", *(f"{name} runs" for name in facts.log_collectors))
    return failed(f"log-driver is {driver}, and no known log collector runs")
