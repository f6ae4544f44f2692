from scanners.checks.check import Example, Verdict, check, failed, not_measured, passed
from scanners.checks.docker_host import is_on, settings_of
from scanners.checks.examples import engine
from scanners.checks.host_examples import probed, setting
from scanners.checks.security_options import engine_offers, lists_no_new_privileges
from scanners.host import HostFacts
from scanners.records import EngineFacts, Outcome, Severity


def of_engine(facts: EngineFacts) -> Verdict:
    if engine_offers(facts, "no-new-privileges"):
        return passed("SecurityOptions has name=no-new-privileges")
    if lists_no_new_privileges(facts):
        return failed("SecurityOptions has no name=no-new-privileges")
    return not_measured("needs the host probe: this engine does not list its default for no-new-privileges")


@check(
    id="docker.daemon.no-new-privileges",
    title="no-new-privileges is the default",
    severity=Severity.MEDIUM,
    subject=HostFacts,
    rationale="Setuid programs in containers then cannot gain rights, whatever the image contains.",
    remediation='Set "no-new-privileges": true in daemon.json.',
    good=[
        probed(),
        setting("no-new-privileges", "true"),
        engine(security_options=("name=no-new-privileges",)),
        Example(engine(version="20.10.24", security_options=()), expected=Outcome.NOT_MEASURED),
    ],
    bad=[
        setting("no-new-privileges", None),
        setting("no-new-privileges", "false"),
        engine(version="29.7.2", security_options=("name=cgroupns",)),
    ],
    evidence_source="Host probe",
    from_engine=of_engine,
)
def no_new_privileges(facts: HostFacts) -> Verdict:
    settings = settings_of(facts, "no-new-privileges")
    if isinstance(settings, Verdict):
        return settings
    if is_on(settings.get("no-new-privileges"), default=False):
        return passed("no-new-privileges is true")
    return failed("no-new-privileges is not true, and false is the default")
