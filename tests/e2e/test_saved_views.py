"""A view of a list is saved, shared, opened again and deleted; axe finds nothing in its menu."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.e2e.test_accessibility import violations


def test_a_view_is_saved_with_its_filters_and_opened_again(page: Page) -> None:
    page.goto("/findings?severity=high&asset_kind=container")
    page.get_by_role("button", name="Views").click()
    panel = page.get_by_role("dialog", name="Views")
    panel.get_by_role("textbox", name="Save what is shown now as").fill("High in containers")
    panel.get_by_role("button", name="Save view").click()
    view = panel.get_by_role("button", name="High in containers", exact=True)
    expect(view).to_have_attribute("aria-current", "true")
    share = panel.get_by_role("checkbox", name="Shared: High in containers")
    share.click()
    expect(share).to_be_checked()
    page.goto("/findings")
    page.get_by_role("button", name="Views").click()
    view.click()
    expect(page).to_have_url(re.compile(r"/findings\?severity=high&asset_kind=container$"))
    expect(page.get_by_role("button", name="Take off the filter severity: High")).to_be_visible()
    page.get_by_role("button", name="Views").click()
    panel.get_by_role("button", name="Delete the view High in containers").click()
    expect(panel.get_by_text("No view of this list is saved yet.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_open_menu(open_page: Open, administrator: Any, scheme: str) -> None:
    page = open_page(state=administrator, scheme=scheme, unguarded=True)
    page.goto("/hosts?ordering=name")
    page.get_by_role("button", name="Views").click()
    panel = page.get_by_role("dialog", name="Views")
    panel.get_by_role("textbox").fill(f"By name, {scheme}")
    panel.get_by_role("button", name="Save view").click()
    expect(panel.get_by_role("button", name=f"By name, {scheme}", exact=True)).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert violations(page) == []
    panel.get_by_role("button", name=f"Delete the view By name, {scheme}").click()
    expect(panel.get_by_role("button", name=f"By name, {scheme}", exact=True)).to_have_count(0)
