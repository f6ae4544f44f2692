"""From the list of hosts to a host, and from its load to the lines that it is the sum of."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.product import Fleet, Product


def open_host(page: Page, fleet: Fleet) -> None:
    page.goto("/hosts")
    row = page.get_by_role("table", name="hosts").get_by_role("row").filter(has_text=fleet.host["name"])
    row.first.get_by_role("link").first.click()
    page.get_by_role("region", name="host").get_by_role("link", name="Open page").click()
    expect(page).to_have_url(re.compile(rf"/hosts/{fleet.host['id']}$"))
    expect(page.get_by_role("heading", name=fleet.host["name"], level=1)).to_be_visible()


def test_the_ledger_adds_up_to_the_load_that_is_shown(page: Page, fleet: Fleet, product: Product) -> None:
    open_host(page, fleet)
    gauge = page.locator("main").get_by_role("img", name=re.compile("^Load ")).first
    shown = float(re.match(r"Load ([\d.,]+)", gauge.get_attribute("aria-label") or "").group(1))  # type: ignore[union-attr]

    rows = page.get_by_role("tabpanel").get_by_role("row").filter(has=page.get_by_role("cell"))
    expect(rows.first).to_be_visible()
    shares = [
        float(text.split("(")[0].replace(",", "")) for text in rows.locator("td:last-child").all_inner_texts()
    ]
    ledger = product.get(f"/hosts/{fleet.host['id']}/ledger")
    # From ten up a figure is shown as a whole number.
    assert shares == pytest.approx([line["share"] for line in ledger["lines"]], abs=0.5)
    assert len(shares) == ledger["lines_total"]
    assert sum(line["share"] for line in ledger["lines"]) == pytest.approx(ledger["load"], abs=1e-9)
    assert ledger["load"] == pytest.approx(shown, abs=0.5)


def test_what_needs_the_hosts_files_is_missing_evidence_and_never_passed(
    page: Page, fleet: Fleet, product: Product
) -> None:
    product.pull(fleet.node["id"])  # other tests had a probe on this host for a while
    open_host(page, fleet)
    expect(page.get_by_role("heading", name="Missing evidence")).to_be_visible()
    page.get_by_role("tab", name="Checks").click()
    table = page.get_by_role("table", name="check results")
    expect(table).to_contain_text("not measured")
    assert product.rows("/check-results", host=fleet.host["id"], outcome="not_measured")


def test_every_tab_of_a_host_shows_its_own_rows(page: Page, fleet: Fleet) -> None:
    open_host(page, fleet)
    for tab, table in (
        ("Containers", "containers"),
        ("Findings", "findings"),
        ("Checks", "check results"),
        ("Pulls", "pulls"),
        ("History", "entries"),
    ):
        page.get_by_role("tab", name=tab).click()
        expect(page.get_by_role("table", name=table).get_by_role("row").nth(1)).to_be_visible()
    page.get_by_role("tab", name="Evidence").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("ServerVersion")
    page.get_by_role("tab", name="Containers").click()
    page.get_by_role("table", name="containers").get_by_role("link", name="careless").click()
    expect(page.get_by_role("heading", name="careless", level=1)).to_be_visible()
