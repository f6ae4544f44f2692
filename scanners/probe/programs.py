"""The programs that run on the host, whoever started them: which are there, and which of them are the host's own."""

import os
import re
from typing import Dict, List, NamedTuple, Optional, Set

from scanners.probe import containers
from scanners.probe.evidence import NEEDS_ROOT, NOT_LIVE, Evidence
from scanners.probe.reading import Reader

MAX_PROCESSES = 50000
COMMAND_BYTES = 128 << 10
_SEES_OTHERS = 1 << 21 | 1 << 39  # CAP_SYS_ADMIN, CAP_BPF (capability.h)
_DELETED = " (deleted)"
# What these run is the program that is meant, not they themselves.
_INTERPRETER = re.compile(r"(?:python|ruby|perl|node|java|sh|bash|dash)[0-9.]*$")


class Process(NamedTuple):
    pid: int
    names: Set[str]  # what it calls itself, and the names of what it was started as


def running(reader: Reader) -> Optional[List[Process]]:
    """Every process, by number; None when the host's processes cannot be seen."""
    numbers = sorted(int(name) for name in reader.names("/proc") or () if name.isdigit() and len(name) < 10)
    if not numbers or (reader.is_live and numbers[0] != 1):
        return None  # no running host, or /proc is mounted so that it hides other users' processes
    if len(numbers) > MAX_PROCESSES:
        reader.skip("/proc", "more processes than are read")
    found = []
    for number in numbers[:MAX_PROCESSES]:
        name = reader.word(f"/proc/{number}/comm")
        names = called(words(reader, number)) | ({name} if name else set())
        if names:
            found.append(Process(number, names))
    return found


def words(reader: Reader, pid: int) -> List[str]:
    """The command line of a process; none for a thread of the kernel, or a process that is gone."""
    text = reader.text(f"/proc/{pid}/cmdline", COMMAND_BYTES) or ""
    return text.rstrip("\0").split("\0") if text.strip("\0") else []


def called(command: List[str]) -> Set[str]:
    """Names under which a command line is known: of its program, and of the script that an interpreter runs."""
    names = {os.path.basename(command[0])} if command else set()
    if command and _INTERPRETER.match(os.path.basename(command[0])):
        scripts = [word for word in command[1:40] if not word.startswith("-")]
        if not command[0].endswith("java"):
            scripts = scripts[:1]  # Java's main class stands behind a path of classes
        names.update(os.path.basename(word) for word in scripts)
    return names


def named(reader: Reader, *names: str) -> List[Process]:
    """The processes that have one of these names; none when processes cannot be seen, see `are_visible`."""
    return [process for process in reader.once(running) or () if process.names.intersection(names)]


def are_visible(evidence: Evidence, name: str) -> bool:
    """Whether processes can be seen; if not, the fact `name` is noted as not measured."""
    if evidence.reader.once(running) is not None:
        return True
    evidence.not_measured(name, NEEDS_ROOT if evidence.reader.is_live else NOT_LIVE)
    return False


def of_host(reader: Reader, *names: str) -> List[Process]:
    """The processes of these names that are the host's own, not a container's."""
    return [process for process in named(reader, *names) if is_of_host(reader, process.pid)]


def roots(reader: Reader, *names: str) -> List[Process]:
    """The host's own processes of these names that run as root: a user may give any name to a process."""
    return [process for process in of_host(reader, *names) if user(reader, process.pid) in (0, None)]


def is_of_host(reader: Reader, pid: int) -> bool:
    if containers.in_cgroup(reader.text(f"/proc/{pid}/cgroup", 65536) or "") is not None:
        return False
    if reader.is_live and os.geteuid() != 0:
        return True  # namespaces of other users' processes are not shown
    its, first = (reader.link(f"/proc/{number}/ns/pid") for number in (pid, 1))
    return its is None or first is None or its == first


def user(reader: Reader, pid: int) -> Optional[int]:
    """The user whose rights the process has; None when it is gone."""
    match = re.search(r"^Uid:\s*\d+\s+(\d{1,10})\b", reader.text(f"/proc/{pid}/status") or "", re.MULTILINE)
    return int(match.group(1)) if match else None


def watches_others(reader: Reader, pid: int) -> bool:
    """Whether a process is root of the host and has CAP_SYS_ADMIN or CAP_BPF, without which the kernel shows it nothing
    of others. Its user namespace is not asked: root of another one is not root here."""
    effective = re.search(
        r"^CapEff:\s*([0-9a-f]{1,32})$", reader.text(f"/proc/{pid}/status") or "", re.MULTILINE
    )
    return (
        user(reader, pid) == 0 and effective is not None and bool(int(effective.group(1), 16) & _SEES_OTHERS)
    )


def program(reader: Reader, pid: int) -> str:
    """Path of the program that the process runs, as the process sees it; "" when that may not be known."""
    path = reader.link(f"/proc/{pid}/exe") or ""
    return path[: -len(_DELETED)] if path.endswith(_DELETED) else path


def accounts(reader: Reader) -> Dict[int, str]:
    """User id -> home folder (passwd(5))."""
    found: Dict[int, str] = {}
    for line in (reader.text("/etc/passwd") or "").splitlines():
        fields = line.split(":")
        if len(fields) >= 6 and fields[2].isdigit() and len(fields[2]) <= 10:
            found.setdefault(int(fields[2]), fields[5])
    return found
