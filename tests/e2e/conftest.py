"""The browser of the tests: an installed Chromium or Chrome, else the one that Playwright has downloaded."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tools.environment import BROWSERS, MAC_BROWSERS


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    installed = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    installed = installed or next((path for path in MAC_BROWSERS if Path(path).exists()), None)
    arguments = dict(browser_type_launch_args)
    if installed is not None:
        arguments["executable_path"] = installed
    if os.geteuid() == 0:
        # Chromium refuses to sandbox as root; its pages here are only our own.
        arguments["args"] = [*arguments.get("args", []), "--no-sandbox"]
    return arguments
