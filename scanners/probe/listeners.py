"""Sockets that listen in the host's network namespace, and as root the programs that hold them."""

import ipaddress
import os
import re
import sys
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set

from scanners.probe import programs
from scanners.probe.evidence import NEEDS_ROOT, NOT_LIVE, Evidence
from scanners.probe.reading import Reader, printable

MAX_LISTENERS = 1000
MAX_HANDLES = 50000
TABLE_BYTES = 64 << 20
_TABLES = ("tcp", "tcp6", "udp", "udp6")
_MALFORMED = "a line cannot be understood"
_LISTEN, _UNCONNECTED = "0A", "07"
_SOCKET = re.compile(r"socket:\[(\d+)\]$")


class Socket(NamedTuple):
    protocol: str
    address: str
    port: int
    inode: str


def collect(evidence: Evidence) -> Optional[List[Dict[str, Any]]]:
    reader = evidence.reader
    # /proc/net would be the network of the probe itself, which may run in a container.
    base = "/proc/1/net" if reader.exists("/proc/1/net/tcp") else "/proc/net"
    tables = [f"{base}/{name}" for name in _TABLES if reader.exists(f"{base}/{name}")]
    if not tables:
        evidence.whole_not_measured("the kernel does not list its sockets" if reader.is_live else NOT_LIVE)
        return None
    sockets = [socket for path in tables for socket in listening(reader, path)]
    cut = [path for path in tables if reader.reason(path) not in ("", _MALFORMED)]
    if cut:
        evidence.because_whole(cut[0])
        return None
    holders = {}
    reason = NEEDS_ROOT
    if not reader.is_live or os.geteuid() == 0:
        holders = programs_of(reader, {socket.inode for socket in sockets})
        reason = "no process of this host holds it that could be read"
    found: Dict[Any, Dict[str, Any]] = {}
    for socket in sorted(sockets):
        said = {
            "protocol": socket.protocol,
            "address": socket.address,
            "port": socket.port,
            "program": holders.get(socket.inode),
        }
        known = found.setdefault(socket[:3], said)
        known["program"] = known["program"] or said["program"]
    if len(found) > MAX_LISTENERS:
        reader.skip(base, "more sockets than are kept")
    told = [found[key] for key in sorted(found)[:MAX_LISTENERS]]
    for position, said in enumerate(told):
        if said["program"] is None:
            evidence.below(str(position)).not_measured("program", reason)
    return told


def listening(reader: Reader, path: str) -> Iterator[Socket]:
    """The lines of proc(5)'s tables of sockets that wait for anyone: TCP that listens, UDP that has no other end."""
    protocol = path.rpartition("/")[2].rstrip("6")
    for line in reader.lines(path, TABLE_BYTES):
        fields = line.split(None, 10)
        if len(fields) < 10 or fields[3] != (_LISTEN if protocol == "tcp" else _UNCONNECTED):
            continue
        address, _, port = fields[1].partition(":")
        if fields[2].rpartition(":")[2] != "0000":
            continue
        try:
            number = int(port, 16)
            where = text_of(address)
        except ValueError:
            reader.skip(path, _MALFORMED)
            continue
        if 0 < number < 65536:
            yield Socket(protocol, where, number, fields[9])


def text_of(address: str) -> str:
    """An address as the kernel prints it: words of 32 bits, each in the machine's own order of bytes."""
    packed = bytes.fromhex(address)
    if len(packed) not in (4, 16):
        raise ValueError("not an address")
    if sys.byteorder == "little":
        packed = b"".join(packed[place : place + 4][::-1] for place in range(0, len(packed), 4))
    found = ipaddress.ip_address(packed)
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)


def programs_of(reader: Reader, wanted: Set[str]) -> Dict[str, str]:
    """Number of a socket -> the program that has it open, looked for among the processes in the host's network."""
    found: Dict[str, str] = {}
    handles = 0
    network = reader.link("/proc/1/ns/net")
    for process in reader.once(programs.running) or ():
        if len(found) == len(wanted):
            break
        base = f"/proc/{process.pid}"
        if network and reader.link(base + "/ns/net") != network:
            continue
        for name in reader.names(base + "/fd") or ():
            handles += 1
            if handles > MAX_HANDLES:
                reader.skip("/proc", "more open files than are looked at")
                return found
            target = reader.link(f"{base}/fd/{name}")
            if target is None and reader.reason(f"{base}/fd/{name}"):
                break  # the kernel shows none of this process's files
            match = _SOCKET.match(target or "")
            if match and match.group(1) in wanted and match.group(1) not in found:
                path = programs.program(reader, process.pid)
                found[match.group(1)] = printable(path or min(process.names), 300)
    return found
