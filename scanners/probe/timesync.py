"""Whether the host's clock follows others: as the kernel says, by the services that run and the sources they name."""

import re
from typing import Any, Dict, List, Optional, Tuple

from scanners.probe import programs
from scanners.probe.evidence import NOT_LIVE, Evidence
from scanners.probe.reading import Reader, printable

MAX_SERVERS = 100
SERVICES = (
    "chronyd", "systemd-timesyncd", "ntpd", "ntpsec-ntpd", "openntpd", "ptp4l", "phc2sys", "timemaster", "sntp", "ntpd-rs",
    "ntp-daemon",
)  # fmt: skip
# Files that name sources, and folders of such files with the ending that counts.
_FILES = (
    "/etc/chrony.conf", "/etc/chrony/chrony.conf", "/etc/ntp.conf", "/etc/ntpsec/ntp.conf", "/etc/openntpd/ntpd.conf",
    "/etc/ntpd.conf",
)  # fmt: skip
_FOLDERS = (
    ("/etc/chrony/conf.d", ".conf"), ("/etc/chrony.d", ".conf"), ("/etc/chrony/sources.d", ".sources"),
    ("/run/chrony-dhcp", ".sources"),
)  # fmt: skip
_TIMESYNCD = ("/etc/systemd/timesyncd.conf", "/usr/lib/systemd/timesyncd.conf")
_TIMESYNCD_FOLDERS = (
    "/etc/systemd/timesyncd.conf.d",
    "/run/systemd/timesyncd.conf.d",
    "/usr/lib/systemd/timesyncd.conf.d",
)
_SOURCE = re.compile(r"^[ \t]*(?:server|servers|pool|peer|refclock[ \t]+PHC)[ \t]+([^\s#]+)", re.MULTILINE)
_NAMED = re.compile(r"^[ \t]*(?:Fallback)?NTP[ \t]*=[ \t]*(.*)$", re.MULTILINE)
# A line that is commented out shows what systemd was built with (systemd-timesyncd.service(8)).
_BUILT_IN = re.compile(r"^#[ \t]*FallbackNTP[ \t]*=[ \t]*(.+)$", re.MULTILINE)
_UNSYNCHRONISED, _ERROR = 0x40, 5  # STA_UNSYNC and TIME_ERROR of adjtimex(2)


def collect(evidence: Evidence) -> Dict[str, Any]:
    reader = evidence.reader
    synchronised, error = clock(evidence)
    services = sorted({name for name in SERVICES if programs.of_host(reader, name)})
    return {
        "is_synchronised": synchronised,
        "services": services,
        "servers": servers(reader, "systemd-timesyncd" in services),
        "estimated_error_seconds": error,
    }


def clock(evidence: Evidence) -> Tuple[Optional[bool], Optional[float]]:
    """What the kernel's clock says of itself: whether something keeps it right, and by how much it may be wrong."""
    reason = NOT_LIVE
    if evidence.reader.is_live:
        try:
            return asked()
        except (ImportError, AttributeError, OSError) as error:
            reason = f"the kernel's clock cannot be asked: {type(error).__name__}"
    for name in ("is_synchronised", "estimated_error_seconds"):
        evidence.not_measured(name, reason)
    return None, None


def asked() -> Tuple[bool, float]:
    """adjtimex(2) with no mode set, which changes nothing. Raises OSError, or ImportError on a Python without ctypes."""
    import ctypes

    class Timex(ctypes.Structure):
        """The beginning of the kernel's struct timex, and room for its rest."""

        _fields_ = [
            ("modes", ctypes.c_uint),
            ("offset", ctypes.c_long),
            ("freq", ctypes.c_long),
            ("maxerror", ctypes.c_long),
            ("esterror", ctypes.c_long),
            ("status", ctypes.c_int),
            ("rest", ctypes.c_char * 400),
        ]

    said = Timex()
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(said))
    if state < 0:
        raise OSError(ctypes.get_errno(), "adjtimex")
    return not said.status & _UNSYNCHRONISED and state != _ERROR, round(said.esterror / 1e6, 6)


def servers(reader: Reader, has_timesyncd: bool) -> List[str]:
    found: List[str] = []
    for path in list(_FILES) + within(reader, _FOLDERS):
        found += _SOURCE.findall(reader.text(path) or "")
    built_in: List[str] = []
    for path in list(_TIMESYNCD) + within(reader, tuple((folder, ".conf") for folder in _TIMESYNCD_FOLDERS)):
        text = reader.text(path) or ""
        found += " ".join(_NAMED.findall(text)).split()
        built_in += " ".join(_BUILT_IN.findall(text)).split()
    if has_timesyncd and not found:
        found = built_in
    return sorted({printable(name, 253) for name in found})[:MAX_SERVERS]


def within(reader: Reader, folders: Tuple[Tuple[str, str], ...]) -> List[str]:
    return [
        f"{folder}/{name}"
        for folder, ending in folders
        for name in (reader.names(folder) or [])[:MAX_SERVERS]
        if name.endswith(ending)
    ]
