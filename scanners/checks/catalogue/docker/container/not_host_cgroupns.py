from scanners.checks.check import Verdict, check, failed, not_measured, passed
from scanners.checks.examples import container, engine
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.not-host-cgroupns",
    title="Private cgroup namespace",
    severity=Severity.LOW,
    subject=ContainerFacts,
    rationale="With the host's view a container learns about others and may reach their control files.",
    remediation="Drop --cgroupns=host.",
    good=[container(cgroupns_mode="private"), container(cgroupns_mode="")],
    bad=[container(cgroupns_mode="host"), container(cgroupns_mode="", engine=engine(cgroup_version="1"))],
)
def not_host_cgroupns(facts: ContainerFacts) -> Verdict:
    if facts.cgroupns_mode == "private":
        return passed()
    if facts.cgroupns_mode:
        return failed(f"HostConfig.CgroupnsMode is {facts.cgroupns_mode}")
    version = facts.engine.cgroup_version if facts.engine is not None else ""
    if version == "2":
        return passed("the engine's default is private on cgroup version 2")
    if version == "1":
        return failed("HostConfig.CgroupnsMode is empty, and the default on cgroup version 1 is host")
    return not_measured("HostConfig.CgroupnsMode is empty, and the engine's default is not known")
