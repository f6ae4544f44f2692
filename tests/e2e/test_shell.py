"""What stands around every page: colours, keys, search, scope, and small screens."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import PHONE
from tests.e2e.conftest import Open
from tests.e2e.product import Fleet

_SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def scheme(page: Page) -> str | None:
    return page.locator("html").get_attribute("data-mantine-color-scheme")


def test_dark_is_kept_for_the_next_visit_and_is_there_before_the_first_paint(
    page: Page, fleet: Fleet
) -> None:
    page.goto("/hosts")
    expect(page.get_by_role("table", name="hosts")).to_be_visible()
    assert scheme(page) == "light"
    toggle = page.get_by_role("button", name=re.compile("^Colours are"))
    toggle.click()
    expect(toggle).to_have_accessible_name(re.compile("^Colours are light"))
    toggle.click()
    expect(toggle).to_have_accessible_name(re.compile("^Colours are dark"))
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.goto("/findings", wait_until="commit")
    page.locator("body").wait_for(state="attached")
    assert scheme(page) == "dark"
    expect(page.get_by_role("table", name="findings")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


def test_the_keyboard_alone_finds_and_opens_a_container(page: Page, fleet: Fleet) -> None:
    page.goto("/hosts")
    expect(page.get_by_role("table", name="hosts")).to_be_visible()
    page.keyboard.press("/")
    field = page.get_by_role("combobox", name=re.compile("^Search hosts"))
    expect(field).to_be_focused()
    page.keyboard.type("careless")
    option = page.get_by_role("option", name=re.compile("^careless"))
    expect(option.first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/(containers/\d+|findings\?.*)"))


def test_the_palette_goes_to_a_page_and_the_help_names_the_keys(page: Page, fleet: Fleet) -> None:
    page.goto("/hosts")
    expect(page.get_by_role("table", name="hosts")).to_be_visible()
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog").get_by_role("combobox")
    expect(palette).to_be_focused()
    page.keyboard.type("Audit")
    expect(page.get_by_role("option", name="Audit trail")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Audit trail", level=1)).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_contain_text("Go to a page or a thing by name")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_first_tab_stop_skips_to_the_content(page: Page, fleet: Fleet) -> None:
    page.goto("/hosts")
    expect(page.get_by_role("table", name="hosts")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_on_a_phone_rows_are_cards_and_nothing_scrolls_sideways(
    open_page: Open, administrator: object, fleet: Fleet
) -> None:
    page = open_page(state=administrator, size=PHONE)
    for path in ("findings", "hosts", "containers", "nodes"):
        page.goto(f"/{path}")
        row = page.get_by_role("table", name=path).locator("tbody tr").first
        expect(row).to_be_visible()
        box = row.bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= PHONE[0], path
        assert box["height"] > 60, f"{path}: a card is taller than a table row"
        assert page.evaluate(_SIDEWAYS) <= 0, path
    page.get_by_role("button", name="Open the navigation").click()
    page.get_by_role("dialog").get_by_role("link", name="Images").click()
    expect(page.get_by_role("heading", name="Images", level=1)).to_be_visible()


@pytest.mark.parametrize("path", ["/hosts/999999", "/findings?severity=nonsense", "/there/is/none"])
def test_a_bad_address_is_explained_and_the_rest_still_works(
    page: Page, watch: object, fleet: Fleet, path: str
) -> None:
    watch.expects(400, 404)  # type: ignore[attr-defined]
    page.goto(path)
    said = page.get_by_role("alert").or_(page.get_by_role("heading", name="There is no such page"))
    expect(said.first).to_be_visible()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Images").click()
    expect(page.get_by_role("heading", name="Images", level=1)).to_be_visible()
