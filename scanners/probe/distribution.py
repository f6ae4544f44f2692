"""Which distribution the host runs (os-release(5))."""

import re
import shlex
from typing import Dict, Optional

from scanners.probe.evidence import Evidence

_LINE = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)$")
_KEPT = ("ID", "ID_LIKE", "VERSION_ID", "VERSION_CODENAME", "PRETTY_NAME", "VARIANT_ID", "SUPPORT_END")


def collect(evidence: Evidence) -> Dict[str, Optional[str]]:
    path = "/etc/os-release"
    if evidence.reader.exists(path) is False:
        path = "/usr/lib/os-release"
    fields = evidence.read("id", path, os_release) or {}
    return {name.lower(): fields.get(name) for name in _KEPT}


def os_release(text: str) -> Dict[str, str]:
    fields: Dict[str, str] = {}
    for line in text.splitlines():
        match = _LINE.match(line.strip())
        if match:
            try:
                words = shlex.split(match.group(2))
            except ValueError:
                continue  # quotes that never close
            fields[match.group(1)] = "".join(words[:1])
    return fields
