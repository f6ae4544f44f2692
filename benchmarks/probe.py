"""What the host probe costs a host: processor time and memory of one run, in a process of its own.

    python -m benchmarks.probe --containers 200

The host is recorded: a folder with as many containers as asked for, each with a bundle, three processes with their
cgroups, mounts and libraries, and packages, services and sockets around them. The probe reads it as any other root.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scanners import probe_archive

CPU_SECONDS, MEMORY_BYTES = 2.0, 64 << 20  # what a run may take on a host with 200 containers
PROCESSES = 3
PACKAGES = 2000
TASKS = "/run/containerd/io.containerd.runtime.v2.task/moby"
STATUS = """Name:\tserver
Umask:\t0022
State:\tS (sleeping)
Pid:\t{pid}
Uid:\t101\t101\t101\t101
Gid:\t101\t101\t101\t101
NSpid:\t{pid}\t{inside}
Threads:\t8
CapInh:\t0000000000000000
CapPrm:\t00000000a80425fb
CapEff:\t00000000a80425fb
CapBnd:\t00000000a80425fb
CapAmb:\t0000000000000000
NoNewPrivs:\t1
Seccomp:\t2
Seccomp_filters:\t1
"""
SYSTEM_CALLS = [f"call_{number}" for number in range(400)]
HOST_MOUNTS = (
    "25 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n26 25 8:2 / /var/lib/docker rw - xfs /dev/sdb1 rw\n"
)


def write(root: Path, path: str, content: str) -> None:
    target = root / path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(content)


def link(root: Path, path: str, leads_to: str) -> None:
    target = root / path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(leads_to)


def process(root: Path, pid: int, inside: int, identifier: str, container: int) -> None:
    """The entries of /proc of one process; those of a container share their namespaces."""
    base = f"/proc/{pid}"
    write(root, base + "/comm", "server\n")
    write(root, base + "/cmdline", "/usr/bin/server\0--listen\x000.0.0.0:8080\0")
    write(root, base + "/status", STATUS.format(pid=pid, inside=inside))
    write(root, base + "/stat", f"{pid} (server) S 1 {' '.join(['7'] * 40)}\n")
    write(root, base + "/cgroup", f"0::/system.slice/docker-{identifier}.scope\n")
    write(root, base + "/uid_map", "         0     100000      65536\n")
    mounts = [
        f"{300 + number} 1 0:{60 + number} / /proc/part{number} rw - tmpfs tmpfs rw" for number in range(30)
    ]
    mounts.append(f"400 1 8:2 /volumes/v{container}/_data /data rw master:1 - xfs /dev/sdb1 rw")
    write(root, base + "/mountinfo", "\n".join(mounts) + "\n")
    maps = [
        f"7f{number:04x}000000-7f{number:04x}100000 r{'-x'[number % 4 == 1]}-p 00000000 08:02 {number + 1}    "
        f"/usr/lib/x86_64-linux-gnu/library{number // 4}.so.1"
        for number in range(240)
    ]
    write(root, base + "/maps", "\n".join(maps).replace("r-", "r--").replace("rx", "r-x") + "\n")
    for kind in ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts"):
        link(root, f"{base}/ns/{kind}", f"{kind}:[{container + 100}]")
    link(root, base + "/exe", "/usr/bin/server")
    for handle in range(12):
        link(root, f"{base}/fd/{handle}", f"socket:[{pid}{handle}]")


def bundle(identifier: str) -> str:
    capabilities = [f"CAP_{number}" for number in range(14)]
    return json.dumps(
        {
            "ociVersion": "1.2.0",
            "process": {
                "user": {"uid": 101, "gid": 101},
                "args": ["/usr/bin/server"],
                "env": [f"NAME_{number}=value" for number in range(30)],
                "noNewPrivileges": True,
                "capabilities": dict.fromkeys(("bounding", "effective", "permitted"), capabilities),
            },
            "root": {"path": "rootfs", "readonly": True},
            "mounts": [
                {"destination": f"/m{number}", "source": "tmpfs", "type": "tmpfs"} for number in range(20)
            ],
            "annotations": {"io.kubernetes.cri.container-name": identifier[:12]},
            "linux": {
                "namespaces": [
                    {"type": kind} for kind in ("pid", "ipc", "uts", "mount", "network", "cgroup")
                ],
                "seccomp": {
                    "defaultAction": "SCMP_ACT_ERRNO",
                    "syscalls": [{"names": SYSTEM_CALLS, "action": "SCMP_ACT_ALLOW"}],
                },
                "resources": {"memory": {"limit": 1 << 29}, "pids": {"limit": 100}},
                "maskedPaths": ["/proc/kcore"],
            },
        }
    )


def packages() -> str:
    return "\n".join(
        f"Package: package-{number}\nStatus: install ok installed\nPriority: optional\nSection: libs\n"
        f"Maintainer: Somebody <somebody@example.org>\nArchitecture: amd64\nSource: source-{number // 3}\n"
        f"Version: 1.{number}-1\nDepends: {', '.join(f'package-{other} (>= 1)' for other in range(8))}\n"
        + "Description: one of many\n"
        + " A line that says what the package is for, as long as such lines are.\n" * 6
        for number in range(PACKAGES)
    )


def record(root: Path, containers: int) -> None:
    write(root, "/etc/machine-id", "0123456789abcdef0123456789abcdef")
    write(root, "/proc/1/comm", "systemd\n")
    write(root, "/proc/1/mountinfo", HOST_MOUNTS)
    for kind in ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts"):
        link(root, f"/proc/1/ns/{kind}", f"{kind}:[1]")
    socket = "{0}: 00000000:{1:04X} 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 {0} 1 0 100 0 0 10 0\n"
    write(
        root, "/proc/1/net/tcp", "header\n" + "".join(socket.format(n, 8000 + n) for n in range(containers))
    )
    write(root, "/proc/700/comm", "dockerd\n")
    write(root, "/proc/700/cmdline", "/usr/bin/dockerd\0-H\0fd://\0")
    write(root, "/etc/docker/daemon.json", '{"userland-proxy": false}')
    write(root, "/var/lib/dpkg/status", packages())
    for number in range(containers):
        identifier = f"{number:064x}"
        first = 10_000 + number * PROCESSES
        write(root, f"{TASKS}/{identifier}/config.json", bundle(identifier))
        write(root, f"{TASKS}/{identifier}/init.pid", str(first))
        group = f"/sys/fs/cgroup/system.slice/docker-{identifier}.scope"
        for name, value in (("memory.max", "536870912"), ("pids.max", "100"), ("cpu.max", "max 100000")):
            write(root, f"{group}/{name}", value)
        for inside in range(PROCESSES):
            process(root, first + inside, inside + 1, identifier, number)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--containers", type=int, default=200)
    containers = parser.parse_args().containers
    folder = Path(tempfile.mkdtemp(prefix="plimsoll-bench-"))
    try:
        record(folder / "root", containers)
        archive = folder / "plimsoll-probe.pyz"
        archive.write_bytes(probe_archive.build())
        started = time.perf_counter()
        ran = subprocess.run(
            [sys.executable, "-I", str(archive), "--root", str(folder / "root")],
            capture_output=True,
            check=True,
        )
        elapsed = time.perf_counter() - started
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor, memory = used.ru_utime + used.ru_stime, used.ru_maxrss << 10
    document = json.loads(ran.stdout)
    told = len(document["containers"])
    print(f"the probe on a host with {told} containers and {len(document['packages']['installed'])} packages")
    print(f"  processor {processor:6.2f} s   of {CPU_SECONDS:.0f} s   ({elapsed:.2f} s in all)")
    print(f"  memory    {memory / (1 << 20):6.1f} MB  of {MEMORY_BYTES >> 20} MB")
    print(f"  document  {len(ran.stdout) / (1 << 20):6.2f} MB")
    return 0 if told == containers and processor < CPU_SECONDS and memory < MEMORY_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
