"""Where a scanner may be on this machine."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from scanners.tools.tool import Located, Missing, ToolError


def find(name: str, configured: str, *, embedded: Path | None = None) -> Located | Missing:
    """A program by its configured path, else as `embedded`, else beside this Python, else on PATH."""
    if configured:
        path = Path(configured)
        if not path.is_absolute():
            return Missing(reason=f"The path of {name} must be absolute; it is {configured[:200]!r}.")
        if not _is_program(path):
            return Missing(reason=f"There is no program at {configured[:200]}, where {name} should be.")
        return Located(program=path, how="configured")
    for place, how in ((embedded, "embedded"), (Path(sys.executable).parent / name, "beside Python")):
        if place is not None and _is_program(place):
            return Located(program=place, how=how)
    if found := shutil.which(name):
        return Located(program=Path(found).resolve(), how="on PATH")
    return Missing(reason=f"{name} is neither configured, nor beside Python, nor on PATH.")


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def required(found: Located | Missing) -> Path:
    """The program itself. Raises ToolError missing."""
    if isinstance(found, Missing):
        raise ToolError("missing", found.reason)
    return found.program
