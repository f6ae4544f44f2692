"""What checks on Docker's files and settings share, as the host probe reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scanners.checks.check import Verdict, failed, not_applicable, not_measured, passed
from scanners.checks.host_evidence import bits_beyond, told, unread
from scanners.host import Docker, FileStatus, HostFacts
from scanners.records import Outcome

# What Go's strconv.ParseBool takes, which reads the daemon's flags.
TRUE = ("1", "t", "T", "true", "TRUE", "True")
FALSE = ("0", "f", "F", "false", "FALSE", "False")


def docker_of(facts: HostFacts, *names: str) -> Docker | Verdict:
    """The host's Docker, or why it is not judged: there is none, or one of these facts of it could not be read."""
    if (why := facts.why("/docker")) or facts.docker is None:
        return not_measured(f"docker: {why}") if why else not_applicable("no Docker on this host")
    return unread(facts, *(f"/docker/{name}" for name in names)) or facts.docker


def settings_of(facts: HostFacts, *names: str) -> dict[str, Any] | Verdict:
    """The effective settings, or why some of those that are named are not known.

    A setting that is not in them has Docker's default.
    """
    docker = docker_of(facts, "settings", *(f"settings/{name}" for name in names))
    if isinstance(docker, Verdict):
        return docker
    return docker.settings or {}


def is_on(value: Any, default: bool) -> bool:
    """Whether a switch of the daemon is on: a JSON boolean, or the word of a flag."""
    word = str(value)
    return True if word in TRUE else False if word in FALSE else default


def entries(value: Any) -> list[str]:
    """A setting that is a list in daemon.json, and one flag or several on the command line."""
    if isinstance(value, str):
        return [value]
    return [str(item) for item in value] if isinstance(value, list | tuple) else []


def judge_files(
    facts: HostFacts,
    subject: str,
    owner: str,
    mode: str,
    allowed: int | Callable[[FileStatus], int],
    *,
    group: int | None = 0,
    unless: str = "",
) -> Verdict:
    """Owner root and a group (root unless told otherwise), and no bit of the mode outside of those allowed.

    `owner` and `mode` are the numbers of the CIS Docker Benchmark that get an outcome each. `group` None: the group is not
    known, and neither is whether the owner is right. `unless` says why a missing file is no answer.
    """
    docker = docker_of(facts, "files", f"files/{subject}")
    if isinstance(docker, Verdict):
        return docker
    files = docker.files.get(subject) or ()
    if not files:
        return not_measured(unless) if unless else not_applicable("there is no such file on this host")
    wanted = "0:0" if group == 0 else "root and the group docker"
    owners: list[str] = []
    modes: list[str] = []
    unclear: list[str] = []
    for file in files:
        if file.uid != 0 or (group is not None and file.gid != group):
            owners.append(f"{file.path}: owner {file.uid}:{file.gid}, not {wanted}")
        limit = allowed if isinstance(allowed, int) else allowed(file)
        beyond = bits_beyond(file.mode, limit)
        if beyond is None:
            unclear.append(f"{file.path}: the mode is not told")
        elif beyond:
            modes.append(f"{file.path}: mode {file.mode}, beyond {limit:04o}")
    outcomes = {
        owner: Outcome.FAIL if owners else Outcome.NOT_MEASURED if group is None else Outcome.PASS,
        mode: Outcome.FAIL if modes else Outcome.NOT_MEASURED if unclear else Outcome.PASS,
    }
    if group is None:
        unclear.append(told(facts, "/docker/group") or "the group is not known")
    right = [f"{file.path}: owner {file.uid}:{file.gid}, mode {file.mode}" for file in files[:10]]
    return per_number(outcomes, [*owners, *modes], unclear, right)


def per_number(
    outcomes: dict[str, Outcome], wrong: list[str], unclear: list[str], right: list[str]
) -> Verdict:
    """The verdict of a check that a benchmark numbers in parts, with the outcome of each number."""
    said = set(outcomes.values())
    if Outcome.FAIL in said:
        common = failed(*wrong, *unclear)
    elif Outcome.NOT_MEASURED in said:
        common = not_measured(*unclear)
    elif Outcome.PASS in said:
        common = passed(*right)
    else:
        common = not_applicable("none of them is on this host")
    return Verdict(common.outcome, common.evidence, per_requirement=outcomes)
