"""What a pull costs beyond the engine's own answers, and how many nodes one worker pulls in a minute.

    python -m benchmarks.pulls one  --containers 500
    python -m benchmarks.pulls many --nodes 1000 --containers 50

Engines are replayed from recorded answers (`benchmarks.replay`). `one` compares a pull with the time of the same API
calls, as bare HTTP and as the docker SDK makes them, and an unchanged second pull with the first. `many` runs a real
Celery worker with two processes and reports nodes a minute, the worker's peak memory, and the size of the database.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.installation import prepare
from benchmarks.worker import ROOT, pull_all


@contextmanager
def replay(folder: Path, engines: int, containers: int) -> Iterator[list[Path]]:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "benchmarks.replay",
            "--engines",
            str(engines),
            "--containers",
            str(containers),
        ]
        + ["--dir", str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        if "ready" not in process.stdout.readline():
            raise SystemExit("the replay server did not start")
        yield sorted(folder.glob("engine-*.sock"))
    finally:
        process.terminate()
        process.wait()


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


def bare_calls(path: Path) -> tuple[float, int]:
    """(seconds, number) of the calls that a pull makes, on one kept connection, each answer parsed as JSON."""
    import msgspec

    connection = UnixConnection(path)
    calls = 0

    def get(url: str) -> Any:
        nonlocal calls
        calls += 1
        connection.request("GET", url)
        return msgspec.json.decode(connection.getresponse().read() or b"null")

    started = time.perf_counter()
    api = "/v" + get("/version")["ApiVersion"]
    get(f"{api}/info")
    containers = get(f"{api}/containers/json?all=1")
    images = get(f"{api}/images/json")
    for url in ("networks", "volumes", "plugins"):
        get(f"{api}/{url}")
    for image in images:
        get(f"{api}/images/{image['Id']}/json")
        get(f"{api}/images/{image['Id']}/history")
    for container in containers:
        get(f"{api}/containers/{container['Id']}/json")
        if container["State"] == "running":
            get(f"{api}/containers/{container['Id']}/top")
    return time.perf_counter() - started, calls


def sdk_calls(path: Path) -> float:
    """Seconds of the same calls made by the docker SDK, as a program that only reads the engine would make them."""
    import docker

    started = time.perf_counter()
    with contextlib.closing(docker.APIClient(base_url=f"unix://{path}", version="auto")) as client:
        client.info()
        containers = client.containers(all=True)
        images = client.images()
        client.networks(), client.volumes(), client.plugins()
        for image in images:
            client.inspect_image(image["Id"]), client.history(image["Id"])
        for container in containers:
            client.inspect_container(container["Id"])
            if container["State"] == "running":
                client.top(container["Id"])
    return time.perf_counter() - started


def register(paths: list[Path]) -> list[Any]:
    from posture.fleet.models import Environment, Node

    environment, _ = Environment.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
    Node.objects.bulk_create(
        Node(name=path.stem, address=f"unix://{path}", environment=environment, interval_seconds=86_400)
        for path in paths
    )
    return list(Node.objects.order_by("name"))


def pull(node: Any) -> tuple[float, dict[str, float]]:
    """(seconds of the whole pull, seconds by step) in this process."""
    from posture.collection import pipeline, schedule
    from posture.fleet.choices import PullTrigger

    queued, _ = schedule.queue_pull(node=node, trigger=PullTrigger.PERSON)
    started = time.perf_counter()
    pipeline.run(queued.pk, str(queued.token))
    elapsed = time.perf_counter() - started
    queued.refresh_from_db()
    if queued.state not in ("succeeded", "partial"):
        raise SystemExit(f"the pull {queued.state}: {queued.error}")
    steps = {
        step["name"]: (
            datetime.fromisoformat(step["finished_at"]) - datetime.fromisoformat(step["started_at"])
        ).total_seconds()
        for step in queued.steps
    }
    return elapsed, steps


WRITING = ("store", "settle", "roll_up")


def one(containers: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="plimsoll-bench-"))
    folder.chmod(0o711)
    with replay(folder, 1, containers) as paths:
        prepare(folder / "var")
        import_module("posture.collection.pipeline")  # as a worker has before its first pull
        node = register(paths)[0]
        bare, calls = min(bare_calls(paths[0]) for _ in range(3))
        first, first_steps = pull(node)
        rest = [pull(node) for _ in range(3)]
        second, second_steps = min(rest)
        bare = min(bare, *(bare_calls(paths[0])[0] for _ in range(2)))
        sdk = min(sdk_calls(paths[0]) for _ in range(3))
    print(f"one engine, {containers} containers, {calls} calls")
    print(f"  bare calls            {bare:7.2f} s   on one connection, without the SDK")
    print(f"  the SDK's calls       {sdk:7.2f} s")
    for name, seconds, steps in (
        ("first pull", first, first_steps),
        ("unchanged pull", second, second_steps),
    ):
        print(
            f"  {name:20}  {seconds:7.2f} s   {seconds / bare:.2f} x bare, {seconds / sdk:.2f} x SDK   {_text(steps)}"
        )
    written = sum(first_steps[name] for name in WRITING)
    again = sum(second_steps[name] for name in WRITING)
    print(f"  store, settle, roll up: {again:.3f} s unchanged, {written:.3f} s first = {again / written:.1%}")
    shutil.rmtree(folder, ignore_errors=True)


def _text(steps: dict[str, float]) -> str:
    return ", ".join(f"{name} {seconds:.2f}" for name, seconds in steps.items())


def many(nodes: int, containers: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="plimsoll-bench-"))
    folder.chmod(0o711)
    with replay(folder, nodes, containers) as paths:
        prepare(folder / "var")
        from django.db import connection

        register(paths)
        first = pull_all(folder, nodes)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            size = cursor.fetchone()[0]
        from django.utils import timezone

        from posture.fleet.models import Node

        Node.objects.update(next_due_at=timezone.now())
        second = pull_all(folder, nodes)
    print(f"{nodes} nodes x {containers} containers, one worker of two processes")
    for name, found in (("first", first), ("unchanged", second)):
        print(
            f"  {name:10} {found.per_minute:7.0f} nodes/min   peak memory of the worker "
            f"{found.together / 1e6:.0f} MB in all, {found.largest / 1e6:.0f} MB the largest process"
        )
    print(
        f"  database after the first round: {size / 1e6:.0f} MB, {size / nodes / containers:.0f} bytes a container"
    )
    shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("one", "many"))
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--containers", type=int, default=None)
    options = parser.parse_args()
    if options.what == "one":
        one(options.containers or 500)
    else:
        many(options.nodes, options.containers or 50)


if __name__ == "__main__":
    main()
