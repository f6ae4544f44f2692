"""What is mounted where on the host, and on which block devices it lies."""

from typing import List, Optional

from scanners.probe import processes
from scanners.probe.evidence import NEEDS_ROOT, Evidence
from scanners.probe.reading import DENIED, Reader

MAX_LAYERS = 10  # of block devices over each other


def table(reader: Reader) -> List[processes.Mount]:
    """The host's mounts, in the order in which they were made."""
    return processes.mount_table(
        reader.text("/proc/1/mountinfo") or reader.text("/proc/self/mountinfo") or ""
    )


def containing(reader: Reader, path: str) -> Optional[processes.Mount]:
    """The mount in which the path lies; the last one made over a place is the one that is seen."""
    real = reader.resolved(path).rstrip("/") + "/"
    best: Optional[processes.Mount] = None
    for mount in reader.once(table):
        place = mount["place"].rstrip("/") + "/"
        if real.startswith(place) and (best is None or len(place) >= len(best["place"].rstrip("/")) + 1):
            best = mount
    return best


def is_mount_point(evidence: Evidence, name: str, path: str) -> Optional[bool]:
    """Whether the folder is where a file system is mounted; None when it is missing, or cannot be told."""
    reader = evidence.reader
    there = reader.exists(path)
    if there and reader.once(table):
        real = reader.resolved(path)
        return any(mount["place"] == real for mount in reader.once(table))
    if there is None:
        evidence.because(name, path)
    elif there:
        evidence.not_measured(name, unknown(reader))
    return None


def unknown(reader: Reader) -> str:
    denied = DENIED in (reader.reason("/proc/1/mountinfo"), reader.reason("/proc/self/mountinfo"))
    return NEEDS_ROOT if denied else "the host's mounts cannot be read"


def block_device(reader: Reader, mount: processes.Mount) -> str:
    """The kernel's name of the device below a mount, such as dm-0; "" when it does not lie on one."""
    link = reader.link("/sys/dev/block/" + mount["device"])
    if link:
        return link.rpartition("/")[2]
    if mount["source"].startswith("/dev/"):  # btrfs numbers its mounts by itself
        name = reader.resolved(mount["source"]).rpartition("/")[2]
        if reader.exists("/sys/class/block/" + name):
            return name
    return ""


def is_encrypted(reader: Reader, device: str, depth: int = 0) -> Optional[bool]:
    """Whether the block device is dm-crypt's, or all the devices that it is made of are."""
    place = "/sys/class/block/" + device
    kind = reader.word(place + "/dm/uuid") or ""
    if kind.startswith("CRYPT-"):
        return True
    if not reader.exists(place) or depth == MAX_LAYERS:
        return None
    below = reader.names(place + "/slaves") or []
    if not below and reader.exists(place + "/partition"):
        below = [reader.resolved(place).split("/")[-2]]  # a partition's folder stands in that of its disk
    if not below:
        return False
    said = [is_encrypted(reader, name, depth + 1) for name in below[:50]]
    return None if None in said and False not in said else all(said)
