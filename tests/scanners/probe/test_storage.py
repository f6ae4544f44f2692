"""Where containers' data lies: mounts over mounts, and block devices over block devices."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanners.probe import mounts
from scanners.probe.reading import Reader
from tests.scanners.probe import roots

CRYPT, LINEAR = "CRYPT-LUKS2-0-x\n", "LVM-0\n"


def block(**devices: str) -> dict[str, str]:
    return {f"/sys/class/block/{name}/dm/uuid": uuid for name, uuid in devices.items()}


def below(upper: str, *lower: str) -> dict[str, str]:
    return {f"/sys/class/block/{upper}/slaves/{name}": f"/sys/class/block/{name}" for name in lower}


@pytest.mark.parametrize(
    ("devices", "made_of", "expected"),
    [
        ({"dm0": CRYPT}, {}, True),
        ({"dm0": LINEAR}, {}, False),
        ({"dm0": LINEAR, "dm1": CRYPT}, below("dm0", "dm1"), True),
        ({"dm0": LINEAR, "dm1": LINEAR, "dm2": CRYPT}, below("dm0", "dm1") | below("dm1", "dm2"), True),
        ({"dm0": "", "dm1": CRYPT, "dm2": ""}, below("dm0", "dm1", "dm2"), False),
        ({"dm0": "", "dm1": CRYPT}, below("dm0", "dm1", "gone"), None),
        ({"dm0": "", "dm1": ""}, below("dm0", "dm1") | below("dm1", "dm0"), None),
        ({}, {}, None),
    ],
)
def test_a_device_is_encrypted_when_all_that_it_is_made_of_is(
    tmp_path: Path, devices: dict[str, str], made_of: dict[str, str], expected: bool | None
) -> None:
    reader = Reader(str(roots.make(tmp_path, block(**devices), made_of)))
    assert mounts.is_encrypted(reader, "dm0") is expected


def test_a_partition_is_what_its_disk_is(tmp_path: Path) -> None:
    disk = "/sys/devices/virtual/block/md0"
    files = {f"{disk}/md0p1/partition": "1", "/sys/class/block/dm1/dm/uuid": CRYPT}
    links = {
        "/sys/class/block/md0": "../../devices/virtual/block/md0",
        "/sys/class/block/md0p1": "../../devices/virtual/block/md0/md0p1",
        f"{disk}/slaves/dm1": "/sys/class/block/dm1",
        "/sys/dev/block/9:1": "../../devices/virtual/block/md0/md0p1",
    }
    reader = Reader(str(roots.make(tmp_path, files, links)))
    mount = {"device": "9:1", "source": "none"}
    assert mounts.block_device(reader, mount) == "md0p1"
    assert mounts.is_encrypted(reader, "md0p1") is True


def test_the_mount_that_is_seen_is_the_last_and_the_nearest(tmp_path: Path) -> None:
    table = (
        "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 8:2 / /srv rw - xfs /dev/sdb1 rw\n"
        "3 2 8:3 / /srv rw - btrfs /dev/sdc1 rw\n4 1 8:4 / /srv2 rw - jfs /dev/sdd1 rw\n"
    )
    files = {"/proc/1/mountinfo": table, "/srv/docker/x": ""}
    reader = Reader(str(roots.make(tmp_path, files, {"/var/lib/docker": "/srv/docker"})))
    kinds = {}
    for path in ("/var/lib/docker", "/srv", "/srv2/a", "/srv22", "/"):
        mount = mounts.containing(reader, path)
        kinds[path] = mount and mount["kind"]
    assert kinds == {
        "/var/lib/docker": "btrfs",
        "/srv": "btrfs",
        "/srv2/a": "jfs",
        "/srv22": "ext4",
        "/": "ext4",
    }


@pytest.mark.parametrize(
    ("mount", "encrypted", "reason"),
    [
        ("0:50 / /var/lib/docker rw - nfs4 server:/export rw", None, "nfs4"),
        ("0:51 / /var/lib/docker rw - zfs pool/docker rw", None, "zfs"),
        ("0:52 / /var/lib/docker rw - ecryptfs /x rw", True, ""),
        ("0:53 /@docker /var/lib/docker rw - btrfs /dev/mapper/data rw", True, ""),
    ],
)
def test_what_lies_on_no_block_device_of_this_host_is_not_measured(
    tmp_path: Path, mount: str, encrypted: bool | None, reason: str
) -> None:
    files = {
        "/proc/1/mountinfo": f"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 {mount}\n",
        "/var/lib/docker/x": "",
    }
    files |= block(data=CRYPT) | {"/dev/mapper/data": ""}
    found = roots.read(roots.make(tmp_path, files))
    (data,) = found["container_data"]
    assert data["is_mount_point"] is True and data["is_encrypted"] is encrypted
    assert reason in found["not_measured"].get("/container_data/0/is_encrypted", "")
    assert (encrypted is None) == ("/container_data/0/is_encrypted" in found["not_measured"])


def test_containers_of_users_have_their_own_places(tmp_path: Path) -> None:
    homes = {
        f"/home/{user}/.local/share/{engine}": ""
        for user, engine in (("ann", "containers/storage/x"), ("bob", "docker/x"))
    }
    found = roots.read(roots.make(tmp_path, homes))
    paths = [data["path"] for data in found["container_data"]]
    assert paths == ["/home/ann/.local/share/containers/storage", "/home/bob/.local/share/docker"]
    assert found["not_measured"]["/container_data/0/is_mount_point"] == "the host's mounts cannot be read"
