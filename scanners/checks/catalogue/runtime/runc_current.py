import re

from scanners.checks.check import Example, Verdict, check, not_applicable, not_measured
from scanners.checks.examples import engine
from scanners.checks.host_examples import probed
from scanners.checks.host_versions import judge_version_of
from scanners.checks.lifecycle import judge_flaws
from scanners.host import HostFacts
from scanners.records import EngineFacts, Outcome, Severity

PODMAN_VERSION = re.compile(r"(?P<runtime>[a-z]+) version (?P<version>\S+)")


def of_engine(facts: EngineFacts) -> Verdict:
    version = facts.components.get("runc", "")
    for name, text in facts.components.items():
        # Podman names its runtime in one line of several: "runc version 1.3.6\ncommit: ...".
        if name.startswith("OCI Runtime (") and (told := PODMAN_VERSION.match(text)):
            if told["runtime"] != "runc":
                return not_applicable(f"the runtime is {told['runtime']}")
            version = told["version"]
    if not version:
        return not_measured("GET /version names no runc")
    return judge_flaws("runc", version, "runc")


@check(
    id="runtime.runc-current",
    title="runc without known escape flaws",
    severity=Severity.CRITICAL,
    subject=HostFacts,
    rationale="runc flaws have repeatedly allowed containers to take over the host.",
    remediation="Update runc together with containerd or the engine and restart containers.",
    good=[
        probed(),
        Example(probed(runtimes={}), expected=Outcome.NOT_APPLICABLE),
        Example(
            probed(
                runtimes={"runc": {"path": "/usr/bin/runc", "version": "1.2.5"}},
                packages={"manager": "rpm", "installed": [["runc", "4:1.2.5-2.el9"]]},
            ),
            expected=Outcome.NOT_MEASURED,
        ),
        engine(components={"OCI Runtime (runc)": "runc version 1.3.6\ncommit: v1.3.6"}),
        Example(
            engine(components={"OCI Runtime (crun)": "crun version 1.21\ncommit: abc"}),
            expected=Outcome.NOT_APPLICABLE,
        ),
        engine(components={"runc": "1.4.3"}),
        Example(engine(components={"runc": "1.1.5+ds1"}), expected=Outcome.NOT_MEASURED),
    ],
    bad=[
        probed(runtimes={"runc": {"path": "/usr/bin/runc", "version": "1.0.0-rc6"}}),
        probed(runtimes={"runc": {"path": "/usr/bin/runc", "version": "1.1.11"}}),
        probed(runtimes={"runc": {"path": "/usr/bin/runc", "version": "1.3.5"}}),
        engine(components={"runc": "1.1.11"}),
        engine(components={"runc": "1.3.5"}),
    ],
    evidence_source="Host probe or Engine API",
    from_engine=of_engine,
)
def runc_current(facts: HostFacts) -> Verdict:
    return judge_version_of(facts, "runc", lambda version: judge_flaws("runc", version, "runc"))
