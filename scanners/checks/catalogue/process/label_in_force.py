from scanners.checks.check import Verdict, check, failed, not_applicable, not_measured, passed
from scanners.checks.host_evidence import of_process
from scanners.checks.host_examples import probed_container
from scanners.host import HostContainerFacts
from scanners.records import Severity


@check(
    id="process.label-in-force",
    title="The configured security label is in force",
    severity=Severity.HIGH,
    subject=HostContainerFacts,
    rationale="An unloaded profile or a permissive domain leaves the process outside mandatory access control.",
    remediation="Load the profile in enforce mode, then start the container anew.",
    good=[probed_container()],
    bad=[
        probed_container(process__label="unconfined"),
        probed_container(process__label="docker-default (complain)"),
        probed_container(
            bundle__selinux_label="system_u:system_r:container_t:s0:c1,c2", bundle__apparmor_profile=""
        ),
    ],
    evidence_source="Host probe",
)
def label_in_force(facts: HostContainerFacts) -> Verdict:
    if (verdict := of_process(facts, "label")) is not None:
        return verdict
    bundle, process = facts.container.bundle, facts.container.process
    if bundle is None or process is None:
        return not_measured("the process is not known")
    profile = bundle.apparmor_profile if bundle.apparmor_profile != "unconfined" else ""
    if not profile and not bundle.selinux_label:
        return not_applicable("no profile or label is configured")
    if process.label is None:
        return failed(
            f"{bundle.selinux_label or profile} is configured, but no security module labels processes"
        )
    # SELinux writes a label of four or five parts, AppArmor a profile with its mode.
    wanted = bundle.selinux_label if process.label.count(":") >= 3 else f"{profile} (enforce)"
    if process.label == wanted:
        return passed(f"the process is labelled {process.label}")
    return failed(
        f"the process is labelled {process.label}", f"configured is {bundle.selinux_label or profile}"
    )
