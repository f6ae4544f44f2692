from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.docker_host import entries, settings_of
from scanners.checks.host_examples import probed, setting
from scanners.host import HostFacts
from scanners.records import Severity

DRIVER = "native.cgroupdriver="
DEFAULTS = {"cgroupfs": "/docker", "systemd": "system.slice"}


@check(
    id="docker.daemon.cgroup-parent-default",
    title="Default cgroup parent kept",
    severity=Severity.LOW,
    subject=HostFacts,
    rationale="A foreign parent cgroup can take containers out of the limits that the administrator expects.",
    remediation="Remove cgroup-parent unless its limits are documented.",
    good=[
        probed(),
        setting("cgroup-parent", "system.slice"),
    ],
    bad=[
        setting("cgroup-parent", "/batch"),
        probed(
            docker__settings={"cgroup-parent": "/docker", "exec-opts": ["native.cgroupdriver=systemd"]},
        ),
    ],
    evidence_source="Host probe",
)
def cgroup_parent_default(facts: HostFacts) -> Verdict:
    settings = settings_of(facts, "cgroup-parent", "exec-opts")
    if isinstance(settings, Verdict):
        return settings
    parent = str(settings.get("cgroup-parent", ""))
    drivers = [
        item.partition("=")[2] for item in entries(settings.get("exec-opts")) if item.startswith(DRIVER)
    ]
    # Which driver Docker chose by itself is not in its files: then either default is right.
    accepted = [DEFAULTS[drivers[-1]]] if drivers and drivers[-1] in DEFAULTS else list(DEFAULTS.values())
    if not parent:
        return passed("cgroup-parent is not set")
    return (
        passed(f"cgroup-parent is {parent}") if parent in accepted else failed(f"cgroup-parent is {parent}")
    )
