from scanners.checks.check import Verdict, check, failed, not_applicable, not_measured, passed
from scanners.checks.examples import container, engine
from scanners.checks.policy import Policy
from scanners.checks.security_options import engine_offers, option_values
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.selinux",
    title="SELinux labels applied",
    severity=Severity.MEDIUM,
    subject=ContainerFacts,
    rationale="Type enforcement keeps a process that broke out away from host files.",
    remediation="Start the engine with selinux-enabled and drop label=disable.",
    good=[
        container(
            process_label="system_u:system_r:container_t:s0:c1,c2",
            engine=engine(security_options=("name=selinux",)),
        )
    ],
    bad=[
        container(process_label="", engine=engine(security_options=("name=selinux",))),
        container(
            process_label="system_u:system_r:spc_t:s0",
            security_options=("label=disable",),
            engine=engine(security_options=("name=selinux",)),
        ),
    ],
)
def selinux(facts: ContainerFacts, policy: Policy) -> Verdict:
    if facts.engine is None:
        return not_measured("whether the engine offers SELinux is not known")
    if not engine_offers(facts.engine, "selinux"):
        return not_applicable("the engine reports no SELinux")
    if "disable" in option_values(facts, "label"):
        return failed("HostConfig.SecurityOpt has label=disable")
    if facts.status == "created":
        return not_applicable("never started: the engine sets the label at the start")
    label = facts.process_label.split(":")
    if len(label) < 3:
        return failed("ProcessLabel is empty")
    if label[2] not in policy.selinux_container_types:
        return failed(f"ProcessLabel has the type {label[2]}, which is no container type")
    return passed(f"ProcessLabel has the type {label[2]}")
