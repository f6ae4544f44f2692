"""Working on findings in the browser: decide with a preview, see it hidden, undo it; start many at once; deadlines; today."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.e2e.product import Fleet, Product

_COUNT = (
    "from django.utils import timezone; from posture.trends import counting; "
    "counting.count_day(timezone.now().date(), timezone.now())"
)
CHECK = "docker.container.no-new-privileges"


def table_rows(page: Page) -> Locator:
    return page.get_by_role("table", name="findings").locator("tbody tr")


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def test_a_decision_is_previewed_made_listed_and_taken_back(
    page: Page, fleet: Fleet, product: Product
) -> None:
    finding = product.rows("/findings", check=CHECK)[0]
    page.goto(f"/findings?check={CHECK}&open={finding['id']}")
    page.get_by_role("button", name="Decide …").click()
    dialog(page).get_by_label("False positive").check()
    dialog(page).get_by_role("textbox", name="Note").fill("The test suite says so.")
    dialog(page).get_by_role("button", name="Show what it would hide").click()
    expect(dialog(page).get_by_role("region", name="What it would hide")).to_contain_text("It would hide")
    dialog(page).get_by_role("button", name="Decide", exact=True).click()
    panel = page.get_by_role("region", name="finding", exact=True)
    expect(panel).to_contain_text("false positive")
    expect(panel).to_contain_text("The test suite says so.")
    assert finding["id"] not in [row["id"] for row in product.rows("/findings", check=CHECK)]

    page.goto("/decisions")
    page.get_by_role("table", name="decisions").get_by_text(CHECK).first.click()
    drawer = page.get_by_role("region", name="decision", exact=True)
    expect(drawer).to_contain_text("The test suite says so.")
    drawer.get_by_label("Why").fill("It was a test.")
    drawer.get_by_role("button", name="Take it back").click()
    expect(drawer.get_by_text("withdrawn", exact=True)).to_be_visible()
    assert finding["id"] in [row["id"] for row in product.rows("/findings", check=CHECK)]


def test_many_are_started_at_once_and_it_is_undone(page: Page, fleet: Fleet, product: Product) -> None:
    page.goto(f"/findings?check={CHECK}")
    boxes = table_rows(page).get_by_role("checkbox")
    expect(boxes.first).to_be_visible()
    boxes.first.check()
    page.get_by_role("button", name="Start work …").click()
    dialog(page).get_by_role("button", name="Show what it would touch").click()
    expect(dialog(page)).to_contain_text("It touches 1 finding")
    dialog(page).get_by_role("button", name="Start work", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Start work: 1 finding.")
    assert len(product.rows("/findings", check=CHECK, state="in_progress")) == 1
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("It was undone.")
    assert product.rows("/findings", check=CHECK, state="in_progress") == []


def test_deadlines_make_findings_due(page: Page, fleet: Fleet, product: Product) -> None:
    page.goto("/environments")
    page.get_by_role("button", name=re.compile("Change the deadlines of")).first.click()
    dialog(page).get_by_role("button", name="Begin with the usual ones").click()
    dialog(page).get_by_role("button", name="Save").click()
    expect(page.get_by_text("15 days after it was found").first).to_be_visible()
    page.goto("/findings?severity=critical&ordering=due_at")
    expect(table_rows(page).first).to_be_visible()
    assert product.rows("/findings", severity="critical", ordering="due_at")[0]["deadline"] is not None


def test_the_first_page_is_the_look_of_the_morning(page: Page, fleet: Fleet, product: Product) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Today", level=1)).to_be_visible()
    expect(page.get_by_role("list", name="The morning look")).to_contain_text("Overdue")
    for title in ("Loads against their lines", "Next best actions", "New since your last visit"):
        expect(page.get_by_role("heading", name=title)).to_be_visible()
    product.manage("shell", "-c", _COUNT)  # not wait until it is counted by itself
    page.goto("/trends")
    expect(page.get_by_role("figure", name="Open findings")).to_be_visible()
    page.get_by_role("figure", name="Open findings").get_by_role("button", name="Table").click()
    expect(
        page.get_by_role("figure", name="Open findings").get_by_role("columnheader", name="critical")
    ).to_be_visible()
