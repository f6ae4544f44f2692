from scanners.checks.check import Example, Verdict, check, not_measured
from scanners.checks.examples import engine
from scanners.checks.lifecycle import judge_support
from scanners.checks.policy import Policy
from scanners.records import EngineFacts, Outcome, Severity


@check(
    id="docker.host.engine-supported",
    title="Docker Engine in support and patched",
    severity=Severity.HIGH,
    subject=EngineFacts,
    rationale=(
        "Releases past end of life get no security fixes, and known flaws of the engine lead to escape "
        "or bypass of authorisation."
    ),
    remediation="Upgrade to a supported release line and enable update notices for the engine packages.",
    good=[
        Example(engine(version="29.7.2"), expected=Outcome.MANUAL),
        Example(engine(version="20.10.24+dfsg1", platform_name=""), expected=Outcome.NOT_MEASURED),
    ],
    bad=[engine(version="28.5.2"), engine(version="29.1.0"), engine(version="20.10.24")],
)
def engine_supported(facts: EngineFacts, policy: Policy) -> Verdict:
    if facts.engine == "podman":
        return judge_support("podman", facts.version, "Version", policy)
    if not facts.platform_name:
        # Docker's own builds name their platform; the packages of distributions leave it empty.
        return not_measured(
            f"Version {facts.version} is a distribution's build: its advisories decide, not the number"
        )
    return judge_support("docker-engine", facts.version, "Version", policy)
