"""Containers below a recorded root: whose they are, how their process is confined, and what their bundle says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from scanners.host import HostFacts
from tests.scanners.probe import roots

DOCKER, KUBE, PODMAN = "a" * 64, "b" * 64, "c" * 64
STATUS = (
    "Name:\tx\nUid:\t{uid}\t0\t0\t0\nNSpid:\t{pid}\t1\nCapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\n"
    "CapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\nCapAmb:\t0000000000000000\nNoNewPrivs:\t{nnp}\nSeccomp:\t{seccomp}\n"
)
CONFIG = """{
  "ociVersion": "1.0.2",
  "process": {"user": {"uid": 1000, "gid": 1000}, "args": ["server", "--password", "hunter2", "--token=hunter2"],
    "env": ["PASSWORD=hunter2"], "noNewPrivileges": true, "apparmorProfile": "docker-default",
    "capabilities": {"bounding": ["CAP_CHOWN"], "effective": ["CAP_CHOWN"]}},
  "root": {"path": "rootfs", "readonly": true},
  "mounts": [{"destination": "/data", "type": "bind", "source": "/srv/data", "options": ["rbind", "ro"]}],
  "hooks": {"prestart": [{"path": "/usr/bin/hook"}]},
  "annotations": {"io.kubernetes.cri.container-name": "api", "io.kubernetes.cri.image-name": "quay.io/a/api:1"},
  "linux": {"namespaces": [{"type": "pid"}, {"type": "network", "path": "/proc/9/ns/net"}],
    "uidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}],
    "seccomp": {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"}]},
    "maskedPaths": ["/proc/kcore"], "readonlyPaths": ["/proc/sys"],
    "devices": [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229}],
    "resources": {"devices": [{"allow": false, "access": "rwm"}], "memory": {"limit": 536870912},
      "pids": {"limit": 100}, "cpu": {"quota": 150000, "period": 100000}}, "rootfsPropagation": "rprivate"}
}"""


def process(pid: int, cgroup: str, **facts: Any) -> dict[str, str | bytes]:
    facts = {"uid": 0, "nnp": 0, "seccomp": 2, **facts}
    return {
        f"/proc/{pid}/status": STATUS.format(pid=pid, **facts),
        f"/proc/{pid}/cgroup": cgroup,
        f"/proc/{pid}/mountinfo": facts.get("mountinfo", ""),
        f"/proc/{pid}/maps": facts.get("maps", ""),
        f"/proc/{pid}/uid_map": facts.get("uid_map", "         0          0 4294967295\n"),
    }


def namespaces(root: Path, pid: int, **shared: str) -> None:
    folder = root / "proc" / str(pid) / "ns"
    folder.mkdir(parents=True, exist_ok=True)
    for kind in ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts"):
        (folder / kind).symlink_to(f"{kind}:[{shared.get(kind, pid)}]")


def only(root: Path) -> Any:
    found = roots.read(root)
    msgspec.convert(found, HostFacts, strict=True)
    assert len(found["containers"]) == 1, found["containers"]
    return found["containers"][0]


@pytest.mark.parametrize(
    ("cgroup", "manager", "identifier"),
    [
        (f"0::/system.slice/docker-{DOCKER}.scope\n", "docker", DOCKER),
        (f"12:memory:/docker/{DOCKER}\n1:name=systemd:/docker/{DOCKER}\n", "docker", DOCKER),
        (f"0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-{KUBE}.scope\n", "kubernetes", KUBE),
        (f"0::/kubepods.slice/kubepods-pod1.slice/crio-{KUBE}.scope\n", "kubernetes", KUBE),
        (f"11:cpu,cpuacct:/kubepods/burstable/pod1/{KUBE}\n", "kubernetes", KUBE),
        (f"0::/machine.slice/libpod-{PODMAN}.scope/container\n", "podman", PODMAN),
    ],
)
def test_a_process_belongs_to_the_container_of_its_cgroup(
    tmp_path: Path, cgroup: str, manager: str, identifier: str
) -> None:
    files = process(7, cgroup) | process(8, cgroup) | process(9, "0::/init.scope\n")
    found = only(roots.make(tmp_path, files))
    assert (found["id"], found["manager"], found["process_count"]) == (identifier, manager, 2)
    assert found["status"] == "running" and found["process"]["seccomp"] == "filter"


def test_the_monitor_of_a_container_is_not_in_it(tmp_path: Path) -> None:
    root = roots.make(tmp_path, process(7, f"0::/machine.slice/libpod-conmon-{PODMAN}.scope\n"))
    assert roots.read(root)["containers"] == []


def test_what_confines_a_process(tmp_path: Path) -> None:
    host = "25 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n26 1 8:2 / /srv rw shared:2 - ext4 /dev/sdb1 rw\n"
    own = (
        "30 1 0:50 / / rw - overlay overlay rw\n"
        "31 1 8:1 /etc/ssh /host/ssh ro,relatime master:1 - ext4 /dev/sda1 rw\n"
        "32 1 8:2 /data /data rw shared:9 - ext4 /dev/sdb1 rw\n"
        "33 1 8:1 /var/lib/docker/containers/x/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n"
    )
    maps = (
        "55-56 r--p 00000000 00:32 11     /usr/sbin/nginx\n56-57 r-xp 00000000 00:32 11     /usr/sbin/nginx\n"
        "58-59 r-xp 00000000 00:32 12     /lib/libssl.so.3 (deleted)\n60-61 rw-p 00000000 00:00 0      [heap]\n"
    )
    cgroup = f"/system.slice/docker-{DOCKER}.scope"
    files = process(
        7, f"0::{cgroup}\n", uid=100999, nnp=1, mountinfo=own, maps=maps, uid_map="0 100000 65536\n"
    )
    files |= {
        "/proc/1/mountinfo": host,
        "/proc/7/attr/current": "docker-default (enforce)\n",
        "/sys/module/apparmor/parameters/enabled": "Y\n",
        f"/sys/fs/cgroup{cgroup}/memory.max": "max\n",
        f"/sys/fs/cgroup{cgroup}/pids.max": "64\n",
        f"/sys/fs/cgroup{cgroup}/cpu.max": "50000 100000\n",
        "/sys/fs/cgroup/system.slice/memory.max": "1073741824\n",
    }
    root = roots.make(tmp_path, files)
    namespaces(root, 1)
    namespaces(root, 7, net="1", uts="1")
    found = only(root)["process"]
    assert found == {
        "user_id": 100999,
        "seccomp": "filter",
        "no_new_privileges": True,
        "capabilities": {
            "effective": "00000000a80425fb",
            "permitted": "00000000a80425fb",
            "inheritable": "0" * 16,
            "bounding": "00000000a80425fb",
            "ambient": "0" * 16,
        },
        "label": "docker-default (enforce)",
        "user_map": [[0, 100000, 65536]],
        "shared_namespaces": ["net", "uts"],
        # no limit of its own on memory, but one on the slice above it
        "limits": {"memory_bytes": 1 << 30, "pids": 64, "cpus": 0.5},
        "mounts": [
            {"source": "/etc/ssh", "destination": "/host/ssh", "read_only": True, "propagation": "slave"},
            {"source": "/srv/data", "destination": "/data", "read_only": False, "propagation": "shared"},
        ],
    }
    assert only(root)["loaded"] == ["/lib/libssl.so.3", "/usr/sbin/nginx"]


def test_limits_of_the_first_version_of_cgroups(tmp_path: Path) -> None:
    path = f"/docker/{DOCKER}"
    files = process(7, f"4:memory:{path}\n3:cpu,cpuacct:{path}\n2:pids:{path}\n0::/\n") | {
        f"/sys/fs/cgroup/memory{path}/memory.limit_in_bytes": "9223372036854771712\n",
        f"/sys/fs/cgroup/cpu,cpuacct{path}/cpu.cfs_quota_us": "-1\n",
        f"/sys/fs/cgroup/cpu,cpuacct{path}/cpu.cfs_period_us": "100000\n",
        f"/sys/fs/cgroup/pids{path}/pids.max": "100\n",
    }
    found = only(roots.make(tmp_path, files))
    assert found["process"]["limits"] == {"memory_bytes": None, "pids": 100, "cpus": None}


def test_what_a_bundle_says_without_its_secrets(tmp_path: Path) -> None:
    folder = f"/run/containerd/io.containerd.runtime.v2.task/k8s.io/{KUBE}"
    files = process(7, f"0::/kubepods.slice/cri-containerd-{KUBE}.scope\n")
    files |= {folder + "/config.json": CONFIG, folder + "/init.pid": "7"}
    found = only(roots.make(tmp_path, files))
    assert (found["manager"], found["name"]) == ("kubernetes", "api")
    assert found["image_reference"] == "quay.io/a/api:1"
    bundle = found["bundle"]
    assert bundle["arguments"] == ["server", "--password", "REDACTED", "--token=REDACTED"]
    assert "hunter2" not in str(found)
    assert bundle["capabilities"] == {"bounding": ["CAP_CHOWN"], "effective": ["CAP_CHOWN"]}
    assert bundle["namespaces"] == [
        {"type": "pid", "path": ""},
        {"type": "network", "path": "/proc/9/ns/net"},
    ]
    assert bundle["user_map"] == [[0, 100000, 65536]]
    assert (bundle["seccomp_default_action"], bundle["seccomp_syscalls"]) == ("SCMP_ACT_ERRNO", 2)
    assert (bundle["memory_bytes"], bundle["pids"], bundle["cpus"]) == (536870912, 100, 1.5)
    assert bundle["hooks"] == {"prestart": ["/usr/bin/hook"]}
    assert bundle["device_rules"] == [
        {"allow": False, "type": "", "access": "rwm", "major": None, "minor": None}
    ]
    assert bundle["root_read_only"] and bundle["no_new_privileges"]


def test_a_container_without_an_engine(tmp_path: Path) -> None:
    files = process(7, "0::/web\n") | {
        "/run/runc/web/state.json": '{"id": "web", "init_process_pid": 7, "created": "2026-01-02T03:04:05Z",'
        ' "config": {"labels": ["bundle=/srv/web"]}}',
        "/srv/web/config.json": CONFIG,
    }
    found = only(roots.make(tmp_path, files))
    assert (found["id"], found["manager"], found["status"]) == ("web", "runc", "running")
    assert found["bundle"]["path"] == "/srv/web" and found["created_at"] == "2026-01-02T03:04:05Z"
    assert found["process"]["seccomp"] == "filter"


def test_a_process_number_that_was_used_again_is_not_the_container(tmp_path: Path) -> None:
    stat = "7 (other) S " + " ".join(["0"] * 18) + " 999 0\n"
    files = process(7, "0::/\n") | {
        "/proc/7/stat": stat,
        "/run/runc/web/state.json": '{"init_process_pid": 7, "init_process_start": 111}',
    }
    found = only(roots.make(tmp_path, files))
    assert (found["status"], found["process"]) == ("stopped", None)


def test_fields_of_another_type_are_listed(tmp_path: Path) -> None:
    folder = f"/run/containerd/io.containerd.runtime.v2.task/moby/{DOCKER}"
    files: dict[str, str | bytes] = {
        folder + "/config.json": '{"process": {"args": 5, "noNewPrivileges": "yes"}}'
    }
    read = roots.read(roots.make(tmp_path, files))
    assert read["containers"][0]["bundle"]["no_new_privileges"] is False
    assert read["skipped"] == [
        {"where": folder + "/config.json", "reason": "a field has another type than the specification's"}
    ]


def test_rkt_by_its_folders(tmp_path: Path) -> None:
    manifest = (
        '{"acKind": "PodManifest", "apps": [{"name": "redis", "image": {"name": "example.com/redis"},'
        ' "app": {"isolators": [{"name": "resource/memory"}]}}], "isolators": [{"name": "os/linux/seccomp-retain-set"}]}'
    )
    files: dict[str, str | bytes] = {
        "/var/lib/rkt/pods/run/5bc080ca/pod": manifest,
        "/var/lib/rkt/pods/exited-garbage/3089337c/pod": manifest,
        "/etc/rkt/trustedkeys/prefix.d/example.com,redis/key": "x",
        "/etc/systemd/system/redis.service": "[Service]\nExecStart=/usr/bin/rkt --net=host run example.com/redis\n",
    }
    found = roots.read(roots.make(tmp_path, files))
    rkt = found["rkt"]
    assert rkt["traces"] == ["/etc/rkt", "/etc/systemd/system/redis.service", "/var/lib/rkt"]
    assert [(pod["id"], pod["state"], pod["apps"]) for pod in rkt["pods"]] == [
        ("5bc080ca", "running", ["redis"]),
        ("3089337c", "exited", ["redis"]),
    ]
    assert rkt["pods"][0]["isolators"] == ["pod: os/linux/seccomp-retain-set", "redis: resource/memory"]
    assert rkt["images"] == [{"id": "", "name": "example.com/redis", "is_signed": None}]
    assert rkt["trusted_keys"] == ["example.com/redis"]
    assert "database" in found["not_measured"]["/rkt/images/0/is_signed"]


def test_a_host_without_rkt_has_none(tmp_path: Path) -> None:
    assert roots.read(roots.make(tmp_path, {"/etc/hostname": "x"}))["rkt"] is None


def test_a_containerd_that_keeps_its_state_elsewhere_is_found_by_its_shim(tmp_path: Path) -> None:
    folder = f"/data/exec/containerd/daemon/io.containerd.runtime.v2.task/moby/{DOCKER}"
    files = {
        **process(700, f"0::/docker/{DOCKER}\n"),
        "/proc/700/stat": f"700 (server) S 690 {'0 ' * 17}99 0",
        f"{folder}/config.json": CONFIG,
    }
    root = roots.make(tmp_path, files)
    (root / "proc" / "690").mkdir()
    (root / "proc" / "690" / "cwd").symlink_to(folder)
    assert only(root)["bundle"]["path"] == folder
    # Another folder of a parent tells nothing: whoever starts a container by hand may stand anywhere.
    (root / "proc" / "690" / "cwd").unlink()
    (root / "proc" / "690" / "cwd").symlink_to("/data")
    (root / "data" / "config.json").write_text(CONFIG)
    assert only(root)["bundle"] is None
