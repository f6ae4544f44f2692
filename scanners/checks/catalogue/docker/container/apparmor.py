from scanners.checks.check import Verdict, check, failed, not_applicable, not_measured, passed
from scanners.checks.examples import container
from scanners.checks.security_options import engine_offers
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.apparmor",
    title="AppArmor profile applied",
    severity=Severity.MEDIUM,
    subject=ContainerFacts,
    rationale="The profile limits files, mounts and capabilities even for root in the container.",
    remediation=(
        "Remove --security-opt apparmor=unconfined and privileged mode; load the named profile on the host."
    ),
    good=[container()],
    bad=[container(apparmor_profile="unconfined"), container(apparmor_profile="")],
)
def apparmor(facts: ContainerFacts) -> Verdict:
    if facts.status == "created":
        return not_applicable("never started: the engine sets the profile at the start")
    if facts.engine is not None and not engine_offers(facts.engine, "apparmor"):
        return not_applicable("the engine reports no AppArmor")
    if facts.apparmor_profile in ("", "unconfined"):
        if facts.engine is None:
            return not_measured("whether the engine offers AppArmor is not known")
        return failed(f"AppArmorProfile is {facts.apparmor_profile or 'empty'}")
    return passed(f"AppArmorProfile is {facts.apparmor_profile}")
