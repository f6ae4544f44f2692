"""Container runtimes and engines on this host: where their programs are and which versions they say they have."""

import re
from typing import Any, Dict

from scanners.probe import commands
from scanners.probe.evidence import NOT_LIVE, Evidence
from scanners.probe.reading import Reader

# Program -> the words that make it print its version; None: its presence is all that is asked.
PROGRAMS = (
    ("dockerd", ("--version",)),
    ("containerd", ("--version",)),
    ("runc", ("--version",)),
    ("crun", ("--version",)),
    ("podman", ("--version",)),
    ("crio", ("--version",)),
    ("nerdctl", ("--version",)),
    ("kubelet", ("--version",)),
    ("rkt", ("version",)),
    ("runsc", ("--version",)),
    ("kata-runtime", ("--version",)),
)
_VERSION = re.compile(r"\bv?(\d+\.\d+(?:\.\d+)?(?:[-+~.][0-9A-Za-z.+~-]+)?)")


def collect(evidence: Evidence) -> Dict[str, Any]:
    """name -> {path, version}. Below another root a program is found, but not asked for its version."""
    found: Dict[str, Any] = {}
    for name, words in PROGRAMS:
        path = place(evidence.reader, name)
        if not path:
            continue
        said = commands.run(evidence.reader, (name,) + words, 65536)
        match = _VERSION.search(said or "")
        if match is None:
            reason = NOT_LIVE if not evidence.reader.is_live else "the program does not say"
            evidence.below(name).not_measured("version", reason)
        found[name] = {"path": path, "version": match.group(1) if match else None}
    return found


def place(reader: Reader, name: str) -> str:
    for folder in commands.FOLDERS:
        if reader.exists(folder + "/" + name):
            return folder + "/" + name
    return ""
