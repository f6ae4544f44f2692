"""Facts that only a program of the host tells, from programs that speak as the real ones do, lie, or fail."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from scanners.probe import audit, commands, docker, firewall, packages, sensors
from scanners.probe.evidence import Evidence
from scanners.probe.reading import Reader
from tests.scanners.probe import roots
from tests.scanners.probe.test_commands import write

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="these programs are run for root alone")

STATUS = "enabled 2\nfailure 1\npid 412\nlost 7\nbacklog 0\n"
OLD_STATUS = "AUDIT_STATUS: enabled=1 flag=1 pid=412 rate_limit=0 backlog_limit=320 lost=3 backlog=0\n"


class RunningHost(Reader):
    """A host whose files are recorded and whose programs are run."""

    def __init__(self, root: Path) -> None:
        super().__init__(str(root))
        self._recorded = Reader(str(root))
        self.is_live = True

    def real(self, path: str) -> str:
        return self._recorded.real(path)

    def resolved(self, path: str) -> str:
        return self._recorded.resolved(path)


class Host:
    """Room for programs and files, and what a subject says of them."""

    def __init__(self, programs: Path, root: Path) -> None:
        self.programs, self.root = programs, root
        self.not_measured: dict[str, str] = {}

    def has(self, name: str, script: str) -> None:
        write(self.programs, name, script)

    def says(self, name: str, text: str, words: str = "*") -> None:
        """The program answers these words with the text, and fails for others."""
        answer = self.programs / f"{name}.answer"
        answer.write_text(text)
        self.has(name, f'case "$*" in {words}) cat {answer};; *) exit 9;; esac')

    def evidence(self) -> Evidence:
        self.not_measured = {}
        return Evidence(RunningHost(self.root), "", self.not_measured)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    programs, root = tmp_path / "bin", tmp_path / "root"
    programs.mkdir(mode=0o755)
    root.mkdir()
    roots.make(root, {"/proc/1/comm": "systemd"})
    monkeypatch.setattr(commands, "FOLDERS", (str(programs),))
    return Host(programs, root)


@pytest.mark.parametrize(("status", "expected"), [(STATUS, (2, 7)), (OLD_STATUS, (1, 3))])
def test_the_state_of_audit_in_both_forms_of_auditctl(
    host: Host, status: str, expected: tuple[int, int]
) -> None:
    host.has(
        "auditctl",
        f"case $1 in -s) printf '{status}';; -l) echo '-w /etc/docker -p wa'; echo '-a always,exit -S all';; esac",
    )
    said = audit.collect(host.evidence())
    assert (said["enabled"], said["lost"]) == expected
    assert said["rules"] == ["-w /etc/docker -p wa", "-a always,exit -S all"] and host.not_measured == {}


def test_no_rules_are_an_empty_list_and_no_auditctl_is_none(host: Host) -> None:
    host.says("auditctl", "No rules\n")
    assert audit.collect(host.evidence())["rules"] == []
    assert host.not_measured["/lost"] == "auditctl does not say"
    host.has("auditctl", "exit 4")
    assert audit.collect(host.evidence())["rules"] is None
    assert host.not_measured["/rules"] == "auditctl failed with status 4" == host.not_measured["/lost"]
    (host.programs / "auditctl").unlink()
    assert audit.collect(host.evidence())["rules"] is None
    assert host.not_measured["/rules"] == "the host has no auditctl that may be run"


def chain(family: str, policy: str = "accept", name: str = "input") -> dict[str, Any]:
    base = {"family": family, "table": "filter", "name": name, "handle": 1}
    return {"chain": {**base, "type": "filter", "hook": "input", "prio": 0, "policy": policy}}


def rule(*expression: dict[str, Any]) -> dict[str, Any]:
    return {
        "rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 2, "expr": list(expression)}
    }


MATCH = {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 22}}


@pytest.mark.parametrize(
    ("chains", "rules", "refused"),
    [
        ([chain("inet", "drop")], [], {"ip", "ip6"}),
        ([chain("ip", "drop")], [], {"ip"}),
        (
            [chain("inet")],
            [rule(MATCH, {"accept": None}), rule({"counter": {}}, {"reject": {}})],
            {"ip", "ip6"},
        ),
        ([chain("inet")], [rule(MATCH, {"drop": None})], set()),
        ([chain("inet", name="-f")], [rule({"drop": None})], set()),
        ([chain("bridge", "drop")], [], set()),
        ([], [], set()),
    ],
)
def test_nft_says_whether_the_rest_is_refused(
    host: Host, chains: list[Any], rules: list[Any], refused: set[str]
) -> None:
    (host.programs / "chains").write_text(json.dumps({"nftables": [{"metainfo": {}}, *chains]}))
    (host.programs / "rules").write_text(json.dumps({"nftables": [{"metainfo": {}}, *chains, *rules]}))
    host.has("nft", f'[ "$3" = chains ] && cat {host.programs}/chains || cat {host.programs}/rules')
    unknown: list[str] = []
    assert firewall.refused_by_nft(RunningHost(host.root), {"ip", "ip6"}, unknown) == refused
    assert unknown == []


@pytest.mark.parametrize("answer", ["no JSON", "[]", '{"nftables": 5}', "[" * 9000])
def test_an_answer_of_nft_that_is_none_is_no_pass(host: Host, answer: str) -> None:
    host.says("nft", answer)
    assert firewall.collect(host.evidence())["input_policy"] is None
    assert host.not_measured["/input_policy"] == "nft does not list its chains"


def saved(policy: str, *rules: str) -> str:
    lines = [
        "*nat",
        ":INPUT DROP [0:0]",
        "COMMIT",
        "*filter",
        f":INPUT {policy} [9:99]",
        *rules,
        "COMMIT",
        "",
    ]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        (saved("DROP"), "drop"),
        (saved("ACCEPT"), "accept"),
        (
            saved(
                "ACCEPT", "-A INPUT -i lo -j ACCEPT", "-A INPUT -j REJECT --reject-with icmp-port-unreachable"
            ),
            "drop",
        ),
        (saved("ACCEPT", "-A INPUT -j REJECT", "-A INPUT -p tcp -j ACCEPT"), "accept"),
    ],
)
def test_the_older_filter_is_asked_where_it_is_in_use(host: Host, text: str, policy: str) -> None:
    roots.make(host.root, {"/proc/net/ip_tables_names": "filter\n", "/lib/modules/modules.dep": ""})
    host.says("iptables-legacy-save", text)
    assert firewall.collect(host.evidence())["input_policy"] == policy


def test_a_filter_that_is_not_loaded_is_not_asked_for(host: Host) -> None:
    roots.make(host.root, {"/proc/sys/kernel/osrelease": "6.1.0", "/lib/modules/6.1.0/modules.dep": ""})
    for name in ("nft", "iptables-save", "iptables-legacy-save"):
        host.has(name, f"touch {host.root}/ran")
    assert firewall.collect(host.evidence())["input_policy"] == "accept"
    assert not (host.root / "ran").exists()


def test_both_versions_of_ip_must_be_refused(host: Host) -> None:
    roots.make(host.root, {"/proc/net/if_inet6": "00000000000000000000000000000001 01 80 10 80 lo\n"})
    host.says("nft", json.dumps({"nftables": [chain("ip", "drop")]}))
    assert firewall.collect(host.evidence())["input_policy"] == "accept"


def test_without_nft_iptables_answers_for_it(host: Host) -> None:
    host.says("iptables-save", saved("DROP"))
    assert firewall.collect(host.evidence())["input_policy"] == "drop"
    (host.programs / "iptables-save").unlink()
    assert firewall.collect(host.evidence())["input_policy"] is None
    assert "neither nft nor iptables-save" in host.not_measured["/input_policy"]


def test_packages_of_rpm(host: Host) -> None:
    roots.make(host.root, {"/var/lib/rpm/rpmdb.sqlite": "x"})
    host.says(
        "rpm",
        "openssl-libs\t1:3.0.7-27.el9\tx86_64\topenssl-3.0.7-27.el9.src.rpm\n"
        "gpg-pubkey\tfd431d51-4ae0493b\t(none)\t(none)\nbash\t5.1.8-9.el9\tx86_64\tbash-5.1.8-9.el9.src.rpm\nhalf\tline\n",
    )
    assert packages.collect(host.evidence()) == {
        "manager": "rpm",
        "installed": [
            ["bash", "5.1.8-9.el9", "x86_64", "bash"],
            ["openssl-libs", "1:3.0.7-27.el9", "x86_64", "openssl"],
        ],
    }
    host.has("rpm", "exit 1")
    assert packages.collect(host.evidence())["installed"] is None
    assert host.not_measured == {"/installed": "rpm failed with status 1"}


DIRECTORY = {
    "/etc/nsswitch.conf": "group: files [SUCCESS=merge] sss\n",
    "/etc/group": "docker:x:998:ann\n",
    "/etc/passwd": "carl:x:1:998::/:\n",
}


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo docker:x:998:ann,dora", {"gid": 998, "members": ["ann", "carl", "dora"]}),
        ("exit 2", {"gid": 998, "members": ["ann", "carl"]}),
        ("exit 1", None),
    ],
)
def test_members_of_the_group_in_a_directory_of_accounts(host: Host, script: str, expected: Any) -> None:
    roots.make(host.root, DIRECTORY)
    host.has("getent", script)
    assert docker.group(host.evidence(), "docker") == expected
    assert bool(host.not_measured) == (expected is None)


def test_an_engine_without_a_file_for_its_id_is_asked_on_its_own_socket(host: Host) -> None:
    roots.make(host.root, {"/run/docker.sock": ""})
    host.has("docker", f'echo "$*" > {host.root}/asked; echo ABCD:EFGH:IJKL')
    assert (
        docker.engine_id(host.evidence(), "/data", ["tcp://far", "unix:///run/docker.sock"])
        == "ABCD:EFGH:IJKL"
    )
    words = (host.root / "asked").read_text()
    assert words == "--config /nonexistent --host unix:///run/docker.sock info --format {{.ID}}\n"
    assert docker.engine_id(host.evidence(), "/data", ["tcp://far"]) is None
    assert host.not_measured == {"/engine_id": "the engine keeps it in no file, and cannot be asked"}
    host.has("docker", "echo '<none>'")
    assert docker.engine_id(host.evidence(), "/data", ["unix:///run/docker.sock"]) is None
    assert host.not_measured == {"/engine_id": "the engine does not say"}


def test_a_sensor_says_its_version_only_where_it_is_the_hosts_own(host: Host) -> None:
    host.has("falco", "echo 'Falco version: 0.38.1 (x86_64)'")
    roots.make(host.root, {f"{host.programs}/falco": "x", "/var/log/falco.log": "x"})
    (falco,) = sensors.collect(host.evidence())
    assert (falco["name"], falco["version"], falco["is_running"]) == ("falco", "0.38.1", False)
    assert falco["last_sign"].startswith("20") and falco["path"] == f"{host.programs}/falco"
    inside = {"/proc/9/comm": "falco", "/proc/9/cgroup": "0::/system.slice/docker-" + "a" * 64 + ".scope"}
    roots.make(host.root, inside | {"/proc/9/status": "Uid:\t0\t0\t0\t0\nCapEff:\t00000000a80425fb\n"})
    (falco,) = sensors.collect(host.evidence())
    assert not falco["is_running"], "what cannot watch others is no sensor, whatever it calls itself"
    roots.make(host.root, {"/proc/9/status": "Uid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffff\n"})
    (falco,) = sensors.collect(host.evidence())
    assert falco["is_running"] and falco["version"] is None
    assert host.not_measured == {"/0/version": "it runs in a container, where nothing is asked"}
