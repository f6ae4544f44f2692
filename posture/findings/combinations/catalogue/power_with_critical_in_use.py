"""Power over the host, and a critical flaw is loaded."""

from __future__ import annotations

from posture.findings.combinations.examples import facts, flaw
from posture.findings.combinations.rule import Facts, path, rule
from scanners.records import Severity


@rule(
    title="Power over the host, and a critical flaw is loaded",
    severity=Severity.HIGH,
    rationale="It cannot be reached from outside, but whatever it reads (a file, a queue, a neighbour's answer) can carry the "
    "attack, and then the host is lost with it.",
    remediation="Upgrade the package, and take the power from the container: it seldom needs it.",
    good=[facts(is_privileged=True, flaws=(flaw(),)), facts(flaws=(flaw(is_in_use=True),))],
    bad=[facts(is_privileged=True, flaws=(flaw(is_in_use=True),))],
)
def power_with_critical_in_use(f: Facts) -> tuple[str, ...] | None:
    loaded = next((one for one in f.flaws if one.is_in_use and one.severity is Severity.CRITICAL), None)
    if not (loaded and f.power):
        return None
    return path(f.container, f"{loaded.key} in {loaded.package}, loaded", f.power, f.host)
