"""What must hold before anything is started; every refusal says what to do."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import psutil

LEAST_FREE_BYTES = 300 * 1024 * 1024


class Refusal(Exception):
    """The program cannot start; the message is for the person at the terminal."""


@dataclass(frozen=True)
class Address:
    """Where the web server listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """What a person types into a browser on this machine."""
        host = "localhost" if self.host in {"0.0.0.0", "::", ""} else self.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def bind(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address() -> Address:
    """From HOST (default 127.0.0.1) and PORT (default 8000); raises Refusal when PORT is no port."""
    text = os.environ.get("PORT") or "8000"
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise Refusal(f"PORT is {text!r}: it must be a number from 1 to 65535.")
    return Address(os.environ.get("HOST") or "127.0.0.1", int(text))


def data_folder(var: Path) -> None:
    """Make sure that the data folder exists, can be written and has room."""
    try:
        var.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=var) as file:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Refusal(
            f"The data folder {var} cannot be written: {error.strerror}. "
            "Make room or give yourself the right, or choose another folder with PLIMSOLL_VAR."
        ) from None
    free = shutil.disk_usage(var).free
    if free < LEAST_FREE_BYTES:
        raise Refusal(
            f"Only {free // 2**20} MB are free where the data folder {var} lies; "
            f"at least {LEAST_FREE_BYTES // 2**20} MB are needed. "
            "Make room, or set PLIMSOLL_VAR to a folder on another disk."
        )


def only_instance(var: Path, where: Address) -> TextIO:
    """Lock the data folder for this process; the lock ends with the returned file or with the process."""
    lock = (var / "supervisor.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "unknown process"
        lock.close()
        raise Refusal(
            f"Plimsoll already runs on {var} ({holder}). Stop it first, or run a second one beside it: "
            f"PLIMSOLL_VAR=/another/folder PORT={where.port % 65535 + 1} make run"
        ) from None
    lock.seek(0)
    lock.truncate()
    lock.write(f"process {os.getpid()}, {where.url}\n")
    lock.flush()
    return lock


def port_is_free(where: Address) -> None:
    """Raise Refusal naming who holds the port, as far as the system tells."""
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(
            where.host, where.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror:
        raise Refusal(f"HOST is {where.host!r}, which is no address of this machine.") from None
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(target)
            return
        except OSError as error:
            reason = error
    if reason.errno == errno.EADDRINUSE:
        raise Refusal(
            f"Port {where.port} is taken{_holder(where.port)}. Stop that program, or choose another port: "
            f"PORT={where.port % 65535 + 1} make run"
        )
    if reason.errno == errno.EACCES:
        raise Refusal(f"Port {where.port} needs root. Choose one from 1024 up: PORT=8000 make run")
    raise Refusal(f"Cannot listen on {where.bind}: {reason.strerror}. Check HOST and PORT.")


def _holder(port: int) -> str:
    try:
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                # The kernel's own name of a process may be that of its first thread.
                holder = psutil.Process(connection.pid)
                return f" by {Path((holder.cmdline() or [holder.name()])[0]).name} (process {connection.pid})"
    except (psutil.Error, OSError):
        pass
    return " by another program"
