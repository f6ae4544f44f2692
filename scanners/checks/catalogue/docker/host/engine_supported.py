from scanners.checks.check import Example, Verdict, check, not_measured
from scanners.checks.examples import engine
from scanners.checks.host_evidence import worst
from scanners.checks.host_examples import probed
from scanners.checks.host_versions import judge_version_of
from scanners.checks.lifecycle import judge_support
from scanners.checks.policy import Policy
from scanners.host import HostFacts
from scanners.records import EngineFacts, Outcome, Severity


def of_engine(facts: EngineFacts, policy: Policy) -> Verdict:
    if facts.engine == "podman":
        return judge_support("podman", facts.version, "Version", policy)
    if not facts.platform_name:
        # Docker's own builds name their platform; the packages of distributions leave it empty.
        return not_measured(
            f"Version {facts.version} is a distribution's build: its advisories decide, not the number"
        )
    return judge_support("docker-engine", facts.version, "Version", policy)


@check(
    id="docker.host.engine-supported",
    title="Docker Engine in support and patched",
    severity=Severity.HIGH,
    subject=HostFacts,
    rationale=(
        "Releases past end of life get no security fixes, and known flaws of the engine lead to escape "
        "or bypass of authorisation."
    ),
    remediation="Upgrade to a supported release line and enable update notices for the engine packages.",
    good=[
        Example(probed(), expected=Outcome.MANUAL),
        Example(probed(runtimes={}), expected=Outcome.NOT_APPLICABLE),
        probed(runtimes={"podman": {"path": "/usr/bin/podman", "version": "6.1.2"}}),
        Example(
            probed(runtimes={"dockerd": {"path": "/usr/bin/dockerd", "version": "20.10.24+dfsg1"}}),
            expected=Outcome.NOT_MEASURED,
        ),
        Example(
            probed(
                runtimes={"dockerd": {"path": "/usr/bin/dockerd", "version": "26.1.5"}},
                packages={"manager": "apk", "installed": [["docker-engine", "26.1.5-r0"]]},
            ),
            expected=Outcome.NOT_MEASURED,
        ),
        Example(engine(version="29.7.2"), expected=Outcome.MANUAL),
        Example(engine(version="20.10.24+dfsg1", platform_name=""), expected=Outcome.NOT_MEASURED),
    ],
    bad=[
        probed(runtimes={"dockerd": {"path": "/usr/bin/dockerd", "version": "28.5.2"}}),
        probed(runtimes={"podman": {"path": "/usr/bin/podman", "version": "6.0.1"}}),
        engine(version="28.5.2"),
        engine(version="29.1.0"),
        engine(version="20.10.24"),
    ],
    evidence_source="Host probe or Engine API",
    from_engine=of_engine,
)
def engine_supported(facts: HostFacts, policy: Policy) -> Verdict:
    docker = judge_version_of(
        facts, "dockerd", lambda version: judge_support("docker-engine", version, "dockerd", policy)
    )
    podman = judge_version_of(
        facts, "podman", lambda version: judge_support("podman", version, "podman", policy)
    )
    return worst((docker, podman))
