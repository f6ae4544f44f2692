"""Which dockerd is told of, and how its command line and daemon.json set it."""

import os
from typing import Any, Dict, List, NamedTuple, Optional

from scanners.probe import bundles, docker_settings, programs, units
from scanners.probe.reading import Reader

ROOT = "/var/lib/docker"
CONFIG = "/etc/docker/daemon.json"
_NAMES = ("dockerd", "dockerd-current")  # the second is that of the packages of RHEL 7


class Daemon(NamedTuple):
    """One dockerd, or where it would be if it ran. `words` is its command line without its own name."""

    pid: Optional[int]
    user: int
    home: str
    words: List[str]
    is_rootless: bool


class Effective(NamedTuple):
    """`settings` are None when the file cannot be read, for which `config_error` has the reason. `root_dir` is where the
    daemon keeps everything: with user namespaces, the folder that holds one folder for each mapping."""

    daemon: Daemon
    config_file: str
    config_error: str
    settings: Optional[Dict[str, Any]]
    root_dir: str


def daemon(reader: Reader) -> Daemon:
    """The daemon that runs, the one of root before that of a user; else what its unit would start."""
    running = programs.of_host(reader, *_NAMES)
    found = []
    for process in running:
        words = programs.words(reader, process.pid)
        if not words or os.path.basename(words[0]) not in _NAMES:
            continue
        user = programs.user(reader, process.pid) or 0
        home = programs.accounts(reader).get(user, "/root")
        found.append(Daemon(process.pid, user, home, words[1:], user != 0 or "--rootless" in words))
    if len(found) > 1:
        reader.skip("dockerd", "more than one runs: what is told is of one")
    if found:
        return min(found, key=lambda one: (one.is_rootless, one.pid))
    return Daemon(None, 0, "/root", units.command(reader, "docker.service")[1:], False)


def effective(reader: Reader) -> Effective:
    """The command line over daemon.json. The engine refuses to start when both say the same setting."""
    one = reader.once(daemon)
    said = docker_settings.of_command_line(one.words)
    own = one.home + "/.config/docker/daemon.json" if one.is_rootless else CONFIG
    path = absolute(said.pop("config-file", ""), own)
    error = ""
    settings: Optional[Dict[str, Any]] = None
    document = bundles.parsed(reader, path)
    if document is not None:
        settings = docker_settings.merged(docker_settings.of_file(document), said)
    elif reader.reason(path):
        error = reader.reason(path)
    else:
        settings = said
    known = settings if settings is not None else said
    default = one.home + "/.local/share/docker" if one.is_rootless else ROOT
    return Effective(one, path, error, settings, absolute(known.get("data-root"), default))


def absolute(path: Any, otherwise: str) -> str:
    return path if isinstance(path, str) and path.startswith("/") else otherwise
