"""On a host our outcomes agree with docker-bench-security's sections 1 to 3, but for the differences that we chose.

The recording holds what the host probe told of three hosts (badly kept, well kept, Debian as it comes) and what docker-bench
said of each in the same minute. docs/decisions/2026-11-25-differences-to-docker-bench-on-hosts.md gives the reason of each
difference, and says how it was recorded.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from scanners.checks.policy import Policy
from scanners.checks.registry import BY_ID
from scanners.checks.run import judge
from scanners.host import HostFacts
from scanners.records import Outcome

ROOT = Path(__file__).parents[3]
RECORDING = msgspec.json.decode((ROOT / "tests" / "data" / "docker_bench_host_outcomes.json").read_bytes())
DECISION = ROOT / "docs" / "decisions" / "2026-11-25-differences-to-docker-bench-on-hosts.md"
POLICY = Policy(now=datetime(2026, 11, 25, tzinfo=UTC))

# docker-bench numbers (CIS 1.6) -> our checks. Sections 1 and 3 have the same numbers in CIS 1.8, by which a check
# that stands under several numbers has an outcome each. What the engine itself decides is in the other recording.
NUMBERS = {
    "1.1.1": "docker.host.separate-partition",
    "1.1.2": "docker.host.docker-group-members",
    "1.1.3": "docker.host.audit-dockerd",
    **dict.fromkeys(("1.1.4", "1.1.5", "1.1.6"), "docker.host.audit-directories"),
    **dict.fromkeys(("1.1.7", "1.1.8", "1.1.9"), "docker.host.audit-units-and-sockets"),
    **dict.fromkeys(("1.1.10", "1.1.11", "1.1.12", "1.1.13"), "docker.host.audit-config-files"),
    **dict.fromkeys(("1.1.14", "1.1.15", "1.1.16", "1.1.17", "1.1.18"), "docker.host.audit-runtime-binaries"),
    "1.2.1": "docker.host.os-hardened",
    "1.2.2": "docker.host.engine-supported",
    "2.3": "docker.daemon.log-level-info",
    "2.4": "docker.daemon.iptables-managed",
    "2.7": "docker.daemon.tls-on-tcp",
    "2.8": "docker.daemon.default-ulimit",
    "2.10": "docker.daemon.cgroup-parent-default",
    "2.11": "docker.daemon.base-device-size",
    "2.13": "docker.daemon.remote-logging",
    "2.14": "docker.daemon.no-new-privileges",
    "2.16": "docker.daemon.userland-proxy-off",
    **dict.fromkeys(("3.1", "3.2"), "docker.files.docker-service"),
    **dict.fromkeys(("3.3", "3.4"), "docker.files.docker-socket-unit"),
    **dict.fromkeys(("3.5", "3.6"), "docker.files.etc-docker"),
    **dict.fromkeys(("3.7", "3.8"), "docker.files.registry-certs"),
    **dict.fromkeys(("3.9", "3.10"), "docker.files.tls-ca"),
    **dict.fromkeys(("3.11", "3.12"), "docker.files.tls-cert"),
    **dict.fromkeys(("3.13", "3.14"), "docker.files.tls-key"),
    **dict.fromkeys(("3.15", "3.16"), "docker.files.docker-sock"),
    **dict.fromkeys(("3.17", "3.18"), "docker.files.daemon-json"),
    **dict.fromkeys(("3.19", "3.20"), "docker.files.etc-default-docker"),
    **dict.fromkeys(("3.21", "3.22"), "docker.files.sysconfig-docker"),
    **dict.fromkeys(("3.23", "3.24"), "docker.files.containerd-sock"),
}
# Decided by what the engine answers: tests/scanners/checks/test_docker_bench_parity.py.
BY_THE_ENGINE = {"2.1", "2.2", "2.5", "2.6", "2.9", "2.12", "2.15", "2.17"}
# Where docker-bench says INFO for what it found, as other numbers say WARN.
INFO_IS_A_FINDING = {"2.8"}

# (number, our outcome) -> the hosts on which docker-bench says otherwise on purpose of ours.
DIFFERENCES = {
    ("1.1.6", Outcome.FAIL): {"bad"},
    ("1.2.2", Outcome.NOT_MEASURED): {"bad", "good", "plain"},
    ("2.7", Outcome.PASS): {"good"},
    ("2.10", Outcome.FAIL): {"bad"},
    ("2.13", Outcome.FAIL): {"good"},
    ("3.9", Outcome.NOT_APPLICABLE): {"bad"},
    ("3.10", Outcome.NOT_APPLICABLE): {"bad"},
}
# docker-bench's word when the question does not arise or a person must answer -> what we may say then.
UNDECIDED = {
    "INFO": {Outcome.NOT_APPLICABLE, Outcome.MANUAL, Outcome.PASS},
    "NOTE": {Outcome.NOT_MEASURED},
}


def outcomes_of(host: str) -> dict[str, Outcome]:
    """Our outcome per docker-bench number."""
    facts = msgspec.convert(RECORDING[host]["probe"], HostFacts, strict=True)
    said = {outcome.check: outcome for outcome in judge(facts, POLICY)}
    return {
        number: said[check].per_requirement.get(number, said[check].outcome)
        for number, check in NUMBERS.items()
    }


def decided_by_docker_bench(number: str, word: str) -> Outcome | None:
    if word == "WARN" or (word == "INFO" and number in INFO_IS_A_FINDING):
        return Outcome.FAIL
    return Outcome.PASS if word == "PASS" else None


OURS = {host: outcomes_of(host) for host in RECORDING}
COMPARISONS = [
    (host, number, recorded["docker_bench"][number], OURS[host][number])
    for host, recorded in RECORDING.items()
    for number in NUMBERS
]


def test_we_differ_exactly_where_we_chose_to() -> None:
    found: dict[tuple[str, Outcome], set[str]] = {}
    for host, number, word, ours in COMPARISONS:
        theirs = decided_by_docker_bench(number, word)
        if theirs is not None and ours is not theirs:
            found.setdefault((number, ours), set()).add(host)

    assert found == DIFFERENCES


def test_where_docker_bench_leaves_it_open_we_blame_nobody() -> None:
    for host, number, word, ours in COMPARISONS:
        if decided_by_docker_bench(number, word) is None:
            assert ours in UNDECIDED[word], (host, number, ours)


# Without those that docker-bench leaves open or we decide otherwise, and those of which nothing bad was recorded.
ONE_WAY = {"1.1.2", "1.1.6", "1.1.11", "1.2.1", "1.2.2", "2.7", "2.10", "2.11", "2.13", "3.9", "3.10"}
AGREED_BOTH_WAYS = sorted(NUMBERS.keys() - ONE_WAY)


@pytest.mark.parametrize("number", AGREED_BOTH_WAYS)
def test_we_agree_on_good_and_on_bad_hosts(number: str) -> None:
    agreed = {
        ours
        for _, compared, word, ours in COMPARISONS
        if compared == number and ours is decided_by_docker_bench(number, word)
    }

    assert agreed == {Outcome.PASS, Outcome.FAIL}


def test_every_number_of_the_sections_is_compared() -> None:
    assert set(NUMBERS.values()) <= set(BY_ID)
    for recorded in RECORDING.values():
        assert set(recorded["docker_bench"]) == NUMBERS.keys() | BY_THE_ENGINE


def test_every_difference_is_explained() -> None:
    explained = set(re.findall(r"^\| (\d+(?:\.\d+)+) ", DECISION.read_text(), re.MULTILINE))

    assert {number for number, _ in DIFFERENCES} <= explained
