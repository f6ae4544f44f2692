"""Advisories of OSV for tests: real ones, made ones, and files of them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from scanners.advisories import osv
from scanners.advisories.records import Advisory, Entry, Limits
from scanners.records import Skipped

DATA = Path(__file__).parents[2] / "data" / "advisories" / "osv"
INTEL = Path(__file__).parents[4] / "shared" / "data" / "intel" / "osv"


def sample(name: str) -> Advisory:
    return osv.read_document((DATA / f"{name}.json").read_bytes())


def document(ecosystem: str = "PyPI", package: str = "thing", **more: Any) -> dict[str, Any]:
    """A small advisory; `affected` adds to its one package."""
    affected = {
        "package": {"ecosystem": ecosystem, "name": package},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.0"}]}],
        **more.pop("affected", {}),
    }
    return {"id": "GHSA-aaaa-bbbb-cccc", "modified": "2024-01-01T00:00:00Z", "affected": [affected], **more}


def read(told: dict[str, Any]) -> Advisory:
    return osv.read_document(json.dumps(told).encode())


def archive(path: Path, members: dict[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return path


def entries(path: Path, known: dict[str, str] | None = None, limits: Limits | None = None) -> list[Entry]:
    return [one for one in osv.read_file(path, known or {}, limits) if isinstance(one, Entry)]


def skipped(path: Path, known: dict[str, str] | None = None, limits: Limits | None = None) -> list[Skipped]:
    return [one for one in osv.read_file(path, known or {}, limits) if isinstance(one, Skipped)]
