from scanners.checks.check import Example, Verdict, check
from scanners.checks.host_examples import probed
from scanners.checks.host_versions import judge_version_of
from scanners.checks.lifecycle import judge_flaws
from scanners.host import HostFacts
from scanners.records import Outcome, Severity


@check(
    id="runtime.crun-current",
    title="crun without known escape flaws",
    severity=Severity.HIGH,
    subject=HostFacts,
    rationale="crun sets up every container of its host as root: a flaw in it reaches the host.",
    remediation="Update crun and start the containers anew.",
    good=[
        Example(probed(), expected=Outcome.NOT_APPLICABLE),
        Example(
            probed(runtimes={"crun": {"path": "/usr/bin/crun", "version": "1.29.1"}}),
            expected=Outcome.MANUAL,
        ),
        Example(
            probed(
                runtimes={"crun": {"path": "/usr/bin/crun", "version": "1.14.1"}},
                packages={"manager": "rpm", "installed": [["crun", "1.14.1-2.el9"]]},
            ),
            expected=Outcome.NOT_MEASURED,
        ),
    ],
    bad=[
        probed(runtimes={"crun": {"path": "/usr/bin/crun", "version": "1.4.3"}}),
        probed(runtimes={"crun": {"path": "/usr/bin/crun", "version": "1.19.1"}}),
    ],
    evidence_source="Host probe",
)
def crun_current(facts: HostFacts) -> Verdict:
    return judge_version_of(facts, "crun", lambda version: judge_flaws("crun", version, "crun"))
