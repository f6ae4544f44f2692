from scanners.checks.check import Example, Verdict, check, not_measured
from scanners.checks.examples import engine
from scanners.checks.lifecycle import judge_flaws
from scanners.records import EngineFacts, Outcome, Severity


@check(
    id="runtime.runc-current",
    title="runc without known escape flaws",
    severity=Severity.CRITICAL,
    subject=EngineFacts,
    rationale="runc flaws have repeatedly allowed containers to take over the host.",
    remediation="Update runc together with containerd or the engine and restart containers.",
    good=[
        engine(components={"runc": "1.4.3"}),
        Example(engine(components={"runc": "1.1.5+ds1"}), expected=Outcome.NOT_MEASURED),
    ],
    bad=[engine(components={"runc": "1.1.11"}), engine(components={"runc": "1.3.5"})],
)
def runc_current(facts: EngineFacts) -> Verdict:
    version = facts.components.get("runc", "")
    if not version:
        return not_measured("GET /version names no runc")
    return judge_flaws("runc", version, "runc")
