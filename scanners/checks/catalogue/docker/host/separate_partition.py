from scanners.checks.check import Example, Verdict, check, failed, not_applicable, not_measured, passed
from scanners.checks.docker_host import docker_of, is_on
from scanners.checks.examples import engine
from scanners.checks.host_evidence import unread
from scanners.checks.host_examples import probed
from scanners.host import HostFacts
from scanners.records import EngineFacts, Outcome, Severity

SNAPSHOTTER_BY_DEFAULT_SINCE = 29  # for new installations


def of_engine(facts: EngineFacts) -> Verdict:
    if "Docker Desktop" in (facts.operating_system, facts.platform_name.rpartition(" (")[0][:14]):
        return not_applicable("Docker Desktop keeps its data in a virtual machine")
    return not_measured("needs the host probe: the mount table")


@check(
    id="docker.host.separate-partition",
    title="Container data on its own file system",
    severity=Severity.MEDIUM,
    subject=HostFacts,
    rationale=(
        "Images, layers and volumes can fill a disk. On a file system of their own they cannot starve "
        "the rest of the host or its logs."
    ),
    remediation=(
        "Create a dedicated volume, mount it at the data root before installing Docker, or move the data "
        "root with the data-root option."
    ),
    good=[
        probed(),
        probed(docker__settings={"storage-driver": "overlay2"}, docker__containerd_root_is_mount_point=False),
        Example(probed(docker__containerd_root_is_mount_point=False), expected=Outcome.NOT_MEASURED),
        Example(engine(operating_system="Docker Desktop"), expected=Outcome.NOT_APPLICABLE),
    ],
    bad=[
        probed(docker__root_dir_is_mount_point=False),
        probed(
            docker__settings={"features": {"containerd-snapshotter": True}},
            docker__containerd_root_is_mount_point=False,
        ),
    ],
    evidence_source="Host probe",
    from_engine=of_engine,
)
def separate_partition(facts: HostFacts) -> Verdict:
    docker = docker_of(facts, "root_dir_is_mount_point")
    if isinstance(docker, Verdict):
        return docker
    if docker.root_dir_is_mount_point is None:
        return not_measured(f"{docker.root_dir}: not found on the host")
    if not docker.root_dir_is_mount_point:
        return failed(f"{docker.root_dir} is no mount point")
    apart = passed(f"{docker.root_dir} is a mount point")
    if docker.containerd_root_is_mount_point:
        return apart
    # With containerd's image store the layers lie below containerd's root, not below Docker's.
    if (verdict := unread(facts, "/docker/settings")) is not None:
        return verdict
    settings = docker.settings or {}
    features = settings.get("features")
    chosen = features.get("containerd-snapshotter") if isinstance(features, dict) else None
    if settings.get("storage-driver") or (chosen is not None and not is_on(chosen, default=True)):
        return apart
    if (verdict := unread(facts, "/docker/containerd_root_is_mount_point")) is not None:
        return verdict
    if docker.containerd_root_is_mount_point is None:
        return apart
    if chosen is not None:
        return failed("images are kept below containerd's root, which is no mount point")
    dockerd = (facts.runtimes or {}).get("dockerd")
    major = (dockerd.version or "").partition(".")[0] if dockerd is not None else ""
    if major.isdecimal() and len(major) < 4 and int(major) < SNAPSHOTTER_BY_DEFAULT_SINCE:
        return apart
    return not_measured(
        "whether images are kept below containerd's root, which is no mount point, is not told"
    )
