"""`make run` from the first start to the last signal, with real processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg2
import pytest

from posture.platform import embedded
from posture.platform.processes import wait_until
from tests.platform.instances import PASSWORD, ROOT, Instance, free_port

pytestmark = pytest.mark.timeout(240)


def test_it_starts_answers_stops_on_ctrl_c_and_is_quicker_the_second_time(tmp_path: Path) -> None:
    with Instance(tmp_path / "var") as instance:
        first = instance.wait_ready()
        assert instance.get("/healthz") == (
            200,
            {"status": "ok", "checks": {"web": "ok", "database": "ok", "redis": "ok", "worker": "ok"}},
        )
        first_work = instance.cpu_seconds()
        remember(instance.var)

        status, seconds = instance.end(signal.SIGINT)
        assert status == 0
        assert wait_until(lambda: instance.left() == [], 2), instance.left()

        instance.start()
        second = instance.wait_ready()
        work = instance.cpu_seconds()
        starts = f"starts {first:.1f} and {second:.1f} s, {first_work:.1f} and {work:.1f} of CPU"
        print(f"{starts}, stop {seconds:.1f} s")  # noqa: T201
        # Processor time, because others use the machine too.
        assert work < first_work
        assert remembered(instance.var), "the data is kept"
        assert instance.end(signal.SIGTERM)[0] == 0
        assert wait_until(lambda: instance.left() == [], 2), instance.left()


def test_a_killed_run_leaves_nothing_and_the_next_start_is_clean(tmp_path: Path) -> None:
    with Instance(tmp_path / "var") as instance:
        instance.wait_ready()
        remember(instance.var)
        instance.end(signal.SIGKILL)
        if sys.platform == "linux":
            assert wait_until(lambda: instance.left() == [], 60), [p.cmdline() for p in instance.left()]

        instance.start()
        instance.wait_ready()
        assert remembered(instance.var)
        assert instance.get("/healthz")[0] == 200


def test_two_instances_run_side_by_side_and_a_third_in_their_way_is_refused(tmp_path: Path) -> None:
    with Instance(tmp_path / "one") as one, Instance(tmp_path / "two") as two:
        one.wait_ready()
        two.wait_ready()
        assert one.get("/healthz")[0] == two.get("/healthz")[0] == 200

        same_folder = Instance(one.var, free_port())
        same_folder.log = tmp_path / "same_folder.log"
        same_folder.start()
        assert same_folder.process is not None and one.process is not None
        assert same_folder.process.wait(timeout=30) == 1
        assert f"already runs on {one.var} (process {one.process.pid}, http://127.0.0.1:{one.port})" in (
            same_folder.output
        )

        same_port = Instance(tmp_path / "three", one.port)
        same_port.start()
        assert same_port.process is not None
        assert same_port.process.wait(timeout=30) == 1
        assert f"Port {one.port} is taken" in same_port.output
        assert f"PORT={one.port + 1} make run" in same_port.output
        assert "Traceback" not in same_port.output + same_folder.output
        assert one.get("/healthz")[0] == 200, "a refused start disturbs nobody"


def test_what_crashes_is_started_again(tmp_path: Path) -> None:
    with Instance(tmp_path / "var") as instance:
        instance.wait_ready()
        for words in ("celery --quiet -A posture worker", "gunicorn"):
            before = instance.child(words)
            before.kill()
            assert wait_until(lambda before=before: not before.is_running(), 10)

            def answers_again(words: str = words, before: psutil.Process = before) -> bool:
                try:
                    return instance.child(words).pid != before.pid and instance.get("/healthz")[0] == 200
                except (AssertionError, OSError, psutil.NoSuchProcess):
                    return False

            assert wait_until(answers_again, 40, interval=0.2), instance.output
        assert "worker ended (signal SIGKILL); it starts again in 1 s." in instance.output

        os.kill(embedded.Embedded(instance.var).pids()["redis"], signal.SIGKILL)
        assert wait_until(lambda: "An embedded server ended" in instance.output, 10)
        assert wait_until(lambda: instance.get("/healthz")[0] == 200, 40, interval=0.2), instance.output


def test_health_names_what_does_not_answer(tmp_path: Path) -> None:
    with Instance(tmp_path / "var") as instance:
        instance.wait_ready()
        pid = embedded.Embedded(instance.var).pids()["postgres"]
        os.kill(pid, signal.SIGSTOP)
        try:
            assert wait_until(lambda: instance.get("/healthz")[0] == 503, 15, interval=0.2)
            status, body = instance.get("/healthz")
        finally:
            os.kill(pid, signal.SIGCONT)
        assert status == 503
        assert body == {
            "status": "failing",
            "checks": {"web": "ok", "database": "failing", "redis": "ok", "worker": "ok"},
        }
        assert wait_until(lambda: instance.get("/healthz")[0] == 200, 15, interval=0.2)
        assert instance.get("/healthz", "POST")[0] == 405

        os.kill(instance.child("celery --quiet -A posture worker").pid, signal.SIGSTOP)
        worker_fails = {"web": "ok", "database": "ok", "redis": "ok", "worker": "failing"}
        assert wait_until(lambda: instance.get("/healthz")[1].get("checks") == worker_fails, 30, interval=0.2)


def test_the_administrator_s_password_is_not_in_any_process_s_arguments(tmp_path: Path) -> None:
    with Instance(tmp_path / "var") as instance:
        instance.wait_ready()
        for process in instance.family():
            assert PASSWORD not in " ".join(process.cmdline())


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"PORT": "eighty"}, "PORT is 'eighty': it must be a number from 1 to 65535."),
        ({"PORT": "70000"}, "PORT is '70000': it must be a number from 1 to 65535."),
        ({"HOST": "no.such.host.invalid"}, "HOST is 'no.such.host.invalid', which is no address of this"),
        ({"PLIMSOLL_VAR": "/proc/plimsoll"}, "The data folder /proc/plimsoll cannot be written"),
        ({"PLIMSOLL_SECRET_KEY": "short"}, "PLIMSOLL_SECRET_KEY is shorter than 32 characters."),
        ({"PLIMSOLL_CREDENTIAL_KEYS": "hush-hush"}, "Key 1 in PLIMSOLL_CREDENTIAL_KEYS is not a Fernet key"),
        ({"PLIMSOLL_SECRET_KEY_FILE": "/nowhere/key"}, "/nowhere/key, which cannot be read"),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_is_started(
    environment: dict[str, str], message: str, tmp_path: Path
) -> None:
    settings = {"PORT": str(free_port()), "PLIMSOLL_VAR": str(tmp_path / "var")} | environment
    result = subprocess.run(
        [sys.executable, "-m", "posture.platform.supervisor"],
        cwd=ROOT,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert result.returncode == 1
    assert message in result.stdout
    assert "Traceback" not in result.stdout + result.stderr
    assert "hush" not in result.stdout + result.stderr
    assert not (tmp_path / "var" / "postgres").exists()


def test_a_port_that_another_program_holds_is_refused_with_its_name(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        instance = Instance(tmp_path / "var", holder.getsockname()[1])
        instance.start()
        assert instance.process is not None
        assert instance.process.wait(timeout=30) == 1
        assert (
            f"is taken by {Path(psutil.Process().cmdline()[0]).name} (process {os.getpid()})"
            in instance.output
        )


def remember(var: Path) -> None:
    run(var, "CREATE TABLE remembered (word text); INSERT INTO remembered VALUES ('kept')")


def remembered(var: Path) -> bool:
    return run(var, "SELECT word FROM remembered") == ("kept",)


def run(var: Path, query: str) -> tuple[object, ...] | None:
    services = embedded.running(var)
    assert services is not None
    connection = psycopg2.connect(services.database_url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchone() if cursor.description else None
    finally:
        connection.close()
