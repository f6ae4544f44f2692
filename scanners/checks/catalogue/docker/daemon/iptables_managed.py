from scanners.checks.check import Example, Verdict, check, failed, not_measured, passed
from scanners.checks.docker_host import is_on, settings_of
from scanners.checks.examples import engine
from scanners.checks.host_examples import probed, setting
from scanners.host import HostFacts
from scanners.records import EngineFacts, Outcome, Severity


def of_engine(facts: EngineFacts) -> Verdict:
    """The variable DOCKER_INSECURE_NO_IPTABLES_RAW is in no file: only the engine warns of it."""
    lines = [f"Warnings: {line}" for line in facts.warnings if "DOCKER_INSECURE_NO_IPTABLES_RAW" in line]
    return (
        failed(*lines) if lines else not_measured("needs the host probe: the daemon's iptables and ip6tables")
    )


@check(
    id="docker.daemon.iptables-managed",
    title="Engine may manage packet filter rules",
    severity=Severity.MEDIUM,
    subject=HostFacts,
    rationale=(
        "Without its own rules the isolation between bridges and the publishing of ports is undefined or "
        "open."
    ),
    remediation=(
        'Remove "iptables": false and "ip6tables": false; put own rules into the DOCKER-USER chain.'
    ),
    good=[
        probed(),
        setting("iptables", True),
        Example(engine(), expected=Outcome.NOT_MEASURED),
    ],
    bad=[
        setting("iptables", False),
        setting("ip6tables", "false"),
        engine(warnings=("WARNING: DOCKER_INSECURE_NO_IPTABLES_RAW is set",)),
    ],
    evidence_source="Host probe",
    from_engine=of_engine,
)
def iptables_managed(facts: HostFacts) -> Verdict:
    settings = settings_of(facts, "iptables", "ip6tables")
    if isinstance(settings, Verdict):
        return settings
    off = [name for name in ("iptables", "ip6tables") if not is_on(settings.get(name), default=True)]
    return failed(*(f"{name} is false" for name in off)) if off else passed("iptables and ip6tables are on")
