"""What is left of rkt, which ended in 2020: its programs, its units, its pods and its images.

Read from its data directory (pods/<state>/<uuid>/pod holds the appc PodManifest) and, where the program is there, from
`rkt list --format=json` and `rkt image list --format=json`.
"""

import json
import re
from typing import Any, Dict, List, Optional

from scanners.probe import bundles, commands
from scanners.probe.evidence import Evidence
from scanners.probe.reading import Reader, printable
from scanners.probe.units import FOLDERS

DATA = "/var/lib/rkt"
PLACES = ("/usr/lib/rkt", "/etc/rkt", DATA)
KEYS = ("/etc/rkt/trustedkeys", "/usr/lib/rkt/trustedkeys")
MAX_PODS = 2000
# Folder of a pod -> what `rkt list` calls its state (rkt's documentation of the pod life cycle).
STATES = (
    ("embryo", "embryo"), ("prepare", "preparing"), ("prepared", "prepared"), ("run", "running"),
    ("exited-garbage", "exited"), ("garbage", "garbage"),
)  # fmt: skip
_STARTS_RKT = re.compile(r"^\s*Exec\w+\s*=.*\brkt\s+(?:\S+\s+)*run", re.MULTILINE)


def collect(evidence: Evidence) -> Optional[Dict[str, Any]]:
    """None on a host without a trace of rkt."""
    reader = evidence.reader
    traces = [folder + "/rkt" for folder in commands.FOLDERS if reader.exists(folder + "/rkt")]
    traces += [place for place in PLACES if reader.exists(place)]
    traces += units(reader)
    if not traces:
        return None
    pods = pods_on_disk(evidence)
    listed = said(reader, ("rkt", "list", "--format=json"))
    for entry in listed or ():
        pod = listed_pod(reader, entry)
        if pod["id"] and pod["id"] not in {known["id"] for known in pods}:
            pods.append(pod)
    return {
        "traces": sorted(set(traces)),
        "pods": pods[:MAX_PODS],
        "images": images(evidence, pods),
        "trusted_keys": trusted_keys(reader),
    }


def units(reader: Reader) -> List[str]:
    found = []
    for folder in FOLDERS:
        for name in reader.names(folder) or ():
            path = folder + "/" + name
            if reader.link(path) == "/dev/null":
                continue  # masked
            if name.endswith(".service") and (
                name.startswith("rkt-") or _STARTS_RKT.search(reader.text(path, 65536) or "")
            ):
                found.append(path)
    return found


def pods_on_disk(evidence: Evidence) -> List[Dict[str, Any]]:
    reader = evidence.reader
    found = []
    for folder, state in STATES:
        place = f"{DATA}/pods/{folder}"
        for name in reader.names(place) or ():
            manifest = bundles.parsed(reader, f"{place}/{name}/pod")
            found.append(pod(bundles.Fields(reader, f"{place}/{name}/pod", manifest), name, state))
        evidence.because("pods", place)
    return found


def pod(manifest: bundles.Fields, identifier: str, state: str) -> Dict[str, Any]:
    apps, images, isolators = [], [], []
    for app in manifest.each("apps"):
        apps.append(app.text("name"))
        images.append(app.below("image").text("name") or app.below("image").text("id"))
        for isolator in app.below("app").each("isolators"):
            isolators.append(f"{app.text('name')}: {isolator.text('name')}")
    isolators += [f"pod: {isolator.text('name')}" for isolator in manifest.each("isolators")]
    return {
        "id": printable(identifier, 64),
        "state": state,
        "apps": apps,
        "images": images,
        "isolators": sorted(isolators),
    }


def listed_pod(reader: Reader, entry: Any) -> Dict[str, Any]:
    fields = bundles.Fields(reader, "command rkt list", entry)
    return {
        "id": fields.text("name") or fields.text("id"),
        "state": fields.text("state"),
        "apps": fields.texts("app_names"),
        "images": [app.below("image").text("name") for app in fields.each("apps")],
        "isolators": [],
    }


def images(evidence: Evidence, pods: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Names as rkt tells them, else those that pods run. Whether a signature was checked stands only in rkt's database."""
    reader = evidence.reader
    found = []
    for entry in said(reader, ("rkt", "image", "list", "--format=json")) or ():
        fields = bundles.Fields(reader, "command rkt image list", entry)
        found.append({"id": fields.text("id"), "name": fields.text("name"), "is_signed": None})
    if not found:
        names = sorted({name for known in pods for name in known["images"] if name})
        found = [{"id": "", "name": name, "is_signed": None} for name in names]
    for position in range(len(found)):
        evidence.below("images").below(str(position)).not_measured(
            "is_signed", "rkt keeps it in a database that only rkt reads"
        )
    return found


def trusted_keys(reader: Reader) -> List[str]:
    """What images rkt would accept signatures for: "root", or the prefix that a key is trusted for."""
    found = set()
    for base in KEYS:
        if reader.names(base + "/root.d"):
            found.add("root")
        for prefix in reader.names(base + "/prefix.d") or ():
            found.add(printable(prefix.replace(",", "/"), 200))
    return sorted(found)


def said(reader: Reader, arguments: Any) -> Optional[List[Any]]:
    text = commands.run(reader, arguments)
    if not text:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        reader.skip("command " + " ".join(arguments), "its answer is not JSON")
        return None
    return found if isinstance(found, list) else None
