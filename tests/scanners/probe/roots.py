"""Small hosts made of files: what `tests/data/hosts/*.yaml` describes, as folders that the probe reads with --root."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from scanners.probe.collect import document

MAY_BE_ABSENT = {"docker", "rkt"}  # subjects that are null on a host without the thing
SITUATIONS = sorted((Path(__file__).parents[2] / "data" / "hosts").glob("*.yaml"))


def make(root: Path, files: Mapping[str, str | bytes], links: Mapping[str, str] | None = None) -> Path:
    for path, content in files.items():
        target = root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
    for path, leads_to in (links or {}).items():
        (root / path.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
        (root / path.lstrip("/")).symlink_to(leads_to)
    return root


def described(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text()))


def read(root: Path) -> dict[str, Any]:
    return document(str(root), seconds=30.0)


def at(found: Any, pointer: str) -> Any:
    """The value at a JSON pointer."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        found = found[int(name)] if isinstance(found, list) else found[name]
    return found
