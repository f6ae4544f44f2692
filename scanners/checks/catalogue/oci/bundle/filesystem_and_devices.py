from scanners.checks.check import Verdict, check, not_measured
from scanners.checks.host_evidence import decided, of_bundle
from scanners.checks.host_examples import probed_container
from scanners.checks.host_paths import is_sensitive
from scanners.host import HostContainerFacts
from scanners.records import Severity

SHARED = ("shared", "rshared")


@check(
    id="oci.bundle.filesystem-and-devices",
    title="The bundle shares neither files nor devices of the host, and has limits",
    severity=Severity.HIGH,
    subject=HostContainerFacts,
    rationale="A writable root, a sensitive mount, an open device list or a missing limit carries damage outside.",
    remediation="Set root.readonly, drop sensitive mounts, deny all devices first, limit memory and processes.",
    good=[probed_container()],
    bad=[
        probed_container(bundle__root_read_only=False),
        probed_container(
            bundle__mounts=[
                {"destination": "/h", "type": "bind", "source": "/etc", "options": ["rbind"]},
            ]
        ),
        probed_container(bundle__device_rules=[]),
        probed_container(bundle__memory_bytes=None),
        probed_container(bundle__pids=None),
        probed_container(bundle__hooks={"prestart": ["/opt/hook"]}),
        probed_container(bundle__rootfs_propagation="rshared"),
    ],
    evidence_source="Host probe",
)
def filesystem_and_devices(facts: HostContainerFacts) -> Verdict:
    if (verdict := of_bundle(facts)) is not None or (bundle := facts.container.bundle) is None:
        return verdict or not_measured("no bundle")
    wrong = [] if bundle.root_read_only else ["the root file system is writable"]
    for mount in bundle.mounts:
        is_bind = mount.type == "bind" or not {"bind", "rbind"}.isdisjoint(mount.options)
        if is_bind and is_sensitive(mount.source):
            wrong.append(f"mounts {mount.source} at {mount.destination}")
    first = bundle.device_rules[0] if bundle.device_rules else None
    if first is None or first.allow or first.type not in ("", "a"):
        wrong.append("devices are not denied first")
    wrong += [] if bundle.memory_bytes else ["no limit on memory"]
    wrong += [] if bundle.pids else ["no limit on processes"]
    wrong += [f"{kind} hook {path}" for kind, paths in bundle.hooks.items() for path in paths]
    if bundle.rootfs_propagation in SHARED:
        wrong.append(f"mounts spread to the host ({bundle.rootfs_propagation})")
    return decided(wrong, "read-only root, no sensitive mount, devices denied, limits set")
