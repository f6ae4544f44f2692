"""Feeds from the page: loaded from files, turned on, failing with the reason, and refused when they are none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser import Watch
from tests.e2e.conftest import Open
from tests.e2e.product import Product
from tests.e2e.test_accessibility import settle, violations_in_both_colours

ADVISORIES = Path(__file__).parents[1] / "data" / "advisories"
NOWHERE = "https://127.0.0.1:9/all.zip"
FETCH_MILLISECONDS = 30_000


def panel(page: Page) -> Locator:
    return page.get_by_role("region", name="feed", exact=True)


def opened(page: Page, name: str) -> Locator:
    page.goto("/feeds")
    page.get_by_role("table", name="feeds").get_by_role("link", name=name, exact=True).click()
    expect(panel(page).get_by_role("heading", name=name)).to_be_visible()
    return panel(page)


def load(page: Page, name: str, file: Path) -> Locator:
    opened(page, name).get_by_role("button", name="Load from a file").click()
    dialog = page.get_by_role("dialog")
    page.locator("input[type=file]").set_input_files(file)
    dialog.get_by_role("button", name="Load", exact=True).click()
    return dialog


@pytest.fixture
def nowhere(product: Product) -> Iterator[str]:
    """A feed that no test fetches from its publisher; it is turned off afterwards."""
    yield "OSV NuGet"
    feed = product.rows("/feeds", search="OSV NuGet")[0]["id"]
    product.ask("PATCH", f"/feeds/{feed}", json={"is_enabled": False})


def test_a_catalogue_is_loaded_and_another_file_takes_nothing_back(
    page: Page, product: Product, watch: Watch
) -> None:
    load(page, "CISA KEV", ADVISORIES / "kev.json")
    expect(page.get_by_text("CISA KEV was read: 5 entries")).to_be_visible()
    facts = panel(page).locator("dl").first
    expect(facts).to_contain_text("2025.08.25")
    expect(panel(page).get_by_text("read", exact=True)).to_be_visible()

    watch.expects(400)
    dialog = load(page, "CISA KEV", ADVISORIES / "osv" / "GO-2023-2185.json")
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()
    expect(panel(page)).to_contain_text("The last attempt failed")
    expect(panel(page)).to_contain_text("What was read before still holds.")
    assert product.rows("/feeds", search="CISA KEV")[0]["entries"] == 5


def test_one_that_cannot_be_fetched_says_why(page: Page, product: Product, nowhere: str) -> None:
    drawn = opened(page, nowhere)
    drawn.get_by_role("button", name="Change").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Address").fill(NOWHERE)
    dialog.get_by_role("combobox", name="It is fetched").click()
    page.get_by_role("option", name="every day").click()
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text(f"{nowhere} was changed.")).to_be_visible()
    drawn.get_by_role("button", name="Turn on").click()
    expect(drawn.get_by_text("The last attempt failed")).to_be_visible(timeout=FETCH_MILLISECONDS)
    (feed,) = product.rows("/feeds", search=nowhere)
    assert (feed["interval_seconds"], feed["address"], feed["failures"]) == (86_400, NOWHERE, 1)
    expect(page.get_by_role("table", name="feeds").get_by_role("row", name=nowhere)).to_contain_text(
        feed["error"]
    )
    drawn.get_by_role("button", name="Fetch now").click()
    expect(drawn.get_by_text("The last 2 attempts failed")).to_be_visible(timeout=FETCH_MILLISECONDS)
    drawn.get_by_role("button", name="Turn off").click()
    expect(drawn.get_by_role("button", name="Turn on")).to_be_visible()
    verbs = [row["verb"] for row in product.rows("/history", object_kind="feed")]
    assert verbs.count("fetch") == 1 and verbs.count("change") >= 3


def test_a_viewer_sees_feeds_and_changes_none(open_page: Open, product: Product, chromium: Any) -> None:
    password = "a-quiet-harbour-at-dusk"
    product.post("/users", {"username": "feedwatcher", "password": password, "role": "viewer"})
    product.manage(
        "shell",
        "-c",
        "from posture.accounts.models import User; "
        "User.objects.filter(username='feedwatcher').update(must_change_password=False)",
    )
    page = open_page(state=product.session(chromium, "feedwatcher", password))
    opened(page, "OSV Debian")
    expect(page.get_by_role("button", name=re.compile("Turn|Fetch now|Load|Change"))).to_have_count(0)
    expect(page.get_by_role("checkbox")).to_have_count(0)


def test_axe_finds_nothing_on_feeds(open_page: Open, administrator: Any, product: Product) -> None:
    page = open_page(state=administrator, unguarded=True)
    feed = product.rows("/feeds", search="OSV Debian")[0]["id"]
    found = {}
    for path in ("/feeds", f"/feeds?open={feed}"):
        settle(page, path)
        if said := violations_in_both_colours(page):
            found[path] = said
    for button in ("Load from a file", "Change"):
        settle(page, f"/feeds?open={feed}")
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        if said := violations_in_both_colours(page):
            found[button] = said
    assert found == {}
