"""Are we affected: asked in the page and from the palette, answered from what a report told, shared by its address."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import Watch
from tests.e2e.conftest import Open
from tests.e2e.product import Product
from tests.e2e.test_accessibility import settle, violations_in_both_colours

REPORT = Path(__file__).parents[1] / "data" / "reports" / "trivy" / "alpine.json"
KNOWN, UNKNOWN = "CVE-2019-1549", "CVE-2099-123456"


@pytest.fixture
def told(product: Product) -> dict[str, Any]:
    """What the API answers once a report was imported."""
    product.manage("import", str(REPORT))
    return dict(product.get("/affected", q=KNOWN))


def test_a_vulnerability_is_asked_for_and_leads_to_the_image(
    page: Page, product: Product, told: dict[str, Any]
) -> None:
    page.goto("/affected")
    page.get_by_role("textbox", name="CVE, another name of it").fill(KNOWN.lower())
    page.get_by_role("button", name="Ask").click()
    answer = page.get_by_role("region", name="Answer")
    expect(answer).to_contain_text(f"{told['images_total']} image")
    expect(answer).to_contain_text(told["vulnerability"]["title"])
    expect(page).to_have_url(re.compile(rf"/affected\?q={KNOWN.lower()}$"))
    packages = page.get_by_role("table", name="Packages").locator("tbody tr")
    expect(packages).to_have_count(told["packages_total"])

    page.get_by_role("button", name="As API call").click()
    copied = str(page.evaluate("navigator.clipboard.readText()"))
    assert f"/api/v1/affected?q={KNOWN.lower()}'" in copied and "$PLIMSOLL_TOKEN" in copied
    image = told["images"][0]
    page.get_by_role("table", name="Images").get_by_role("link", name=image["name"]).click()
    expect(page).to_have_url(re.compile(rf"/images/{image['id']}"))
    page.go_back()
    expect(answer).to_contain_text(f"{told['images_total']} image")


def test_a_package_is_narrowed_by_its_versions(page: Page, told: dict[str, Any], watch: Watch) -> None:
    name = told["packages"][0]["name"]
    page.goto(f"/affected?q={name}")
    answer = page.get_by_role("region", name="Answer")
    expect(answer).to_contain_text("found")
    expect(page.get_by_role("table", name="Images").locator("tbody tr").first).to_be_visible()
    page.get_by_role("textbox", name="Versions").fill("<0.1")
    page.get_by_role("button", name="Ask").click()
    expect(answer).to_contain_text("No image here holds such a package")
    watch.expects(400)
    page.get_by_role("textbox", name="Versions").fill(">>1")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_text("is no bound of versions")).to_be_visible()


def test_what_nothing_knows_is_not_called_unaffected_and_the_past_can_be_asked(
    page: Page, told: dict[str, Any]
) -> None:
    page.goto(f"/affected?q={UNKNOWN}")
    answer = page.get_by_role("region", name="Answer")
    expect(answer).to_contain_text(f"Nothing here knows of {UNKNOWN}: that is not the same as unaffected.")
    page.goto(f"/affected?q={KNOWN}&as_of=2020-03-01T09:00:00Z")
    expect(answer).to_contain_text("Not affected, as far as is known")
    expect(page.get_by_text("This page has no past")).to_have_count(0)


def test_the_palette_asks_the_question(page: Page, told: dict[str, Any]) -> None:
    page.goto("/hosts")
    expect(page.get_by_role("heading", name="Hosts")).to_be_visible()
    page.keyboard.press("Control+k")
    page.get_by_role("dialog").get_by_role("combobox").fill(KNOWN)
    expect(page.get_by_role("option", name=f"Are we affected by {KNOWN}?")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"/affected\?q={KNOWN}$"))
    expect(page.get_by_role("region", name="Answer")).to_contain_text(f"{told['images_total']} image")


def test_axe_finds_nothing_on_questions_and_answers(
    open_page: Open, administrator: Any, told: dict[str, Any]
) -> None:
    page = open_page(state=administrator, unguarded=True)
    found = {}
    for path in (
        "/affected",
        f"/affected?q={KNOWN}",
        f"/affected?q={UNKNOWN}",
        "/affected?q=openssl&versions=<9",
    ):
        settle(page, path)
        if said := violations_in_both_colours(page):
            found[path] = said
    assert found == {}
