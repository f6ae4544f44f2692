"""Which requirements of which framework a check's result is evidence for.

The mapping is written once, in `frameworks/*.yaml`, from the requirement to its checks. A link means "this
result is evidence for the item"; it never means that the item is met.
"""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import msgspec

FOLDER = Path(__file__).parent / "frameworks"


class Requirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One numbered item of a framework, told in our own words, with the checks that give evidence for it."""

    id: str
    title: str
    summary: str
    checks: tuple[str, ...]


class Framework(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A catalogue of duties in one version. `requirements` are those that a declared check speaks to."""

    id: str
    name: str
    version: str
    publisher: str
    id_scheme: str
    requirements: tuple[Requirement, ...]


class FrameworkError(Exception):
    """A framework file is not well-formed. The message names the file."""


def read_frameworks(folder: Path = FOLDER) -> dict[str, Framework]:
    """Every framework of a folder by id. Raises `FrameworkError` naming the file that is wrong."""
    frameworks: dict[str, Framework] = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            framework = msgspec.yaml.decode(path.read_bytes(), type=Framework)
        except msgspec.MsgspecError as error:
            raise FrameworkError(f"{path.name}: {error}") from error
        if framework.id != path.stem:
            raise FrameworkError(f"{path.name}: the id {framework.id} is not the file's name")
        ids = [requirement.id for requirement in framework.requirements]
        for id in ids:
            if ids.count(id) > 1:
                raise FrameworkError(f"{path.name}: the requirement {id} is listed twice")
        frameworks[framework.id] = framework
    return frameworks


FRAMEWORKS = MappingProxyType(read_frameworks())


def _by_check() -> dict[str, dict[str, tuple[str, ...]]]:
    links: dict[str, dict[str, tuple[str, ...]]] = {}
    for framework in FRAMEWORKS.values():
        for requirement in framework.requirements:
            for check in requirement.checks:
                of_check = links.setdefault(check, {})
                of_check[framework.id] = (*of_check.get(framework.id, ()), requirement.id)
    return links


_BY_CHECK = _by_check()


def requirements_of(check_id: str) -> dict[str, tuple[str, ...]]:
    """Framework id -> requirement ids that the check is evidence for; empty when it is evidence for none."""
    return dict(_BY_CHECK.get(check_id, {}))
