"""Finds, starts and stops the embedded PostgreSQL and Redis; nobody else knows that they exist.

With DATABASE_URL and REDIS_URL in the environment nothing here starts anything. Without them, whoever needs
the servers first starts them and whoever uses them last stops them: `make run`, a `manage.py` command in
another shell, or the test session. Every user of a data folder holds a shared lock on one file there, which
the kernel releases however its holder dies.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import parse_qsl, unquote, urlsplit

from posture.platform.embedded_postgres import Postgres, PostgresError
from posture.platform.embedded_redis import Redis, RedisError
from posture.platform.processes import write_private
from posture.platform.system_user import Account, SystemUserError, account, let_pass

# A unix socket path may have 103 characters on macOS and 107 on Linux; ".s.PGSQL.5432.lock" is the longest
# name.
_LONGEST_SOCKET_FOLDER = 103 - len("/.s.PGSQL.5432.lock")
_LOG_BYTES = 10 * 1024 * 1024


class EmbeddedError(Exception):
    """The embedded servers cannot be had. The message is for the person at the terminal."""


@dataclass(frozen=True)
class Services:
    """Where the database and the broker answer."""

    database_url: str
    redis_url: str


class Embedded:
    """The embedded servers of one data folder.

    `is_first` says after `start` that no other process used them then. `die_with_parent` ends them when this
    process dies in any way (Linux); `durable=False` trades crash safety for speed, for tests. `database` and
    `broker` say which of the two are wanted.
    """

    def __init__(
        self,
        var: Path | None = None,
        *,
        die_with_parent: bool = False,
        durable: bool = True,
        database: bool = True,
        broker: bool = True,
    ) -> None:
        self.var = (var or var_directory()).resolve()
        self._options: dict[str, bool] = {"die_with_parent": die_with_parent, "durable": durable}
        self._wanted = (database, broker)
        self._use: TextIO | None = None
        self.is_first = False

    def start(self, var: Path | None = None) -> Services:
        """Start what does not run yet, adopt what does. Returns where they answer; raises EmbeddedError."""
        if var is not None:
            self.var = var.resolve()
        try:
            self.var.mkdir(parents=True, exist_ok=True)
            user = account()
            sockets = _socket_folder(self.var, user)
            logs = self.var / "logs"
            logs.mkdir(exist_ok=True)
            with _exclusively(self.var):
                postgres, redis = self._servers(user, sockets)
                for server in (postgres, redis):
                    _keep_short(server.log)
                if self._wanted[0]:
                    postgres.start()
                if self._wanted[1]:
                    redis.start()
                self.is_first = self._use is None and _nobody_uses(self.var)
                self._hold()
                services = Services(postgres.url, redis.url)
                write_private(
                    self.var / "services.json",
                    json.dumps({"database_url": services.database_url, "redis_url": services.redis_url})
                    + "\n",
                )
        except (PostgresError, RedisError, SystemUserError) as error:
            raise EmbeddedError(str(error)) from None
        except OSError as error:
            place = error.filename or self.var
            raise EmbeddedError(
                f"{place}: {error.strerror or error}. The data folder must be writable."
            ) from None
        return services

    def stop(self, *, force: bool = True) -> bool:
        """Stop the servers; without `force` only when no other process uses them. True when they stopped."""
        try:
            with _exclusively(self.var):
                self._release()
                if not force and not _nobody_uses(self.var):
                    return False
                user = account()
                for server in reversed(self._servers(user, _socket_folder(self.var, user))):
                    server.stop()
                (self.var / "services.json").unlink(missing_ok=True)
        except (PostgresError, RedisError, SystemUserError) as error:
            raise EmbeddedError(str(error)) from None
        return True

    @property
    def expected(self) -> int:
        """How many servers `start` starts."""
        return sum(self._wanted)

    def pids(self) -> dict[str, int]:
        """Process ids of the servers that run, by name."""
        user = account()
        postgres, redis = self._servers(user, _socket_folder(self.var, user))
        found = {"postgres": postgres.pid(), "redis": redis.pid()}
        return {name: pid for name, pid in found.items() if pid is not None}

    def _servers(self, user: Account, sockets: Path) -> tuple[Postgres, Redis]:
        logs = self.var / "logs"
        return (
            Postgres(
                data=self.var / "postgres",
                sockets=sockets,
                log=logs / "postgres.log",
                user=user,
                **self._options,
            ),
            Redis(
                data=self.var / "redis", sockets=sockets, log=logs / "redis.log", user=user, **self._options
            ),
        )

    def _hold(self) -> None:
        if self._use is None:
            self._use = (self.var / "services.users").open("a")
            fcntl.flock(self._use, fcntl.LOCK_SH)

    def _release(self) -> None:
        if self._use is not None:
            self._use.close()
            self._use = None


def var_directory() -> Path:
    """The data folder: PLIMSOLL_VAR, else `var` beside the code."""
    default = Path(__file__).resolve().parents[2] / "var"
    return Path(os.environ.get("PLIMSOLL_VAR") or default).resolve()


def running(var: Path) -> Services | None:
    """Where the embedded servers of `var` answer; None unless both run and answer."""
    try:
        found = json.loads((var / "services.json").read_text())
        services = Services(found["database_url"], found["redis_url"])
        user = account()
        servers = Embedded(var)._servers(user, _socket_folder(var.resolve(), user))
    except (OSError, ValueError, KeyError, TypeError, SystemUserError):
        return None
    return services if all(server.pid() is not None and server.is_ready() for server in servers) else None


def ensure(var: Path, *, database: bool = True, broker: bool = True) -> Services:
    """The embedded servers of `var`, started when they do not run and stopped when their last user ends."""
    embedded = Embedded(var, database=database, broker=broker)
    services = embedded.start()
    if embedded.is_first:
        _leave_a_keeper(embedded.var)
    owner = os.getpid()

    def leave() -> None:
        # A forked child inherits this hook, but not the right to stop what its parent uses.
        if os.getpid() == owner:
            with contextlib.suppress(EmbeddedError):
                embedded.stop(force=False)

    atexit.register(leave)
    return services


def _leave_a_keeper(var: Path) -> None:
    """A process of its own that stops the servers when their last user is gone, however that one died.

    A fork and not a new interpreter: it costs a command nothing, and it only waits for a lock.
    """
    if (between := os.fork()) != 0:
        os.waitpid(between, 0)
        return
    try:
        os.setsid()
        if os.fork() == 0:
            # Neither the pipes of the caller nor its lock on the servers may live on here.
            os.closerange(0, 4096)
            for _ in range(3):
                os.open(os.devnull, os.O_RDWR)
            stopped = False
            while not stopped:
                with (var / "services.users").open("a") as users:
                    fcntl.flock(users, fcntl.LOCK_EX)
                stopped = Embedded(var).stop(force=False)
    finally:
        os._exit(0)


def services(var: Path) -> Services:
    """Where this installation's database and broker answer.

    DATABASE_URL and REDIS_URL (or the files that DATABASE_URL_FILE and REDIS_URL_FILE name) win; what is
    missing is embedded: running already, else started for the life of this process.
    """
    from posture.platform.secrets import from_environment

    database_url, redis_url = from_environment("DATABASE_URL"), from_environment("REDIS_URL")
    if database_url and redis_url:
        return Services(database_url, redis_url)
    own = ensure(var, database=not database_url, broker=not redis_url)
    return Services(database_url or own.database_url, redis_url or own.redis_url)


NETWORK_OPTIONS = {
    "connect_timeout": "10",  # seconds, as are the next two
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",  # milliseconds
}


def database_settings(url: str) -> dict[str, Any]:
    """Django's DATABASES entry for a `postgres://` or `postgresql://` URL.

    `postgresql://user@/name?host=/folder` names a unix socket; other query parameters become libpq options
    (sslmode, sslrootcert …). A server across a network that stops answering is noticed within a minute, unless the
    URL says otherwise (connect_timeout, tcp_user_timeout, keepalives_…). Raises ValueError, without the password in
    it, for anything else.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError(
            f"DATABASE_URL must begin with postgresql://, not {parts.scheme or 'nothing'}://: "
            "PostgreSQL is the only database."
        )
    try:
        port = parts.port
    except ValueError:
        raise ValueError("DATABASE_URL: the port is not a number from 0 to 65535.") from None
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", "") or unquote(parts.hostname or "")
    query_port = options.pop("port", "")
    if query_port and not query_port.isdigit():
        raise ValueError("DATABASE_URL: the port is not a number from 0 to 65535.")
    name = unquote(parts.path.lstrip("/")) or options.pop("dbname", "")
    if not name:
        raise ValueError("DATABASE_URL names no database: postgresql://user:password@host:5432/name.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or "") or options.pop("user", ""),
        "PASSWORD": unquote(parts.password or "") or options.pop("password", ""),
        "HOST": host,
        "PORT": str(port or query_port or ""),
        "OPTIONS": options if host.startswith("/") else NETWORK_OPTIONS | options,
    }


