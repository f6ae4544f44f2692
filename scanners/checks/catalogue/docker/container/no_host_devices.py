from scanners.checks.check import Example, Verdict, check, failed, passed
from scanners.checks.examples import RECENTLY, container
from scanners.checks.policy import Policy
from scanners.records import ContainerFacts, Device, Severity


@check(
    id="docker.container.no-host-devices",
    title="No host devices passed in",
    severity=Severity.HIGH,
    subject=ContainerFacts,
    rationale="Raw devices can give disk, memory or network access past every file permission.",
    remediation="Remove the devices or give them read-only (:r) with an exception.",
    good=[
        container(),
        Example(
            container(
                devices=(Device(host_path="/dev/fuse", container_path="/dev/fuse", permissions="rwm"),)
            ),
            Policy(now=RECENTLY, approved_devices=("/dev/fuse",)),
        ),
    ],
    bad=[
        container(devices=(Device(host_path="/dev/sda", container_path="/dev/sda", permissions="rwm"),)),
        container(device_requests=("nvidia: all",)),
        container(device_cgroup_rules=("c *:* rwm",)),
    ],
)
def no_host_devices(facts: ContainerFacts, policy: Policy) -> Verdict:
    lines = [
        f"HostConfig.Devices has {device.host_path}"
        for device in facts.devices
        if device.host_path not in policy.approved_devices
    ]
    lines += [
        f"HostConfig.DeviceRequests has {request}"
        for request in facts.device_requests
        if request not in policy.approved_devices
    ]
    lines += [
        f"HostConfig.DeviceCgroupRules has {rule}"
        for rule in facts.device_cgroup_rules
        if "*:*" in rule or rule not in policy.approved_devices
    ]
    return failed(*lines) if lines else passed()
