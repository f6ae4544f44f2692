from scanners.checks.check import Example, Verdict, check, failed, manual, not_measured, passed
from scanners.checks.examples import RECENTLY, container, engine
from scanners.checks.policy import Policy
from scanners.records import ContainerFacts, Outcome, Severity


def _is_unlimited(entry: str) -> bool:
    name, _, values = entry.partition("=")
    return name.lower().removeprefix("rlimit_") in ("nofile", "nproc") and "-1" in values.split(":")


@check(
    id="docker.container.ulimits",
    title="Process limits reviewed",
    severity=Severity.INFO,
    subject=ContainerFacts,
    rationale=(
        "An override replaces the engine default, so a careless value takes away the protection against "
        "one container exhausting files or processes."
    ),
    remediation="Remove --ulimit options that are not needed, or record why the workload needs them.",
    good=[
        container(ulimits=()),
        Example(
            container(ulimits=("RLIMIT_NOFILE=1048576:1048576",), engine=engine(engine="podman")),
            expected=Outcome.NOT_MEASURED,
        ),
        Example(container(ulimits=("nofile=1024:2048",)), expected=Outcome.MANUAL),
        Example(
            container(ulimits=("nofile=1024:2048",)),
            Policy(now=RECENTLY, approved_ulimits=("nofile=1024:2048",)),
        ),
    ],
    bad=[container(ulimits=("nofile=-1:-1",)), container(ulimits=("RLIMIT_NPROC=-1:-1",))],
)
def ulimits(facts: ContainerFacts, policy: Policy) -> Verdict:
    overrides = [entry for entry in facts.ulimits if entry not in policy.approved_ulimits]
    unlimited = [entry for entry in overrides if _is_unlimited(entry)]
    if unlimited:
        return failed(*(f"HostConfig.Ulimits has {entry}, which is no limit" for entry in unlimited))
    if overrides and facts.engine is not None and facts.engine.engine == "podman":
        return not_measured("Podman lists the limits that a container inherits like overrides")
    if overrides:
        return manual(*(f"HostConfig.Ulimits has {entry}" for entry in overrides))
    return passed()
