"""What every scanner of images gives and takes, whichever program it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol

from scanners.archives import Archive
from scanners.records import Record

IsCancelled = Callable[[], bool]


class ToolSettings(Record, frozen=True, kw_only=True):
    """`program` is a path that goes before every other place where the tool may be; `cache` the folder of the tool's own
    databases, "" for its default. `offline` keeps it from fetching anything. `server` and `token` are those of a Trivy
    server, which then has the database instead."""

    program: str = ""
    cache: str = ""
    offline: bool = False
    server: str = ""
    token: str = ""


class ToolLimits(Record, frozen=True, kw_only=True):
    """What one run may take: time, the size of its report, of what it unpacks, and of its memory."""

    seconds: float = 900.0
    report_bytes: int = 512 * 1024 * 1024
    disk_bytes: int = 8 * 1024**3
    memory_bytes: int = 1024**3


class Located(Record, frozen=True, kw_only=True):
    """Where the tool is, and in words for people how it was found."""

    program: Path
    how: str


class Missing(Record, frozen=True, kw_only=True):
    """The tool is not on this machine; `reason` is a whole sentence."""

    reason: str


class Version(Record, frozen=True, kw_only=True):
    """The program's version, and when its vulnerability database was made; None when it has none, or does not tell."""

    tool: str
    data_at: datetime | None = None


class ToolError(Exception):
    """A run that gave no report. `code` is one of:

    missing, no_database, unreachable (the tool's server), timed_out, crashed, too_large, unreadable (the image), cancelled.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Tool(Protocol):
    """A module of this package. `HAS_DATABASE` says that what it tells of an image changes while the image does not."""

    NAME: str
    TITLE: str
    HAS_DATABASE: bool

    def find(self, settings: ToolSettings) -> Located | Missing:
        """Where the tool is, or why it is not to be had."""

    def version(self, settings: ToolSettings, folder: Path) -> Version:
        """Its version and its database's age; `folder` is for its temporary files. Raises ToolError."""

    def scan(
        self,
        archive: Archive,
        folder: Path,
        settings: ToolSettings,
        limits: ToolLimits,
        is_cancelled: IsCancelled,
    ) -> Path:
        """The path of its report on the image, inside `folder`, which is the caller's to remove. Raises ToolError."""
