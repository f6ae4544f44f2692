"""Takes the pictures of the README from a running instance with the demo fleet.

make run
.venv/bin/python manage.py demo --hosts 40 --days 120 --seed 7
.venv/bin/python -m tools.screenshots http://127.0.0.1:8000 PASSWORD
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.e2e.browser import launch

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images"
SIZE = {"width": 1440, "height": 900}
PAGES = {
    "today": ("/today", "Open findings"),
    "findings": ("/findings?open=first", "Severity"),
    "trends": ("/trends", "Open findings"),
}


def log_in(page: Page, password: str) -> None:
    page.goto("/today")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="Today").wait_for()


def take(page: Page, scheme: str) -> None:
    for name, (path, seen) in PAGES.items():
        page.goto(path.partition("?")[0])
        page.get_by_text(seen).first.wait_for()
        if "open=first" in path:
            page.get_by_role("table").get_by_role("link").first.click()
            page.get_by_role("heading", level=1).nth(1).wait_for()
        page.wait_for_load_state("networkidle")
        page.screenshot(path=FOLDER / f"{name}-{scheme}.png")


def main(address: str, password: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for scheme in ("light", "dark"):
            context = browser.new_context(
                base_url=address,
                viewport=SIZE,  # type: ignore[arg-type]
                color_scheme=scheme,  # type: ignore[arg-type]
                reduced_motion="reduce",
                locale="en-GB",
                timezone_id="UTC",
            )
            page = context.new_page()
            log_in(page, password)
            take(page, scheme)
            context.close()
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:3])
