"""The settings of Docker's daemon under the names of daemon.json, wherever they were said, and without secrets.

Names of options and of settings are those of Docker Engine 28's reference of dockerd.
"""

import math
import re
from typing import Any, Dict, List, Sequence

from scanners.probe import units
from scanners.probe.reading import Reader, printable
from scanners.probe.secrets import REDACTED, redacted_option, redacted_value

MAX_ITEMS = 500
MAX_DEPTH = 8
_SHORT = {
    "H": "host", "D": "debug", "l": "log-level", "s": "storage-driver", "g": "data-root", "G": "group", "p": "pidfile",
    "b": "bridge",
}  # fmt: skip
_SWITCHES = {
    "allow-direct-routing", "debug", "disable-legacy-registry", "experimental", "help", "icc", "init", "ip-forward",
    "ip-forward-no-drop", "ip-masq", "ip6tables", "iptables", "ipv6", "live-restore", "no-new-privileges", "raw-logs",
    "rootless", "selinux-enabled", "tls", "tlsverify", "userland-proxy", "validate", "version",
}  # fmt: skip
# Options that may be said several times -> the setting that lists them.
_LISTS = {
    "allow-nondistributable-artifacts": "allow-nondistributable-artifacts",
    "authorization-plugin": "authorization-plugins", "cdi-spec-dir": "cdi-spec-dirs", "dns": "dns", "dns-opt": "dns-opts",
    "dns-search": "dns-search", "exec-opt": "exec-opts", "host": "hosts", "host-gateway-ip": "host-gateway-ips",
    "insecure-registry": "insecure-registries", "label": "labels", "node-generic-resource": "node-generic-resources",
    "registry-mirror": "registry-mirrors", "storage-opt": "storage-opts",
}  # fmt: skip
_MAPS = {"log-opt": "log-opts", "cluster-store-opt": "cluster-store-opts", "feature": "features"}
_PROXIES = ("http-proxy", "https-proxy", "no-proxy")
_NOT_SETTINGS = ("help", "validate", "version", "rootless")


def of_command_line(words: Sequence[str]) -> Dict[str, Any]:
    """What dockerd's options set. `words` without the program's own name."""
    found: Dict[str, Any] = {}
    waiting = list(reversed(words))
    while waiting:
        word = waiting.pop()
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
        elif word.startswith("-") and word[1:2] in _SHORT:
            name, value = _SHORT[word[1]], word[2:]
            equals = "=" if value else ""
            value = value[1:] if value.startswith("=") else value
        else:
            continue
        if not equals and name not in _SWITCHES and waiting and not waiting[-1].startswith("-"):
            value, equals = waiting.pop(), "="
        if name and name not in _NOT_SETTINGS:
            put(found, name, value if equals else "true")
    return found


def put(found: Dict[str, Any], name: str, value: str) -> None:
    """One option in the shape that daemon.json gives it."""
    key, _, said = value.partition("=")
    if name in _LISTS:
        found.setdefault(_LISTS[name], []).append(value)
    elif name in _MAPS:
        found.setdefault(_MAPS[name], {})[key] = is_true(said) if name == "feature" else said
    elif name == "default-ulimit":
        soft, _, hard = said.partition(":")
        limit = {"Name": key, "Soft": scalar(soft), "Hard": scalar(hard or soft)}
        found.setdefault("default-ulimits", {})[key] = limit
    elif name == "add-runtime":
        found.setdefault("runtimes", {})[key] = {"path": said}
    elif name == "default-address-pool":
        pool = dict(part.partition("=")[::2] for part in value.split(","))
        found.setdefault("default-address-pools", []).append({part: scalar(pool[part]) for part in pool})
    elif name == "default-network-opt":
        network, _, option = value.partition("=")
        option, _, said = option.partition("=")
        found.setdefault("default-network-opts", {}).setdefault(network, {})[option] = said
    elif name in _PROXIES:
        found.setdefault("proxies", {})[name] = value
    elif name in _SWITCHES:
        found[name] = is_true(value)
    else:
        found["data-root" if name == "graph" else name] = scalar(value)


def is_true(text: str) -> bool:
    """As Go's strconv.ParseBool, which the engine uses."""
    return text in ("1", "t", "T", "true", "TRUE", "True")


def scalar(text: str) -> Any:
    digits = text[1:] if text.startswith("-") else text
    return int(text) if re.match(r"[0-9]+$", digits) and len(digits) < 19 else text


def of_file(document: Dict[str, Any]) -> Dict[str, Any]:
    """daemon.json, with today's name for what older engines called otherwise."""
    found = dict(document)
    if "graph" in found:
        found.setdefault("data-root", found.pop("graph"))
    return found


def merged(file: Dict[str, Any], command: Dict[str, Any]) -> Dict[str, Any]:
    found = dict(file)
    for name, value in command.items():
        known = found.get(name)
        both = isinstance(known, dict) and isinstance(value, dict)
        found[name] = {**known, **value} if both and isinstance(known, dict) else value
    return found


def told(value: Any, name: str = "", depth: int = 0) -> Any:
    """A setting as it may leave the host: secrets redacted, texts printable, numbers that any JSON reader takes."""
    if isinstance(value, str):
        return printable(redacted_value(name, value) if name else redacted_option(value))
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) < 1 << 63 else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth == MAX_DEPTH:
        return None
    if isinstance(value, dict):
        return {
            printable(str(key), 200): told(value[key], str(key), depth + 1)
            for key in sorted(value)[:MAX_ITEMS]
        }
    if redacted_value(name, "") == REDACTED:
        return [REDACTED]
    return [told(item, "", depth + 1) for item in value[:MAX_ITEMS]]


def addresses(reader: Reader, settings: Dict[str, Any], default: str) -> List[str]:
    """Where the daemon listens, each with its scheme; for fd:// what systemd listens on for it."""
    hosts = settings.get("hosts")
    said = [host for host in hosts if isinstance(host, str)] if isinstance(hosts, list) else []
    found = []
    for host in said or [default]:
        if host.startswith("fd://"):
            streams = units.settings(reader, "docker.socket").get("ListenStream", [])
            found += [stream_address(stream) for stream in streams] or [default]
        else:
            found.append(host if "://" in host else "tcp://" + host)
    return sorted(set(found))[:MAX_ITEMS]


def stream_address(stream: str) -> str:
    """ListenStream= of systemd.socket(5): a path, or a port with or without an address."""
    path = stream.replace("%t", "/run")
    if path.startswith(("/", "@")):
        return "unix://" + path
    return "tcp://" + (f"0.0.0.0:{path}" if path.isdigit() else path)
