from scanners.checks.check import Verdict, check, failed, not_applicable, passed
from scanners.checks.configured import Configured
from scanners.checks.examples import container
from scanners.checks.host_evidence import in_force
from scanners.checks.host_examples import probed_container
from scanners.host import HostContainerFacts, Process
from scanners.records import Severity


@check(
    id="process.label-in-force",
    title="The configured security label is in force",
    severity=Severity.HIGH,
    subject=HostContainerFacts,
    rationale="An unloaded profile or a permissive domain leaves the process outside mandatory access control.",
    remediation="Load the profile in enforce mode, then start the container anew.",
    good=[
        probed_container(),
        probed_container(bundle=None, configured=container(apparmor_profile="docker-default")),
    ],
    bad=[
        probed_container(process__label="unconfined"),
        probed_container(process__label="docker-default (complain)"),
        probed_container(
            bundle__selinux_label="system_u:system_r:container_t:s0:c1,c2", bundle__apparmor_profile=""
        ),
        probed_container(bundle=None, configured=container(apparmor_profile="strict")),
    ],
    evidence_source="Host probe",
)
def label_in_force(facts: HostContainerFacts) -> Verdict:
    return in_force(facts, "label", _compare)


def _compare(told: Configured, process: Process) -> Verdict:
    if not told.apparmor_profile and not told.selinux_label:
        return not_applicable("no profile or label is configured")
    configured = told.selinux_label or told.apparmor_profile
    if process.label is None:
        return failed(f"{configured} is configured, but no security module labels processes")
    # SELinux writes a label of four or five parts, AppArmor a profile with its mode.
    is_selinux = process.label.count(":") >= 3
    wanted = told.selinux_label if is_selinux else f"{told.apparmor_profile} (enforce)"
    if process.label == wanted:
        return passed(f"the process is labelled {process.label}")
    return failed(f"the process is labelled {process.label}", f"configured is {configured}")
