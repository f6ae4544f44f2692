"""A scanner as a process: limits hold, nothing of it is left, and nothing of ours is told to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from scanners.tools import process
from scanners.tools.slots import slot
from scanners.tools.tool import ToolError, ToolLimits
from tests.workers import wait_for

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def program(tmp_path: Path, text: str) -> Path:
    """A scanner of our own, in Python."""
    path = tmp_path / "scanner"
    path.write_text(f"#!{sys.executable} -IS\nimport os, sys, time, signal, subprocess\n{text}\n")
    path.chmod(0o755)
    return path


def ran(tmp_path: Path, folder: Path, text: str, **changes: object) -> process.Ended:
    limits = ToolLimits(**{"seconds": 20.0, "report_bytes": 1 << 20, "disk_bytes": 1 << 22, **changes})
    return process.run(
        [str(program(tmp_path, text))],
        folder=folder,
        output=folder / "report",
        limits=limits,
        environment={},
    )


def test_its_output_is_the_report_and_its_errors_are_kept(tmp_path: Path, folder: Path) -> None:
    ended = ran(tmp_path, folder, "print('{}'); sys.stderr.write('a warning\\n'); sys.exit(3)")
    assert (ended.status, ended.said) == (3, "a warning")
    assert (folder / "report").read_text() == "{}\n"


def test_it_knows_nothing_of_our_environment(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLIMSOLL_SECRET_KEY", "of ours")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:word@proxy")
    ran(tmp_path, folder, "print(sorted(os.environ)); print(os.getcwd() == os.environ['HOME'])")
    names, at_home = (folder / "report").read_text().splitlines()
    assert "PLIMSOLL" not in names and "PROXY" not in names and "PATH" not in names
    assert at_home == "True"


def test_it_is_nice_and_dumps_no_core(tmp_path: Path, folder: Path) -> None:
    ran(
        tmp_path,
        folder,
        "import resource; print(os.nice(0), resource.getrlimit(resource.RLIMIT_CORE)[0], os.getpgid(0) == os.getpid())",
    )
    assert (folder / "report").read_text() == "10 0 True\n"


def test_one_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path, folder: Path) -> None:
    pids = tmp_path / "pids"
    text = (
        "child = subprocess.Popen(['/bin/sleep', '600'])\n"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)"
    )
    began = time.monotonic()
    with pytest.raises(ToolError) as caught:
        ran(tmp_path, folder, text, seconds=1.0)
    assert caught.value.code == "timed_out" and time.monotonic() - began < 60
    for pid in pids.read_text().split():
        wait_for(f"process {pid} to be gone", lambda pid=pid: not is_running(int(pid)))


def is_running(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_a_report_without_end_is_cut_off(tmp_path: Path, folder: Path) -> None:
    text = "while True: os.write(1, b'x' * 65536)"
    with pytest.raises(ToolError, match="report is larger than the limit of 1 MiB") as caught:
        ran(tmp_path, folder, text)
    assert caught.value.code == "too_large" and (folder / "report").stat().st_size <= 1 << 20


def test_ten_gigabytes_of_files_are_not_written(tmp_path: Path, folder: Path) -> None:
    text = "file = open('big', 'wb')\nfor _ in range(160000): file.write(b'x' * 65536); file.flush()"
    with pytest.raises(ToolError, match="unpacks to more than") as caught:
        ran(tmp_path, folder, text)
    assert caught.value.code == "too_large" and process.size(folder) <= (1 << 22) + 65536


def test_many_small_files_count_together(tmp_path: Path, folder: Path) -> None:
    text = "for n in range(40): open(f'f{n}', 'wb').write(b'x' * (1 << 20)); time.sleep(0.1)"
    with pytest.raises(ToolError, match="unpacks to more than"):
        ran(tmp_path, folder, text)


def test_memory_has_an_end(tmp_path: Path, folder: Path) -> None:
    text = "held = bytearray(300 << 20)\nfor n in range(0, len(held), 4096): held[n] = 1\ntime.sleep(60)"
    with pytest.raises(ToolError, match="more than 200 MiB of memory") as caught:
        ran(tmp_path, folder, text, memory_bytes=200 << 20)
    assert caught.value.code == "too_large"


def test_endless_errors_are_bounded_and_their_end_is_what_is_kept(tmp_path: Path, folder: Path) -> None:
    text = "for n in range(20000): sys.stderr.write(f'line {n} ' + 'y' * 100 + '\\n')\nsys.exit(1)"
    said = ran(tmp_path, folder, text).said
    assert len(said) <= 1000 and "line 19999" in said


def test_secrets_and_our_folder_are_not_repeated(tmp_path: Path, folder: Path) -> None:
    text = (
        "sys.stderr.write('\\x1b[31mpassword=hunter2hunter2\\x1b[0m in ' + os.environ['HOME'])\nsys.exit(1)"
    )
    said = ran(tmp_path, folder, text).said
    assert "hunter2" not in said and str(folder) not in said and "\x1b" not in said


def test_an_order_to_stop_is_obeyed(tmp_path: Path, folder: Path) -> None:
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    with pytest.raises(ToolError) as caught:
        process.run(
            [str(program(tmp_path, "time.sleep(600)"))],
            folder=folder,
            output=folder / "report",
            limits=ToolLimits(seconds=60),
            environment={},
            is_cancelled=stop.is_set,
        )
    assert caught.value.code == "cancelled"


def test_a_child_that_keeps_the_output_open_is_not_waited_for(tmp_path: Path, folder: Path) -> None:
    began = time.monotonic()
    ended = ran(tmp_path, folder, "subprocess.Popen(['/bin/sleep', '600']); print('done')")
    assert ended.status == 0 and time.monotonic() - began < 60
    assert (folder / "report").read_text() == "done\n"


def test_it_ends_with_a_killed_worker_and_the_next_one_clears_up(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    scanner = program(tmp_path, f"open({str(pid)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)")
    worker = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys\nfrom pathlib import Path\nfrom scanners.tools import process\n"
            "from scanners.tools.slots import slot\nfrom scanners.tools.tool import ToolLimits\n"
            "with slot(Path(sys.argv[1]), 1) as folder:\n"
            "    (folder / 'image.tar').write_text('x')\n"
            "    process.run([sys.argv[2]], folder=folder, output=folder / 'r', limits=ToolLimits(), environment={})\n",
            str(tmp_path / "slots"),
            str(scanner),
        ],
        cwd=ROOT,
    )
    scanning = int(wait_for("the scanner to run", lambda: pid.exists() and pid.read_text()))
    with slot(tmp_path / "slots", 1) as folder:
        assert folder is None, "its only slot is in use"
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    wait_for("the scanner to end with its worker", lambda: not is_running(scanning))
    with slot(tmp_path / "slots", 1) as folder:
        assert folder is not None and list(folder.iterdir()) == []
    assert not (tmp_path / "slots" / "slot-0").exists()


def test_a_slot_is_emptied_whatever_is_in_it(tmp_path: Path) -> None:
    with slot(tmp_path, 1) as folder:
        assert folder is not None
        (folder / "closed" / "inner").mkdir(parents=True)
        (folder / "closed" / "inner" / "file").write_text("x")
        (folder / "closed").chmod(0)
        (folder / "link").symlink_to("/")
    assert [path.name for path in tmp_path.iterdir()] == ["slot-0.lock"] and Path("/bin").exists()


def test_a_program_that_is_not_there_is_said(tmp_path: Path, folder: Path) -> None:
    ended = process.run(
        [str(tmp_path / "nothing")],
        folder=folder,
        output=folder / "report",
        limits=ToolLimits(),
        environment={},
    )
    assert ended.status != 0
