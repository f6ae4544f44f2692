"""`make run`: the whole of Plimsoll under one program. Ctrl-C ends it all.

Environment: HOST, PORT, PLIMSOLL_VAR, PLIMSOLL_ADMIN_PASSWORD, DATABASE_URL, REDIS_URL (the README lists them
all).
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import selectors
import signal
import socket
import sys
import time
from pathlib import Path

from posture.platform import mail_server, numbers
from posture.platform.children import Child, Recipe, Register, Terminal
from posture.platform.embedded import Embedded, EmbeddedError, var_directory
from posture.platform.preflight import Address, Refusal, address, data_folder, only_instance, port_is_free
from posture.platform.processes import follow_parent
from posture.platform.secrets import SecretError, credential_keys, from_environment, secret_key

ROOT = Path(__file__).resolve().parents[2]
# All children together, before the servers are stopped; the rest of the promised 15 s is for the database.
_BRISK_AFTER_SECONDS = 5.0
_KILL_AFTER_SECONDS = 8.0
_LOOK_AT_SERVERS_SECONDS = 2.0
_COMPLAIN_AFTER_SECONDS = 45.0


class Stop(Exception):
    """A signal asked for the end."""


class Supervisor:
    """Starts everything in order, keeps it alive, and ends it in the opposite order."""

    def __init__(self, var: Path, where: Address, terminal: Terminal) -> None:
        self.var, self.where, self.terminal = var, where, terminal
        self.register = Register(var)
        self.environment = os.environ | {
            "PYTHONUNBUFFERED": "1",
            "PLIMSOLL_VAR": str(var),
            # Celery's ten lines about root; ours is in `run`.
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
        }
        self.children: list[Child] = []
        self.embedded: Embedded | None = None
        self._selector = selectors.DefaultSelector()
        self._signals = 0
        self._wakeup, waker = socket.socketpair()
        for end_of_pair in (self._wakeup, waker):
            end_of_pair.setblocking(False)
        self._waker = waker
        self._selector.register(self._wakeup, selectors.EVENT_READ, None)
        self._ready = False
        self._began = time.monotonic()
        self._next_question = 0.0
        self._next_look = 0.0
        self._complained = False

    def say(self, text: str) -> None:
        self.terminal.line("plimsoll", text)

    # -- the life of the program

    def run(self) -> int:
        """Run until a signal; returns the exit status."""
        self._listen_for_signals()
        status = 0
        try:
            if os.geteuid() == 0:
                self.say("Running as root works; a user who may reach the Docker socket is the safer choice.")
            if leftovers := self.register.end_leftovers():
                self.say(f"Ended {len(leftovers)} processes that a killed run left behind.")
            self._start_servers()
            self._prepare()
            self._start_children()
            while True:
                self._turn(0.25)
                self._keep_alive()
                self._ask_for_health()
        except Stop:
            pass
        except (EmbeddedError, Refusal) as error:
            self.say(str(error))
            status = 1
        finally:
            self._stop()
        return status

    def _listen_for_signals(self) -> None:
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # nohup asks for the hang-up to be ignored: leave it so.
            if signal.getsignal(number) is not signal.SIG_IGN or number != signal.SIGHUP:
                signal.signal(number, self._signalled)
        # `make` may be killed in a way that it cannot pass on; then nobody else would stop us.
        if "MAKELEVEL" in os.environ:
            follow_parent(signal.SIGTERM)

    def _signalled(self, *_: object) -> None:
        self._signals += 1

    # -- start

    def _start_servers(self) -> None:
        database, broker = from_environment("DATABASE_URL"), from_environment("REDIS_URL")
        if database and broker:
            return
        names = " and ".join(
            name for name, given in (("PostgreSQL", database), ("Redis", broker)) if not given
        )
        self.say(f"Starting the embedded {names} in {self.var} …")
        self.embedded = Embedded(self.var, die_with_parent=True, database=not database, broker=not broker)
        services = self.embedded.start()
        if not database:
            self.environment["DATABASE_URL"] = services.database_url
        if not broker:
            self.environment["REDIS_URL"] = services.redis_url
        self._raise_on_signal()

    def _prepare(self) -> None:
        """Bring the tables up to date, then let a first run make its administrator and its first node."""
        for title, command in (
            ("Bringing the tables up to date", ("migrate", "--no-input", "--verbosity", "0")),
            ("Looking at this machine", ("first_run",)),
        ):
            self.say(f"{title} …")
            child = self._child(Recipe("setup", (sys.executable, str(ROOT / "manage.py"), *command)))
            child.start()
            self._watch(child)
            try:
                while not child.has_ended():
                    self._turn(0.25)
            finally:
                status = child.poll_status()
                self._unwatch(child)
                child.close()
            if status != 0:
                raise Refusal(f"manage.py {command[0]} failed (status {status}); its messages are above.")

    def _start_children(self) -> None:
        python, temporary = sys.executable, "/dev/shm" if Path("/dev/shm").is_dir() else str(self.var)
        # Scans take at most PLIMSOLL_SCANS of them, so that pulls always have the others.
        processes = numbers.whole("PLIMSOLL_WORKERS") + numbers.whole("PLIMSOLL_SCANS")
        recipes = (
            Recipe(
                "web",
                (python, "-m", "gunicorn", "posture.wsgi:application", "--preload", "--bind", self.where.bind,
                 "--workers", str(numbers.whole("PLIMSOLL_WEB_WORKERS")), "--threads", "4",
                 "--worker-class", "gthread", "--worker-tmp-dir", temporary, "--timeout", "60",
                 "--graceful-timeout", "4", "--log-level", "warning", "--no-control-socket"),
            ),
            Recipe(
                "worker",
                (python, "-m", "celery", "--quiet", "-A", "posture", "worker", "--pool", "prefork",
                 "--concurrency", str(processes), "--loglevel", "INFO",
                 "--without-gossip", "--without-mingle", "-O", "fair"),
            ),
            Recipe(
                "beat",
                (python, "-m", "celery", "--quiet", "-A", "posture", "beat", "--loglevel", "WARNING",
                 "--pidfile", "", "--schedule", str(self.var / "beat-schedule")),
                brisk=signal.SIGTERM,
            ),
        )  # fmt: skip
        for recipe in recipes:
            child = self._child(recipe)
            self.children.append(child)
            child.start()
            self._watch(child)
        self._remember()

    def _child(self, recipe: Recipe) -> Child:
        return Child(recipe, self.environment, ROOT, self.terminal)

    # -- while it runs

    def _turn(self, seconds: float) -> None:
        """Pass on output for up to `seconds`; raises Stop when a signal came."""
        self._drain(seconds)
        self._raise_on_signal()

    def _drain(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            if key.data is None:
                with contextlib.suppress(BlockingIOError):
                    self._wakeup.recv(512)
            elif not key.data.read():
                self._unwatch(key.data)

    def _raise_on_signal(self) -> None:
        if self._signals:
            raise Stop

    def _watch(self, child: Child) -> None:
        if (descriptor := child.output) is not None:
            self._selector.register(descriptor, selectors.EVENT_READ, child)

    def _unwatch(self, child: Child) -> None:
        if (descriptor := child.output) is not None:
            with contextlib.suppress(KeyError):
                self._selector.unregister(descriptor)

    def _keep_alive(self) -> None:
        now = time.monotonic()
        for child in self.children:
            if child.pid is not None and child.has_ended():
                self._unwatch(child)
                child.crashed()
            elif child.pid is None and now >= child.restart_at:
                child.start()
                self._watch(child)
                self._remember()
        if self.embedded is not None and now >= self._next_look:
            self._next_look = now + _LOOK_AT_SERVERS_SECONDS
            if len(self.embedded.pids()) < self.embedded.expected:
                self.say("An embedded server ended; it starts again.")
                self.embedded.start()

    def _remember(self) -> None:
        self.register.write([child.pid for child in self.children if child.pid is not None])

    def _ask_for_health(self) -> None:
        """Until the first good answer: say where to go, or after a while what is missing."""
        now = time.monotonic()
        if self._ready or now < self._next_question:
            return
        self._next_question = now + 0.3
        status, checks = self._health()
        if status == 200:
            self._ready = True
            self.say(f"Plimsoll is ready after {now - self._began:.1f} s: {self.where.url} (Ctrl-C stops it)")
        elif now - self._began > _COMPLAIN_AFTER_SECONDS and not self._complained:
            self._complained = True
            missing = [name for name, state in checks.items() if state != "ok"] or ["web"]
            self.say(f"Still waiting for: {', '.join(missing)}. Its messages are above.")

    def _health(self) -> tuple[int, dict[str, str]]:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.where.host, self.where.host)
        connection = http.client.HTTPConnection(host, self.where.port, timeout=3)
        try:
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read(65536)).get("checks", {})
        except (OSError, ValueError, http.client.HTTPException):
            return 0, {}
        finally:
            connection.close()

    # -- the end

    def _stop(self) -> None:
        """First nothing new (beat), then no more requests (web), then the work in hand (worker), then the
        servers.
        """
        self._signals = 0
        if self.children:
            self.say("Stopping …")
        began = time.monotonic()
        order = sorted(self.children, key=lambda child: ("beat", "web", "worker").index(child.name))
        for child in order:
            child.signal(child.recipe.graceful)
        brisk = False
        while not all(child.has_ended() for child in order):
            self._drain(0.1)
            waited = time.monotonic() - began
            # Whoever presses Ctrl-C again is in a hurry.
            if waited > _KILL_AFTER_SECONDS or self._signals:
                break
            if waited > _BRISK_AFTER_SECONDS and not brisk:
                brisk = True
                for child in order:
                    child.signal(child.recipe.brisk)
        for child in order:
            self._unwatch(child)
            child.close()
        if self.embedded is not None:
            try:
                self.embedded.stop()
            except EmbeddedError as error:
                self.say(str(error))
        self.register.clear()
        self._selector.close()
        if order:
            self.say(f"Stopped after {time.monotonic() - began:.1f} s.")


def main() -> int:
    """Check, run, and return the exit status: 0 after a signal, 1 after a refusal."""
    terminal = Terminal()
    try:
        numbers.check()
        where, var = address(), var_directory()
        data_folder(var)
        lock = only_instance(var, where)
        port_is_free(where)
        secret_key(var)
        credential_keys(var)
        mail_server.read()
        mail_server.public_url()
    except (Refusal, SecretError, numbers.NumberError, mail_server.MailServerError) as error:
        terminal.line("plimsoll", str(error))
        return 1
    with lock:
        return Supervisor(var, where, terminal).run()


if __name__ == "__main__":
    sys.exit(main())
