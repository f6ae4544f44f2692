from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import container, engine
from scanners.checks.security_options import (
    engine_offers,
    lists_no_new_privileges,
    option_values,
)
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.no-new-privileges",
    title="Processes cannot gain privileges",
    severity=Severity.MEDIUM,
    subject=ContainerFacts,
    rationale="The flag stops setuid and file-capability programs from raising rights.",
    remediation="Start with --security-opt no-new-privileges or set the engine default.",
    good=[container(security_options=("no-new-privileges:true",)), container(security_options=())],
    bad=[
        container(security_options=(), engine=engine(security_options=("name=cgroupns",))),
        container(security_options=("no-new-privileges=false",)),
    ],
)
def no_new_privileges(facts: ContainerFacts) -> Verdict:
    values = option_values(facts, "no-new-privileges")
    if values:
        # The engine applies the entries in order, so the last one holds.
        if values[-1] in ("", "true"):
            return passed()
        return failed(f"HostConfig.SecurityOpt has no-new-privileges={values[-1]}")
    if facts.engine is not None and engine_offers(facts.engine, "no-new-privileges"):
        return passed("the engine's default is no-new-privileges")
    evidence = ["HostConfig.SecurityOpt has no no-new-privileges"]
    if facts.engine is None or not lists_no_new_privileges(facts.engine):
        evidence.append("the engine does not list its own default, which is off unless it was set")
    return failed(*evidence)
