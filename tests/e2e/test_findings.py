"""The explorer of findings: drawer, keys, facets, address, grouping, export, the same question to the API."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.e2e.product import Fleet, Product


def table_rows(page: Page) -> Locator:
    return page.get_by_role("table", name="findings").locator("tbody tr")


def drawer(page: Page) -> Locator:
    return page.get_by_role("region", name="finding", exact=True)


def opened(page: Page) -> str:
    return parse_qs(urlsplit(page.url).query).get("open", [""])[0]


def test_a_failing_check_shows_its_evidence_its_remedy_and_what_it_speaks_to(
    page: Page, fleet: Fleet, product: Product
) -> None:
    finding = next(
        finding
        for finding in product.rows("/findings", check="docker.container.not-host-pid")
        if finding["asset"]["name"] == "careless"
    )
    known = product.get(f"/findings/{finding['id']}")
    page.goto("/checks")
    page.get_by_role("textbox", name="Search checks").or_(
        page.get_by_role("searchbox", name="Search checks")
    ).fill(known["title"])
    page.get_by_role("table", name="checks").get_by_role("link", name=known["title"]).first.click()
    expect(page.get_by_role("heading", name=known["title"], level=1)).to_be_visible()

    page.goto(f"/findings?check={finding['check']}")
    table_rows(page).filter(has_text="careless").first.get_by_role("link").first.click()
    panel = drawer(page)
    expect(panel.get_by_role("heading", level=1)).to_have_text(known["title"])
    for heading in ("Evidence", "What to do", "Speaks to", "When it was open"):
        expect(panel.get_by_role("heading", name=heading)).to_be_visible()
    expect(panel).to_contain_text(known["evidence"][0])
    expect(panel).to_contain_text(known["remediation"].split("\n")[0][:60])
    for ids in known["requirements"].values():
        expect(panel).to_contain_text(ids[0])
    expect(panel).to_contain_text("still open")
    assert opened(page) == str(finding["id"])


def test_the_keys_walk_the_rows_with_the_drawer_open_and_close_it(page: Page, fleet: Fleet) -> None:
    page.goto("/findings")
    expect(table_rows(page).nth(2)).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(drawer(page)).to_be_visible()
    first = opened(page)
    page.keyboard.press("j")
    expect(page).not_to_have_url(re.compile(rf"open={first}\b"))
    second = opened(page)
    assert second and second != first
    expect(table_rows(page).nth(1)).to_have_attribute("aria-current", "true")
    page.keyboard.press("k")
    expect(page).to_have_url(re.compile(rf"open={first}\b"))
    page.keyboard.press("Escape")
    expect(drawer(page)).to_have_count(0)
    assert opened(page) == ""


def test_facets_and_chips_are_the_address_and_survive_a_reload(
    page: Page, fleet: Fleet, product: Product
) -> None:
    page.goto("/findings")
    filters = page.get_by_role("region", name="Filters")
    high = filters.get_by_role("button", name=re.compile(r"^high", re.IGNORECASE))
    expect(high).to_be_visible()
    counted = int(re.sub(r"\D", "", high.inner_text()))
    high.click()
    expect(page).to_have_url(re.compile(r"severity=high"))
    filters.get_by_role("button", name=re.compile(r"^medium", re.IGNORECASE)).click()
    expect(page).to_have_url(re.compile(r"severity=high,medium"))
    count = product.get("/findings", severity="high,medium", limit=1)["count"]["value"]
    foot = page.get_by_text(re.compile(rf"^{count} findings"))
    expect(foot).to_be_visible()

    page.reload()
    expect(foot).to_be_visible()
    expect(high).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name=re.compile("Take off the filter severity")).click()
    expect(page).not_to_have_url(re.compile("severity="))
    page.go_back()
    expect(foot).to_be_visible()
    assert counted == product.get("/findings", severity="high", limit=1)["count"]["value"]


def test_grouped_by_check_it_says_on_how_many_of_how_many(page: Page, fleet: Fleet, product: Product) -> None:
    page.goto("/findings")
    page.get_by_role("radiogroup", name="Group the findings by").get_by_text("Check").click()
    expect(page).to_have_url(re.compile("group=check"))
    group = next(
        group
        for group in product.rows("/findings/groups", by="check")
        if group["key"] == "docker.container.not-host-pid"
    )
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name=group["title"]))
    expect(row).to_contain_text(f"{group['assets']} of {group['assets_total']}")
    row.get_by_role("link").click()
    expect(table_rows(page)).to_have_count(group["findings"])


def test_exports_hold_exactly_the_rows_of_the_filter(
    page: Page, fleet: Fleet, product: Product, tmp_path: Path
) -> None:
    wanted = {
        str(finding["id"]) for finding in product.rows("/findings", severity="high", asset_kind="container")
    }
    assert wanted
    page.goto("/findings?severity=high&asset_kind=container")
    expect(table_rows(page).first).to_be_visible()
    texts = []
    for item in ("CSV", "JSON lines"):
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as coming:
            page.get_by_role("menuitem", name=item).click()
        saved = tmp_path / coming.value.suggested_filename
        coming.value.save_as(saved)
        texts.append(saved.read_text(encoding="utf-8-sig"))
    rows = list(csv.DictReader(io.StringIO(texts[0])))
    lines = [json.loads(line) for line in texts[1].splitlines()]
    assert {row["id"] for row in rows} == {str(line["id"]) for line in lines} == wanted
    assert len(rows) == len(lines) == len(wanted)


def test_as_api_call_copies_a_command_that_answers_the_same_rows(
    page: Page, fleet: Fleet, product: Product
) -> None:
    page.goto("/findings?severity=high&asset_kind=container")
    expect(table_rows(page).first).to_be_visible()
    shown = table_rows(page).count()
    page.get_by_role("button", name="As API call").click()
    expect(page.get_by_text(re.compile("^Copied: curl"))).to_be_visible()
    command = shlex.split(page.evaluate("navigator.clipboard.readText()"))
    assert command[0] == "curl" and "$PLIMSOLL_TOKEN" in " ".join(command)
    token = product.manage(
        "token", "create", "--user", "admin", "--name", "pasted", "--scope", "read"
    ).strip()
    filled = [part.replace("$PLIMSOLL_TOKEN", token) for part in command]
    answer = subprocess.run([*filled, "--silent"], capture_output=True, text=True, timeout=30, check=True)
    assert len(json.loads(answer.stdout)["results"]) == shown
