"""The browser of the tests, its windows, and what a page must never say in its console."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Playwright, expect

from tools.environment import BROWSERS, MAC_BROWSERS

PATIENCE_MILLISECONDS = 20_000
DESK = (1280, 800)
PHONE = (390, 844)
# Of an error with its stack the beginning tells what it was; a report of tests keeps only the end of what is long.
_TOLD_CHARACTERS = 600
# What a page says may wait for a whole reading of a host, on a machine that is busy with other things.
expect.set_options(timeout=PATIENCE_MILLISECONDS)
_FAILED_REQUEST = re.compile(r"Failed to load resource: the server responded with a status of (\d{3})")


def installed_browser() -> str | None:
    """The path of an installed Chromium or Chrome, or None: then Playwright's own is tried."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    return found or next((path for path in MAC_BROWSERS if Path(path).exists()), None)


def launch(playwright: Playwright) -> Browser:
    """A Chromium without windows; fails the asking test with what to install when there is none."""
    try:
        return playwright.chromium.launch(
            executable_path=installed_browser(),
            args=["--no-sandbox", "--disable-background-networking", "--disable-dev-shm-usage"],
        )
    except Error as error:
        pytest.fail(
            "The browser tests need Chromium or Chrome (Debian: apt-get install chromium; else: "
            f".venv/bin/python -m playwright install chromium). It said: {error.message.splitlines()[0]}"
        )


@dataclass
class Watch:
    """Everything that the pages of a test complained about."""

    complaints: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)

    def expects(self, *statuses: int) -> None:
        """The test provokes answers with these statuses; the browser writes each into its console."""
        self.expected |= set(statuses)

    def over(self, page: Page) -> None:
        """Listen to a page. A violation of the content security policy is a console error too."""
        page.on("console", lambda message: self._heard(message, page.url))
        page.on("pageerror", lambda error: self._complain(f"uncaught: {error}", page.url))

    def _complain(self, what: str, on: str) -> None:
        self.complaints.append(f"on {on}: {what[:_TOLD_CHARACTERS]}")

    def _heard(self, message: ConsoleMessage, on: str) -> None:
        if message.type not in {"error", "warning"}:
            return
        failed = _FAILED_REQUEST.match(message.text)
        if failed is None or int(failed.group(1)) not in self.expected:
            self._complain(f"console {message.type}: {message.text}", on)


@contextmanager
def window(
    browser: Browser,
    address: str,
    watch: Watch,
    *,
    state: object = None,
    size: tuple[int, int] = DESK,
    scheme: str = "light",
    unguarded: bool = False,
) -> Iterator[Page]:
    """One page with cookies and storage of its own. `unguarded` lets axe's code past the policy."""
    context: BrowserContext = browser.new_context(
        base_url=address,
        storage_state=state,  # type: ignore[arg-type]
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",
        accept_downloads=True,
        bypass_csp=unguarded,
        locale="en-GB",
        timezone_id="UTC",
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    page = context.new_page()
    watch.over(page)
    try:
        yield page
    finally:
        context.close()
