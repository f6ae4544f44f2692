"""Points of one finding: the severity's base, times factors that say why it matters more or less here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from posture.fleet.choices import ALIVE, DataClass
from posture.fleet.ingest import EVERY_ADDRESS
from posture.fleet.models import ContainerState
from posture.risk.formula import BASE_POINTS
from posture.vulnerabilities.choices import Use
from scanners.records import ContainerFacts, Severity

Factor = tuple[str, str, float]  # name, detail in words, multiplier

NOT_RUNNING = 0.6
REACHABLE = 1.15
PRIVILEGED = 1.15
HOST_NETWORK = 1.1
EXPLOITED = 1.2
LIKELY, LIKELY_EPSS = 1.1, 0.1
UNLIKELY, UNLIKELY_EPSS = 0.85, 0.001
IN_USE, UNUSED = 1.1, 0.8
DATA_FACTORS: dict[str, float] = {DataClass.CARDHOLDER: 1.1, DataClass.PERSONAL: 1.05}


def exposure_of(container: ContainerFacts) -> list[Factor]:
    """How far an attacker gets with, or to, this container."""
    return _exposure(
        container.status if not container.is_running else "",
        {p.host_port for p in container.published_ports if p.host_ip in EVERY_ADDRESS and p.host_port},
        privileged=container.privileged,
        network_mode=container.network_mode,
    )


def exposure_of_state(state: ContainerState) -> list[Factor]:
    """The same from what is stored of a container."""
    return _exposure(
        state.status if state.status not in ALIVE else "",
        {
            int(port[2])
            for text in state.published
            if (port := _ADDRESS.match(text)) and port[1] in EVERY_ADDRESS
        },
        privileged=state.privileged,
        network_mode=state.network_mode,
    )


_ADDRESS = re.compile(r"(.*):(\d+)->")  # as `fleet.ingest.published` writes it


def _exposure(stopped: str, ports: Iterable[int], *, privileged: bool, network_mode: str) -> list[Factor]:
    factors: list[Factor] = []
    if stopped:
        factors.append(("running", f"{stopped}, no process runs", NOT_RUNNING))
    open_ports = sorted(ports)
    if open_ports:
        shown = ", ".join(map(str, open_ports[:5])) + (" …" if len(open_ports) > 5 else "")
        factors.append(("reachable", f"published on every address: port {shown}", REACHABLE))
    if privileged:
        factors.append(("privileged", "runs in privileged mode", PRIVILEGED))
    if network_mode == "host":
        factors.append(("network", "shares the host's network", HOST_NETWORK))
    return factors


def threat_of(*, is_exploited: bool, epss: float | None) -> list[Factor]:
    """How likely it is that somebody uses a vulnerability: known to be exploited, else by EPSS."""
    if is_exploited:
        return [("threat", "known to be exploited (CISA KEV)", EXPLOITED)]
    if epss is not None and epss >= LIKELY_EPSS:
        return [("threat", f"EPSS {epss:.0%}: likely to be exploited within 30 days", LIKELY)]
    if epss is not None and epss < UNLIKELY_EPSS:
        return [("threat", f"EPSS below {UNLIKELY_EPSS:.1%}", UNLIKELY)]
    return []


def use_of(use: Use, *, path: str, is_long: bool, days: int) -> list[Factor]:
    """Whether the package is loaded by what runs: seen by one of its files, or not seen though watched for so many days."""
    if use == Use.SEEN:
        return [("use", f"loaded in a running container: {path}", IN_USE)]
    if use == Use.NOT_SEEN and is_long:
        return [("use", f"not loaded by any container in {days} days of watching", UNUSED)]
    return []


def data_of(data_classes: Sequence[str]) -> list[Factor]:
    """The strongest data class of the environment."""
    held = [(DATA_FACTORS[d], DataClass(d).label) for d in data_classes if d in DATA_FACTORS]
    if not held:
        return []
    factor, label = max(held)
    return [("data", f"{label} in this environment", factor)]


def points_of(severity: Severity, factors: Sequence[Factor]) -> float:
    """Points, 0..100."""
    points = BASE_POINTS[severity]
    for _, _, factor in factors:
        points *= factor
    return min(points, 100.0)


def points_of_combination(severity: Severity) -> float:
    """Points of a toxic combination: what makes it worse is what it is made of, so no factor is added."""
    return points_of(severity, ())


def product_of(severity: Severity, factors: Sequence[Factor]) -> list[Factor]:
    """All that the points are the product of: the severity's base, which findings do not store, then the factors."""
    return [("severity", f"{severity.label} severity", BASE_POINTS[severity]), *factors]
