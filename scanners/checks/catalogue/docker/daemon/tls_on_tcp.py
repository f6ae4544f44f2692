import re
from typing import Any

from scanners.checks.check import Example, Verdict, check, failed, not_measured, passed
from scanners.checks.docker_host import docker_of, is_on
from scanners.checks.examples import engine
from scanners.checks.host_evidence import unread
from scanners.checks.host_examples import probed
from scanners.host import HostFacts, Listener
from scanners.records import EngineFacts, Outcome, Severity

OPEN_LISTENER = re.compile(
    r"API is accessible on (?P<scheme>https?)://(?P<address>\S+?)"
    r"(?: without (?:encryption|TLS client verification))?(?=[.\s]|$)"
)
LOOPBACK = re.compile(r"127\.|localhost|\[?::1\]?")
CERTIFICATES = ("tlscacert", "tlscert", "tlskey")
API_PORTS = (2375, 2376)
SWARM_PORTS = (2377, 7946)  # dockerd's own too, with certificates of the cluster


def _joined(item: Listener) -> str:
    return f"[{item.address}]:{item.port}" if ":" in item.address else f"{item.address}:{item.port}"


def _is_api(item: Listener, settings: dict[str, Any]) -> bool:
    is_metrics = str(settings.get("metrics-addr", "")).rpartition(":")[2] == str(item.port)
    is_dockerd = item.protocol == "tcp" and (item.program or "").rpartition("/")[2] == "dockerd"
    return is_dockerd and item.port not in SWARM_PORTS and not is_metrics


def of_engine(facts: EngineFacts) -> Verdict:
    open_listeners = [match for line in facts.warnings if (match := OPEN_LISTENER.search(line))]
    if not open_listeners:
        return not_measured("needs the host probe: the daemon's listeners; the engine warns of none")
    lines = [f"Warnings: {match[0]}" for match in open_listeners]
    only_loopback = all(LOOPBACK.match(match["address"]) for match in open_listeners)
    return failed(*lines, severity=Severity.HIGH if only_loopback else None)


@check(
    id="docker.daemon.tls-on-tcp",
    title="TCP access to the engine needs mutual TLS",
    severity=Severity.CRITICAL,
    subject=HostFacts,
    rationale="An engine port without client certificates gives root on the host to everyone who reaches it.",
    remediation=(
        "Remove the tcp:// host and use the socket or SSH; where TCP is needed set tlsverify with own CA "
        "and restrict the port by firewall."
    ),
    good=[
        probed(),
        probed(docker__addresses=["tcp://0.0.0.0:2376"]),
        Example(engine(), expected=Outcome.NOT_MEASURED),
        Example(
            probed(listeners=[{"protocol": "tcp", "address": "::", "port": 2375}]),
            expected=Outcome.NOT_MEASURED,
        ),
    ],
    bad=[
        probed(docker__addresses=["tcp://0.0.0.0:2375"], docker__settings={}),
        probed(docker__addresses=["tcp://127.0.0.1:2375"], docker__settings={"tls": True}),
        probed(docker__addresses=["tcp://0.0.0.0:2376"], docker__settings={"tlsverify": True}),
        probed(
            docker__settings={},
            listeners=[{"protocol": "tcp", "address": "::", "port": 4243, "program": "dockerd"}],
        ),
        engine(warnings=("WARNING: API is accessible on http://0.0.0.0:2375 without encryption.",)),
        engine(
            warnings=("WARNING: API is accessible on https://0.0.0.0:2376 without TLS client verification.",)
        ),
    ],
    evidence_source="Host probe",
    from_engine=of_engine,
)
def tls_on_tcp(facts: HostFacts) -> Verdict:
    docker = docker_of(facts, "addresses", "settings")
    if isinstance(docker, Verdict):
        return docker
    settings = docker.settings or {}
    configured = [address for address in docker.addresses if address.startswith("tcp://")]
    seen = [
        f"dockerd listens on {_joined(item)}" for item in facts.listeners or () if _is_api(item, settings)
    ]
    lines = [f"hosts has {address}" for address in configured] or seen
    verifies = is_on(settings.get("tlsverify"), default=False)
    missing = [name for name in CERTIFICATES if not settings.get(name)]
    if lines and not (verifies and not missing):
        said = f"{', '.join(missing)} not set" if verifies else "tlsverify is not set"
        places = [address.removeprefix("tcp://") for address in configured]
        places = places or [_joined(item) for item in facts.listeners or () if _is_api(item, settings)]
        only_loopback = all(LOOPBACK.match(place) for place in places)
        return failed(*lines, said, severity=Severity.HIGH if only_loopback else None)
    # A socket of systemd may listen for the daemon: only the table of listeners shows it.
    if (verdict := unread(facts, "/listeners")) is not None:
        return verdict
    nameless = [item for item in facts.listeners or () if item.program is None and item.port in API_PORTS]
    if nameless and not lines:
        return not_measured(
            *(f"{_joined(item)} listens, and whose it is may not be seen" for item in nameless)
        )
    return passed(*lines, "tlsverify, with the CA, certificate and key" if lines else "no TCP listener")
