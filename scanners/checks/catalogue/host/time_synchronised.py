from scanners.checks.check import Example, Verdict, check, failed, not_measured, passed
from scanners.checks.host_evidence import unread
from scanners.checks.host_examples import probed
from scanners.checks.policy import Policy
from scanners.host import HostFacts, TimeSync
from scanners.records import Outcome, Severity


@check(
    id="host.time-synchronised",
    title="Clock synchronised",
    severity=Severity.MEDIUM,
    subject=HostFacts,
    rationale=(
        "Logs of different hosts can be compared only with correct time; certificates and tokens need it too."
    ),
    remediation="Enable chrony or systemd-timesyncd with approved servers.",
    good=[
        probed(),
        # systemd-timesyncd has servers of its own when none is configured.
        probed(time__services=["systemd-timesyncd"], time__servers=[]),
        Example(probed(time__services=[], time__servers=[]), expected=Outcome.NOT_MEASURED),
    ],
    bad=[
        probed(time__is_synchronised=False),
        probed(time__estimated_error_seconds=1.5),
    ],
    evidence_source="Host probe",
)
def time_synchronised(facts: HostFacts, policy: Policy) -> Verdict:
    if (verdict := unread(facts, "/time/is_synchronised")) is not None:
        return verdict
    time = facts.time or TimeSync()
    if time.is_synchronised is None:
        return not_measured("the kernel does not tell whether its clock is synchronised")
    services = " and ".join(time.services) or "no known time service"
    if not time.is_synchronised:
        return failed(f"the kernel's clock is not synchronised; {services} runs")
    if (
        verdict := unread(facts, "/time/services", "/time/servers", "/time/estimated_error_seconds")
    ) is not None:
        return verdict
    if time.estimated_error_seconds is None:
        return not_measured("how far the clock is off is not told")
    if time.estimated_error_seconds >= policy.clock_offset_seconds:
        return failed(f"the clock may be off by more than {policy.clock_offset_seconds:g} s")
    if not time.services:
        return not_measured("the clock is synchronised, by what is not known")
    return passed(
        f"the clock is synchronised; {services} runs", *(f"source {name}" for name in time.servers[:10])
    )
