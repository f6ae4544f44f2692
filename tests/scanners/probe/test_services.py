"""What runs on the host and what it listens on: sensors, collectors of logs, time and sockets, recorded and real."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from scanners.probe import listeners, programs
from scanners.probe.collect import document
from scanners.probe.reading import Reader
from tests.scanners.probe import roots

ROOT = "Uid:\t0\t0\t0\t0\n"


def running(pid: int, *words: str, name: str = "", status: str = ROOT) -> dict[str, str]:
    command = "".join(word + "\0" for word in words)
    comm = name or words[0].rpartition("/")[2][:15]
    return {f"/proc/{pid}/cmdline": command, f"/proc/{pid}/comm": comm, f"/proc/{pid}/status": status}


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ([], set()),
        (["/usr/sbin/chronyd", "-F", "1"], {"chronyd"}),
        (["/usr/bin/python3", "-s", "/usr/sbin/firewalld", "--nofork"], {"python3", "firewalld"}),
        (["/opt/fluent/bin/ruby", "-Eascii-8bit", "/opt/fluent/bin/fluentd", "x"], {"ruby", "fluentd"}),
        (["vim", "/etc/fluentd"], {"vim"}),
        (["java", "-cp", "/a/b.jar", "org.logstash.Logstash"], {"java", "b.jar", "org.logstash.Logstash"}),
    ],
)
def test_a_program_is_known_by_what_it_was_started_as(words: list[str], names: set[str]) -> None:
    assert programs.called(words) == names


@pytest.mark.parametrize(
    ("files", "collectors"),
    [
        (
            running(9, "/usr/sbin/rsyslogd") | {"/etc/rsyslog.d/x.conf": "*.* @@logs.example:6514\n"},
            ["rsyslog"],
        ),
        (running(9, "rsyslogd") | {"/etc/rsyslog.conf": 'action(type="omfwd" target="logs")\n'}, ["rsyslog"]),
        (running(9, "rsyslogd") | {"/etc/rsyslog.conf": "# *.* @@logs\nmail.* -/var/log/mail\n"}, []),
        (
            running(9, "syslog-ng")
            | {"/etc/syslog-ng/syslog-ng.conf": 'destination d { network("logs" port(6514)); };'},
            ["syslog-ng"],
        ),
        (running(9, "/lib/systemd/systemd-journald", name="systemd-journal"), []),
        (running(9, "/lib/systemd/systemd-journal-upload", name="systemd-journal"), ["journal-upload"]),
        (
            running(9, "/usr/bin/promtail") | running(10, "/fluent-bit/bin/fluent-bit"),
            ["fluent-bit", "promtail"],
        ),
    ],
)
def test_who_carries_logs_off_the_host(tmp_path: Path, files: dict[str, str], collectors: list[str]) -> None:
    found = roots.read(roots.make(tmp_path, files))
    assert found["log_collectors"] == collectors


def test_a_syslog_whose_settings_cannot_be_read_is_not_measured(tmp_path: Path) -> None:
    root = roots.make(tmp_path, running(9, "rsyslogd"))
    (root / "etc/rsyslog.conf").mkdir(parents=True)
    found = roots.read(root)
    assert found["log_collectors"] is None
    assert found["not_measured"]["/log_collectors"] == "/etc/rsyslog.conf: not a regular file"


@pytest.mark.parametrize("user", [0, 1000])
def test_a_user_cannot_pretend_that_a_sensor_runs(tmp_path: Path, user: int) -> None:
    status = f"Uid:\t{user}\t{user}\t{user}\t{user}\n"
    found = roots.read(roots.make(tmp_path, running(9, "auditd", status=status) | {"/usr/sbin/auditd": "x"}))
    assert found["audit"]["is_running"] is (user == 0)
    (sensor,) = found["sensors"]
    assert sensor["name"] == "auditd" and sensor["is_running"] is (user == 0)


def test_time_that_timesyncd_takes_from_where_it_was_built_to(tmp_path: Path) -> None:
    files = {"/etc/systemd/timesyncd.conf": "[Time]\n#NTP=\n#FallbackNTP=0.example 1.example\n"}
    assert roots.read(roots.make(tmp_path, files))["time"]["servers"] == []
    roots.make(tmp_path, running(9, "/usr/lib/systemd/systemd-timesyncd", name="systemd-timesyn"))
    said = roots.read(tmp_path)["time"]
    assert (said["services"], said["servers"]) == (["systemd-timesyncd"], ["0.example", "1.example"])
    roots.make(tmp_path, {"/etc/systemd/timesyncd.conf.d/own.conf": "[Time]\nNTP=ntp.example\n"})
    assert roots.read(tmp_path)["time"]["servers"] == ["ntp.example"]


@pytest.mark.parametrize(
    ("printed", "address"),
    [
        ("0100007F", "127.0.0.1"),
        ("00000000000000000000000001000000", "::1"),
        ("0000000000000000FFFF00000100007F", "127.0.0.1"),
        ("B80D0120000000000000000001000000", "2001:db8::1"),
    ],
)
def test_addresses_as_the_kernel_prints_them(
    printed: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.byteorder", "little")
    assert listeners.text_of(printed) == address
    monkeypatch.setattr("sys.byteorder", "big")
    swapped = b"".join(bytes.fromhex(printed)[at : at + 4][::-1] for at in range(0, len(printed) // 2, 4))
    assert listeners.text_of(swapped.hex()) == address


@pytest.mark.parametrize(
    "line", ["0: zz:0016 00000000:0000 0A 0 0 0 0 0 1", "0: 01:0016 00000000:0000 0A 0 0 0 0 0 1"]
)
def test_a_line_of_sockets_that_is_none_is_listed(tmp_path: Path, line: str) -> None:
    found = roots.read(roots.make(tmp_path, {"/proc/net/tcp": line}))
    assert found["listeners"] == []
    assert {"where": "/proc/net/tcp", "reason": "a line cannot be understood"} in found["skipped"]


def test_sockets_of_this_machine_are_listed_with_their_program() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(("127.0.0.1", 0))
        found = {(one["protocol"], one["port"]): one for one in document()["listeners"]}
        tcp = found["tcp", server.getsockname()[1]]
        assert ("udp", datagrams.getsockname()[1]) in found
    assert tcp["address"] == "127.0.0.1"
    if os.geteuid() == 0:
        assert tcp["program"] == str(Path("/proc/self/exe").resolve())


def test_processes_that_end_while_they_are_read_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = roots.make(tmp_path, running(1, "init") | running(9, "falco"))
    gone = Reader.names

    def names(reader: Reader, path: str) -> list[str] | None:
        return ["1", "9", "10", "11"] if path == "/proc" else gone(reader, path)

    monkeypatch.setattr(Reader, "names", names)
    found = roots.read(root)
    assert [sensor["name"] for sensor in found["sensors"]] == ["falco"] and found["skipped"] == []


def test_a_backup_is_shown_by_what_starts_it(tmp_path: Path) -> None:
    files = {
        "/etc/systemd/system/never.timer": "[Timer]\n",
        "/etc/systemd/system/never.service": "[Service]\nExecStart=/usr/bin/kopia snapshot\n",
        "/usr/lib/systemd/system/nightly.timer": "[Timer]\nUnit=save.service\n",
        "/usr/lib/systemd/system/save.service": "[Service]\nExecStart=/bin/sh -c 'borgmatic --password hunter2'\n",
        "/etc/systemd/system/timers.target.wants/nightly.timer": "",
        "/var/lib/systemd/timers/stamp-nightly.timer": "",
        "/etc/cron.daily/save": "#!/bin/sh\n# duplicity\nexec rsnapshot daily\n",
        "/etc/crontab": "# 1 * * * * root restic backup\n0 1 * * * root /usr/local/bin/not-restic\n",
        "/etc/bacula/bacula-fd.conf": "x",
    }
    files |= running(9, "/usr/sbin/bacula-fd", "-c", "/etc/bacula/bacula-fd.conf")
    root = roots.make(tmp_path, files)
    os.utime(root / "var/lib/systemd/timers/stamp-nightly.timer", (1_700_000_000, 1_700_000_000))
    assert roots.read(root)["backups"] == [
        {"tool": "bacula-fd", "evidence": "/etc/bacula/bacula-fd.conf", "last_run": None},
        {
            "tool": "borgmatic",
            "evidence": "/usr/lib/systemd/system/nightly.timer",
            "last_run": "2023-11-14T22:13:20Z",
        },
        {"tool": "rsnapshot", "evidence": "/etc/cron.daily/save", "last_run": None},
    ]
