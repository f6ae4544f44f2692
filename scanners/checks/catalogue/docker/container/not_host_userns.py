from scanners.checks.check import Example, Verdict, check, failed, not_applicable, not_measured, passed
from scanners.checks.examples import container, engine
from scanners.records import ContainerFacts, Outcome, Severity


@check(
    id="docker.container.not-host-userns",
    title="Container keeps its user namespace",
    severity=Severity.HIGH,
    subject=ContainerFacts,
    rationale="Opting out maps container root to host root again.",
    remediation="Drop --userns=host or put the workload on a separate host.",
    good=[
        container(userns_mode=""),
        Example(
            container(userns_mode="host", engine=engine(security_options=())), expected=Outcome.NOT_APPLICABLE
        ),
    ],
    bad=[container(userns_mode="host")],
)
def not_host_userns(facts: ContainerFacts) -> Verdict:
    if facts.engine is None:
        return not_measured("whether the engine remaps users is not known")
    if not (facts.engine.remaps_users or facts.engine.is_rootless):
        return not_applicable("the engine does not remap users")
    return failed("HostConfig.UsernsMode is host") if facts.userns_mode == "host" else passed()
