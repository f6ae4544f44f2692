from scanners.checks.check import Example, Verdict, check, failed, not_applicable, not_measured, passed
from scanners.checks.docker_host import is_on, settings_of
from scanners.checks.examples import engine
from scanners.checks.host_examples import probed, setting
from scanners.host import HostFacts
from scanners.records import EngineFacts, Outcome, Severity


def of_engine(facts: EngineFacts) -> Verdict:
    """Debug can be switched while the engine runs, by another file and SIGHUP: its own word counts beside the files."""
    if facts.engine == "podman":
        return not_applicable("Podman has no daemon with a log level")
    if facts.debug:
        return failed("Debug is true")
    return not_measured("needs the host probe: the daemon's log-level")


@check(
    id="docker.daemon.log-level-info",
    title="Engine logs at level info",
    severity=Severity.LOW,
    subject=HostFacts,
    rationale="Lower verbosity hides security-relevant events, debug floods the log and may reveal data.",
    remediation='Set "log-level": "info" and "debug": false in daemon.json.',
    good=[
        probed(),
        Example(engine(debug=False), expected=Outcome.NOT_MEASURED),
        Example(engine(engine="podman"), expected=Outcome.NOT_APPLICABLE),
    ],
    bad=[
        setting("log-level", "debug"),
        setting("log-level", "error"),
        setting("debug", True),
        engine(debug=True),
    ],
    evidence_source="Host probe",
    from_engine=of_engine,
)
def log_level_info(facts: HostFacts) -> Verdict:
    settings = settings_of(facts, "log-level", "debug")
    if isinstance(settings, Verdict):
        return settings
    level = settings.get("log-level", "info")
    if level != "info":
        return failed(f"log-level is {level}")
    if is_on(settings.get("debug"), default=False):
        return failed("debug is true")
    return passed("log-level is info, debug is off")