def broker_url(redis_url: str) -> str:
    """The Redis URL as Celery spells it: what everybody else calls `unix://` is `redis+socket://` there."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    number = dict(parse_qsl(parts.query)).get("db", "0")
    login = parts.netloc.rpartition("@")[0]
    return f"redis+socket://{login + '@' if login else ''}{parts.path}?virtual_host={number}"


def _socket_folder(var: Path, user: Account) -> Path:
    """A folder for the sockets that only `user` and root may enter; short, as socket paths must be."""
    folder = var / "run"
    if len(os.fsencode(folder)) > _LONGEST_SOCKET_FOLDER:
        digest = hashlib.sha256(os.fsencode(var)).hexdigest()[:12]
        folder = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"plimsoll-{digest}"
        if len(os.fsencode(folder)) > _LONGEST_SOCKET_FOLDER:
            folder = Path("/tmp") / f"plimsoll-{digest}"
    try:
        folder.mkdir(mode=0o700, parents=folder.parent == var)
        user.own(folder)
    except FileExistsError:
        found = folder.lstat()
        # In a shared folder like /tmp a stranger could have put a folder or a link of that name there first.
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {user.uid, os.geteuid()}:
            raise SystemUserError(
                f"{folder} belongs to someone else. Remove it, or choose a shorter data folder "
                "with PLIMSOLL_VAR."
            ) from None
        user.own(folder)
        folder.chmod(0o700)
    let_pass(user, folder.parent)
    return folder


@contextlib.contextmanager
def _exclusively(var: Path) -> Iterator[None]:
    """One process at a time starts or stops the servers of a data folder."""
    with (var / "services.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _nobody_uses(var: Path) -> bool:
    with (var / "services.users").open("a") as users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _keep_short(log: Path) -> None:
    """Logs of the embedded servers are kept for one turn: the current file and the one before."""
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
