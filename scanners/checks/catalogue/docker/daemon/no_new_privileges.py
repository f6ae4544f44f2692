from scanners.checks.check import Verdict, check, failed, not_measured, passed
from scanners.checks.examples import engine
from scanners.checks.security_options import engine_offers, lists_no_new_privileges
from scanners.records import EngineFacts, Severity


@check(
    id="docker.daemon.no-new-privileges",
    title="no-new-privileges is the default",
    severity=Severity.MEDIUM,
    subject=EngineFacts,
    rationale="Setuid programs in containers then cannot gain rights, whatever the image contains.",
    remediation='Set "no-new-privileges": true in daemon.json.',
    good=[engine(security_options=("name=no-new-privileges",))],
    bad=[engine(version="29.7.2", security_options=("name=cgroupns",))],
)
def no_new_privileges(facts: EngineFacts) -> Verdict:
    if engine_offers(facts, "no-new-privileges"):
        return passed()
    if lists_no_new_privileges(facts):
        return failed("SecurityOptions has no name=no-new-privileges")
    return not_measured("needs the host probe: this engine does not list its default for no-new-privileges")
