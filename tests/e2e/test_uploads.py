"""Reports sent from the page: several at once, followed to their end, refused with the reason beside the name."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Open
from tests.e2e.product import Product
from tests.e2e.test_accessibility import settle, violations_in_both_colours

REPORTS = Path(__file__).parents[1] / "data" / "reports"
READ_MILLISECONDS = 30_000


def panel(page: Page) -> Locator:
    return page.get_by_role("region", name="upload", exact=True)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A report, one whose second half is nothing that can be read, one that is none, and nothing at all."""
    trivy = json.loads((REPORTS / "trivy" / "alpine.json").read_text())
    trivy["Results"].append(
        {"Target": "odd", "Class": "os-pkgs", "Vulnerabilities": [{"VulnerabilityID": 7}]}
    )
    contents = {
        "sound.json": (REPORTS / "trivy" / "alpine.json").read_text(),
        "half.json": json.dumps(trivy),
        "letter.json": '{"dear": "reader"}',
        "nothing.json": "",
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content)
    return [tmp_path / name for name in contents]


def test_reports_are_sent_and_followed_to_their_end(page: Page, product: Product, files: list[Path]) -> None:
    page.goto("/uploads")
    page.get_by_role("button", name="Send reports").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Choose files").set_input_files(files)
    refused = dialog.get_by_role("listitem").filter(has_text="nothing.json")
    expect(refused).to_contain_text("It is empty")
    dialog.get_by_role("button", name="Send 3 files").click()
    expect(dialog.get_by_text("sent", exact=True)).to_have_count(3)
    dialog.get_by_role("button", name="Close").last.click()
    expect(page).to_have_url(re.compile(r"/uploads$"))

    table = page.get_by_role("table", name="uploads")
    for name, state in (("sound", "imported|nothing new"), ("half", "partly read"), ("letter", "failed")):
        row = table.get_by_role("row").filter(has_text=f"{name}.json").first
        expect(row).to_contain_text(re.compile(state), timeout=READ_MILLISECONDS)
    table.get_by_role("link", name="letter.json").first.click()
    expect(panel(page)).to_contain_text("No reader knows this format")
    table.get_by_role("link", name="half.json").first.click()
    said = product.get(f"/uploads/{product.rows('/uploads', search='half.json')[0]['id']}")["skipped"]
    assert said
    expect(panel(page)).to_contain_text(said[0]["reason"])
    expect(panel(page)).to_contain_text("admin, browser or API")


def test_what_is_dropped_on_the_page_waits_in_the_dialog(page: Page, product: Product) -> None:
    page.goto("/uploads")
    expect(page.get_by_role("heading", name="Uploads")).to_be_visible()
    data = page.evaluate_handle(
        "() => { const data = new DataTransfer(); data.items.add(new File(['{}'], 'dropped.json')); return data; }"
    )
    page.dispatch_event("body", "dragenter", {"dataTransfer": data})
    expect(page.get_by_text("Let go to send these reports")).to_be_visible()
    page.dispatch_event("body", "drop", {"dataTransfer": data})
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("dropped.json")).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()
    assert product.rows("/uploads", search="dropped.json") == []


def test_a_larger_file_than_is_taken_in_is_not_even_sent(
    page: Page, product: Product, tmp_path: Path
) -> None:
    page.route("**/api/v1/meta", lambda route: route.fulfill(json={"upload_max_bytes": 1024}))
    (tmp_path / "large.json").write_text(" " * 1025)
    page.goto("/uploads?add=report")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.get_by_label("Choose files").set_input_files(tmp_path / "large.json")
    expect(page.get_by_role("dialog")).to_contain_text("It is larger than 1.0 KiB")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()


def test_axe_finds_nothing_on_uploads(open_page: Open, administrator: Any, product: Product) -> None:
    product.manage("import", str(REPORTS / "trivy" / "alpine.json"))
    upload = product.rows("/uploads")[0]["id"]
    page = open_page(state=administrator, unguarded=True)
    found = {}
    for path in ("/uploads", f"/uploads?open={upload}", "/uploads?add=report"):
        settle(page, path)
        if said := violations_in_both_colours(page):
            found[path] = said
    assert found == {}
