"""Who may import whom: the house stays a house."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = [
    {"platform"},
    {"base", "accounts", "history"},
    {"fleet"},
    {"images"},
    {"defences"},
    {"vulnerabilities", "compliance"},
    {"findings"},
    {"risk"},
    {"decisions"},
    {"trends"},
    {"gate"},
    {"runtime"},
    {"incidents"},
    {"integrations"},
    {"collection"},
]
LEVEL = {app: level for level, apps in enumerate(LAYERS) for app in apps}
SCANNERS_NEVER = {"posture", "django", "celery", "rest_framework", "psycopg2", "redis"}
SOCKETS = {"socket", "ssl", "docker", "paramiko", "requests", "urllib3", "http"}
AGENT = (
    ROOT / "scanners/probe/agent"
)  # the other end of a connector: it listens on the host, and enrols itself
# The doers of `scanners`, which only `collection` calls; records and pure readers may be used anywhere.
DOERS = (
    "scanners.connectors",
    "scanners.checks.run",
    "scanners.reports",
    "scanners.advisories.osv",
    "scanners.advisories.kev",
    "scanners.advisories.epss",
)
# Rooms of `scanners.advisories` that decide which package is affected: any app may ask them, so they read nothing.
DECIDES_OF_ADVISORIES = ("records", "names", "orderings", "versions", "ecosystems")
# What the defence matrix, a pure room, is judged from.
DEFENCES_MAY_USE = (
    "scanners.defences",
    "scanners.records",
    "scanners.host",
    "scanners.checks",
    "scanners.redaction",
)
ROOMS = [
    "choices",
    "models",
    "querysets",
    "actions",
    "ingest",
    "settle",
    "filtersets",
    "serializers",
    "views",
]


def imports(path: Path) -> list[tuple[str, bool]]:
    """(module, only for types) of every import of the file; a name imported from a package counts as module.name."""
    tree = ast.parse(path.read_text())
    for_types = {
        id(node)
        for test in ast.walk(tree)
        if isinstance(test, ast.If) and "TYPE_CHECKING" in ast.unparse(test.test)
        for node in ast.walk(test)
    }
    found: list[tuple[str, bool]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) in for_types) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [(f"{node.module}.{alias.name}", id(node) in for_types) for alias in node.names]
    return found


def python_files(folder: str) -> list[Path]:
    return [p for p in sorted((ROOT / folder).rglob("*.py")) if "migrations" not in p.parts]


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


@pytest.mark.parametrize("path", python_files("scanners"), ids=lambda p: str(p.relative_to(ROOT)))
def test_scanners_know_nothing_of_the_server_and_only_connectors_and_the_agent_open_sockets(
    path: Path,
) -> None:
    for module, _ in imports(path):
        top = module.split(".")[0]
        assert top not in SCANNERS_NEVER, f"{path}: {module}"
        if top in SOCKETS:
            assert "connectors" in path.parts or path.is_relative_to(AGENT), (
                f"{path}: {module} opens sockets outside scanners/connectors and the probe's agent"
            )


@pytest.mark.parametrize("path", python_files("scanners/probe"), ids=lambda p: str(p.relative_to(ROOT)))
def test_the_probe_needs_nothing_but_python(path: Path) -> None:
    for module, _ in imports(path):
        assert within(module, "scanners.probe") or module.split(".")[0] in sys.stdlib_module_names, (
            f"{path}: {module}"
        )


@pytest.mark.parametrize("path", python_files("scanners/defences"), ids=lambda p: str(p.relative_to(ROOT)))
def test_the_defence_matrix_is_judged_from_records_alone(path: Path) -> None:
    for module, _ in imports(path):
        top = module.split(".")[0]
        assert top in {*sys.stdlib_module_names, "msgspec", "scanners"}, f"{path}: {module}"
        if top == "scanners":
            assert any(within(module, part) for part in DEFENCES_MAY_USE), f"{path}: {module}"
            assert not any(within(module, doer) for doer in DOERS), f"{path}: {module}"


@pytest.mark.parametrize("path", python_files("scanners"), ids=lambda p: str(p.relative_to(ROOT)))
def test_no_other_room_of_scanners_knows_the_defence_matrix(path: Path) -> None:
    if "defences" not in path.parts:
        assert not any(within(module, "scanners.defences") for module, _ in imports(path)), path


@pytest.mark.parametrize("room", DECIDES_OF_ADVISORIES)
def test_whether_a_package_is_affected_is_decided_without_a_reader(room: str) -> None:
    path = ROOT / "scanners/advisories" / f"{room}.py"
    for module, _ in imports(path):
        assert not any(within(module, doer) for doer in DOERS), f"{path}: {module}"


@pytest.mark.parametrize("path", python_files("posture"), ids=lambda p: str(p.relative_to(ROOT)))
def test_lower_apps_never_import_higher_ones(path: Path) -> None:
    parts = path.relative_to(ROOT / "posture").parts
    app = parts[0]
    if app not in LEVEL:
        return
    for module, only_types in imports(path):
        other = module.split(".")[1] if module.startswith("posture.") else ""
        if other in LEVEL and other != app and not only_types:
            assert LEVEL[other] <= LEVEL[app], f"{path}: {app} imports {module}"


@pytest.mark.parametrize("path", python_files("posture"), ids=lambda p: str(p.relative_to(ROOT)))
def test_only_collection_calls_what_scanners_do(path: Path) -> None:
    if "collection" in path.parts:
        return
    for module, _ in imports(path):
        assert not any(within(module, doer) for doer in DOERS), f"{path}: {module}"


@pytest.mark.parametrize("path", python_files("posture"), ids=lambda p: str(p.relative_to(ROOT)))
def test_rooms_of_an_app_import_one_way(path: Path) -> None:
    parts = path.relative_to(ROOT / "posture").parts
    if len(parts) != 2 or path.stem not in ROOMS:
        return
    allowed = {
        "choices": set(),
        "querysets": {"choices"},
        "models": {"choices", "querysets"},
        "actions": {"choices", "querysets", "models", "ingest", "settle", "actions", "credentials"},
        "ingest": {"choices", "querysets", "models"},
        "settle": {"choices", "querysets", "models"},
        "filtersets": {"choices", "querysets", "models"},
        "serializers": {"choices", "querysets", "models", "serializers", "figures", "ingest"},
        "views": {*ROOMS},
    }[path.stem]
    for module, only_types in imports(path):
        pieces = module.split(".")
        if pieces[:2] == ["posture", parts[0]] and len(pieces) > 2 and pieces[2] in ROOMS and not only_types:
            assert pieces[2] in allowed, f"{path}: {path.stem} imports {pieces[2]}"


def test_nobody_but_settings_and_the_supervisor_knows_the_embedded_servers() -> None:
    allowed = {"settings", "supervisor", "preflight", "healthcheck"}
    for path in python_files("posture"):
        if path.stem in allowed or path.stem.startswith("embedded"):
            continue
        assert not any(within(module, "posture.platform.embedded") for module, _ in imports(path)), path
