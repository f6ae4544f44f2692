import re

from scanners.checks.check import Example, Verdict, check, failed, not_measured
from scanners.checks.host_evidence import unread
from scanners.checks.host_examples import probed
from scanners.checks.kernels import is_distributions, newer_installed
from scanners.checks.lifecycle import judge_support
from scanners.checks.operating_systems import judge_distribution
from scanners.checks.policy import Policy
from scanners.host import HostFacts
from scanners.records import Outcome, Severity

NUMBER = re.compile(r"\d+\.\d+(?:\.\d+)?")
NEEDED = (
    "/kernel/release",
    "/kernel/version",
    "/kernel/installed",
    "/packages/manager",
    "/packages/installed",
)


@check(
    id="kernel.supported",
    title="Kernel in support and current",
    severity=Severity.HIGH,
    subject=HostFacts,
    rationale="The kernel is the wall between all containers.",
    remediation="Install the update and reboot or live-patch.",
    good=[
        probed(),
        Example(probed(kernel__release="6.12.48+deb13-amd64"), expected=Outcome.NOT_MEASURED),
        Example(
            probed(packages={"manager": "dpkg", "installed": [["linux-image-6.12.48-quay", "1"]]}),
            expected=Outcome.NOT_MEASURED,
        ),
        Example(probed(kernel__release="6.13.9-quay"), expected=Outcome.NOT_MEASURED),
    ],
    bad=[
        probed(kernel__release="5.4.290-quay", kernel__installed=[]),
        probed(kernel__installed=["6.12.48-quay", "6.12.100-quay"]),
        probed(
            kernel__release="5.10.0-35-amd64",
            kernel__installed=[],
            distribution={"id": "debian", "version_id": "11"},
        ),
    ],
    evidence_source="Host probe",
)
def supported(facts: HostFacts, policy: Policy) -> Verdict:
    if (verdict := unread(facts, *NEEDED)) is not None:
        return verdict
    kernel = facts.kernel
    if kernel is None or (number := NUMBER.match(kernel.release or "")) is None:
        return not_measured("the running kernel tells no release")
    if newer := newer_installed(kernel):
        return failed(f"{kernel.release} runs, and {newer} is installed")
    if not is_distributions(facts):
        if facts.packages is None or facts.packages.manager is None:
            return not_measured(
                "whose build the kernel is, is not known: the host has no known package manager"
            )
        return judge_support("linux-kernel", number[0], "kernel", policy)
    system = judge_distribution(facts, policy)
    if system.outcome is Outcome.FAIL:
        return failed(f"kernel {kernel.release} is the distribution's", *system.evidence)
    if system.outcome is Outcome.NOT_MEASURED:
        return system
    return not_measured(
        f"kernel {kernel.release} is the distribution's: its advisories decide, not the number",
        *system.evidence,
    )
