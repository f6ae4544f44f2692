"""What other tools report, in the explorer of findings."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.product import Product
from tests.e2e.test_findings import drawer, table_rows

REPORT = Path(__file__).parents[1] / "data" / "reports" / "trivy" / "alpine.json"


def test_a_vulnerability_says_where_it_is_and_what_each_tool_says(page: Page, product: Product) -> None:
    product.manage("import", str(REPORT))
    known = next(
        detail
        for row in product.rows("/findings", kind="vulnerability")
        if (detail := product.get(f"/findings/{row['id']}"))["words"][0]["fixed_versions"]
    )
    page.goto(f"/findings?kind=vulnerability&open={known['id']}")
    panel = drawer(page)
    expect(panel.get_by_role("heading", level=1)).to_have_text(known["title"])
    expect(panel).to_contain_text(f"{known['package']['name']} {known['package']['version']}")
    word = panel.get_by_role("table", name="Reported by").get_by_role("row").filter(has_text="trivy")
    expect(word).to_contain_text(known["words"][0]["fixed_versions"][0])

    panel.get_by_role("link", name=known["vulnerability"]["key"]).click()
    expect(page).to_have_url(re.compile(rf"/vulnerabilities/{known['vulnerability']['id']}$"))
    page.get_by_role("tab", name="Findings").click()
    expect(table_rows(page)).to_have_count(
        len(product.rows("/findings", vulnerability=known["vulnerability"]["key"]))
    )
