"""Grype finds vulnerable packages in an image, by a database of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from scanners.archives import Archive
from scanners.tools import places, process
from scanners.tools.layouts import unpacked
from scanners.tools.process import Ended, crashed
from scanners.tools.tool import IsCancelled, Located, Missing, ToolError, ToolLimits, ToolSettings, Version

NAME = "grype"
TITLE = "Grype"
HAS_DATABASE = True
# Grype's words, in lower case, when it has no database, or none that it can use.
_NO_DATABASE = (
    "failed to load vulnerability db",
    "db could not be loaded",
    "database does not exist",
    "no database available",
    "unable to update vulnerability database",
)
_UNREADABLE = (
    "unable to load image",
    "could not determine source",
    "errors occurred attempting to resolve",
    "unexpected eof",
    "invalid tar header",
)


class _Version(msgspec.Struct):
    version: str = ""


class _Status(msgspec.Struct):
    built: datetime | None = None


def find(settings: ToolSettings) -> Located | Missing:
    return places.find(NAME, settings.program)


def version(settings: ToolSettings, folder: Path) -> Version:
    program = str(places.required(find(settings)))
    try:
        said = msgspec.json.decode(
            _asked(program, ("version", "-o", "json"), folder, settings), type=_Version
        )
    except msgspec.MsgspecError:
        raise ToolError("crashed", "Grype does not tell its version.") from None
    try:
        # Without a database it answers with another status, or with no time.
        built = msgspec.json.decode(
            _asked(program, ("db", "status", "-o", "json"), folder, settings), type=_Status
        ).built
    except msgspec.MsgspecError:
        built = None
    return Version(tool=said.version, data_at=built)


def _asked(program: str, words: tuple[str, ...], folder: Path, settings: ToolSettings) -> bytes:
    output = folder / "answer.json"
    process.run(
        [program, *words],
        folder=folder,
        output=output,
        limits=process.BRIEF,
        environment=_environment(settings) | {"GRYPE_DB_AUTO_UPDATE": "false"},
    )
    return output.read_bytes()


def scan(
    archive: Archive, folder: Path, settings: ToolSettings, limits: ToolLimits, is_cancelled: IsCancelled
) -> Path:
    report = folder / f"{NAME}.json"
    image = unpacked(archive, folder, limits)
    ended = process.run(
        [
            str(places.required(find(settings))),
            f"{image.layout}:{image.path}",
            *("--output", "json"),
            *("--scope", "squashed"),
        ],
        folder=folder,
        output=report,
        limits=limits,
        environment=_environment(settings),
        is_cancelled=is_cancelled,
    )
    if ended.status != 0:
        raise _failure(ended)
    return report


def _environment(settings: ToolSettings) -> dict[str, str]:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    environment: Mapping[str, str] = {
        "GRYPE_CHECK_FOR_APP_UPDATE": "false",
        "GRYPE_DB_CACHE_DIR": settings.cache or str(Path(base, NAME, "db")),
        "GRYPE_DB_AUTO_UPDATE": str(not settings.offline).lower(),
        # How old the data is stands on the scan; an old database still finds more than none.
        "GRYPE_DB_VALIDATE_AGE": "false",
    }
    return {**environment, **({} if settings.offline else process.way_out())}


def _failure(ended: Ended) -> ToolError:
    """What Grype's exit means."""
    said = ended.said.lower()
    if any(words in said for words in _NO_DATABASE):
        return ToolError("no_database", f"Grype has no vulnerability database: {ended.said}")
    if any(words in said for words in _UNREADABLE):
        return ToolError("unreadable", f"Grype cannot read the image: {ended.said}")
    return crashed(TITLE, ended)
