"""The catalogue: every check found by walking the folder of checks, proven well-formed when loaded."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from scanners.checks import catalogue
from scanners.checks.check import ASSET_KINDS, Check


class CatalogueError(Exception):
    """A check file is not well-formed. The message names the file and what is wrong with it."""


def walk(package_path: Path, package_name: str) -> tuple[Check, ...]:
    """All checks below a package, ordered by id.

    Raises `CatalogueError` when a file declares no check or more than one, when its id is not its place in
    the folder, when a text is empty or an example is missing, and when two files declare the same id.
    """
    checks: dict[str, Check] = {}
    for module_info in pkgutil.walk_packages([str(package_path)], prefix=f"{package_name}."):
        if module_info.ispkg:
            continue
        module = importlib.import_module(module_info.name)
        path = module_info.name.removeprefix(f"{package_name}.")
        where = path.replace(".", "/") + ".py"
        declared = {name: value for name, value in vars(module).items() if isinstance(value, Check)}
        if len(declared) != 1:
            raise CatalogueError(f"{where}: declares {len(declared)} checks, expected exactly one")
        name, check = next(iter(declared.items()))
        for problem in problems_of(check, name, path):
            raise CatalogueError(f"{where}: {problem}")
        if check.id in checks:
            raise CatalogueError(f"{where}: the id {check.id} is already declared by another file")
        checks[check.id] = check
    return tuple(checks[id] for id in sorted(checks))


def problems_of(check: Check, function_name: str, path: str) -> list[str]:
    """What is wrong with one declaration. `path` is the dotted place of its file below the catalogue."""
    problems = []
    if check.id != path.replace("_", "-"):
        problems.append(f"the id {check.id} does not name this file")
    if function_name != path.rpartition(".")[2]:
        problems.append(f"the function {function_name} does not have the file's name")
    if check.subject not in ASSET_KINDS:
        problems.append(f"the subject {check.subject.__name__} is no kind of asset")
        return problems
    for field in ("title", "rationale", "remediation", "evidence_source"):
        if not getattr(check, field).strip():
            problems.append(f"the {field} is empty")
    if not check.good:
        problems.append("there is no good example")
    if not check.bad and not check.waits_for:
        problems.append("there is no bad example, and nothing that the check waits for is named")
    for example in (*check.good, *check.bad):
        if not check.takes(example.facts):
            problems.append(f"an example is {type(example.facts).__name__}, not {check.subject.__name__}")
    return problems


CATALOGUE: tuple[Check, ...] = walk(Path(catalogue.__file__).parent, catalogue.__name__)
BY_ID: dict[str, Check] = {check.id: check for check in CATALOGUE}
