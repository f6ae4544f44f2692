"""Trivy finds vulnerable packages and secrets in an image, by a database of its own or by that of a Trivy server.

Its flags are those of Trivy 0.57 and newer (https://trivy.dev, "CLI reference: image").
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from scanners import typed
from scanners.archives import Archive
from scanners.tools import places, process
from scanners.tools.layouts import unpacked
from scanners.tools.process import Ended, crashed
from scanners.tools.tool import IsCancelled, Located, Missing, ToolError, ToolLimits, ToolSettings, Version

NAME = "trivy"
TITLE = "Trivy"
HAS_DATABASE = True
# Trivy's words, in lower case, when it has no database, or none that it can use.
_NO_DATABASE = (
    "db error",  # of vulnerabilities, and of Java archives
    "failed to download vulnerability db",
    "failed to download java db",
    "cannot be specified on the first run",
    "old schema version",
)
_UNREADABLE = (
    "unable to initialize archive image",
    "unable to open",
    "unexpected eof",
    "invalid tar header",
    "failed to analyze",
    "gzip: invalid header",
)
_UNREACHABLE = ("twirp error", "connection refused", "no such host", "failed to scan: ")


class _Database(msgspec.Struct):
    UpdatedAt: datetime | None = None


class _Version(msgspec.Struct):
    Version: str = ""
    VulnerabilityDB: _Database | None = None


def find(settings: ToolSettings) -> Located | Missing:
    if settings.server and urlsplit(settings.server).scheme not in ("http", "https"):
        return Missing(
            reason=f"The address of the Trivy server must begin with http:// or https://; "
            f"it is {settings.server[:100]!r}."
        )
    return places.find(NAME, settings.program)


def version(settings: ToolSettings, folder: Path) -> Version:
    output = folder / "version.json"
    ended = process.run(
        [str(places.required(find(settings))), "version", "--format", "json", *_cache(settings)],
        folder=folder,
        output=output,
        limits=process.BRIEF,
        environment={},
    )
    try:
        said = typed.decode(output.read_bytes(), _Version)
    except msgspec.MsgspecError:
        raise crashed(TITLE, ended) from None
    database = None if settings.server else said.VulnerabilityDB
    return Version(tool=said.Version, data_at=database.UpdatedAt if database else None)


def scan(
    archive: Archive, folder: Path, settings: ToolSettings, limits: ToolLimits, is_cancelled: IsCancelled
) -> Path:
    program = places.required(find(settings))
    report = folder / f"{NAME}.json"
    ended = process.run(
        [
            *(str(program), "image", "--input", str(unpacked(archive, folder, limits).path)),
            *("--format", "json", "--list-all-pkgs", "--scanners", "vuln,secret"),
            *("--quiet", "--no-progress", "--timeout", f"{limits.seconds:.0f}s"),
            # Each image is looked at once, and only one process at a time may open a cache on disk.
            *("--cache-backend", "memory"),
            *_cache(settings),
            *_network(settings),
        ],
        folder=folder,
        output=report,
        limits=limits,
        environment=_environment(settings),
        is_cancelled=is_cancelled,
    )
    if ended.status != 0:
        raise _failure(ended, settings)
    return report


def _cache(settings: ToolSettings) -> tuple[str, ...]:
    return ("--cache-dir", settings.cache or str(_default_cache()))


def _default_cache() -> Path:
    """Where Trivy keeps its database for this user when it is run by hand."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / NAME


def _network(settings: ToolSettings) -> tuple[str, ...]:
    if settings.server:
        return ("--server", settings.server)
    if settings.offline:
        return ("--offline-scan", "--skip-db-update", "--skip-java-db-update")
    return (
        "--offline-scan",
    )  # the database may be fetched, but nothing is asked about the image's own contents


def _environment(settings: ToolSettings) -> Mapping[str, str]:
    environment = {"TRIVY_SKIP_VERSION_CHECK": "true", "TRIVY_DISABLE_TELEMETRY": "true"}
    if settings.server and settings.token:
        environment["TRIVY_TOKEN"] = settings.token
    if settings.server or not settings.offline:
        environment |= process.way_out()
    return environment


def _failure(ended: Ended, settings: ToolSettings) -> ToolError:
    """What Trivy's exit means."""
    said = ended.said.lower()
    if any(words in said for words in _NO_DATABASE):
        hint = (
            "it may not fetch one (offline), and there is none in its folder"
            if settings.offline
            else f"it could not fetch one: {ended.said}"
        )
        return ToolError("no_database", f"Trivy has no vulnerability database: {hint}.")
    if any(words in said for words in _UNREADABLE):
        return ToolError("unreadable", f"Trivy cannot read the image: {ended.said}")
    if settings.server and any(words in said for words in _UNREACHABLE):
        return ToolError("unreachable", f"The Trivy server does not answer: {ended.said}")
    if "context deadline exceeded" in said or "timeout" in said:
        return ToolError("timed_out", f"Trivy gave up after its time limit: {ended.said}")
    return crashed(TITLE, ended)
