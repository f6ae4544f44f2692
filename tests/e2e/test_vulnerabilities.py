"""Vulnerabilities, packages and what is inside an image, in a real browser."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.product import Product
from tests.posture.collection.test_reports import saved, trivy, vulnerability


def rows(page: Page, of: str) -> Locator:
    return page.get_by_role("table", name=of, exact=True).locator("tbody tr")


@pytest.fixture(scope="module")
def image(product: Product, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """An image that Trivy reported, with its packages."""
    report = trivy(*[vulnerability(number, Severity="CRITICAL") for number in range(3)])
    product.manage("import", str(saved(tmp_path_factory.mktemp("reports"), report)))
    return product.rows("/images", vulnerability="CVE-2026-1001")[0]


def test_a_vulnerability_leads_from_the_list_to_its_packages_and_images(
    page: Page, product: Product, image: dict[str, Any]
) -> None:
    row = product.rows("/vulnerabilities", search="CVE-2026-1001")[0]
    item = product.get(f"/vulnerabilities/{row['id']}")
    page.goto(f"/vulnerabilities?search={row['key']}")
    rows(page, "vulnerabilities").first.get_by_role("link").first.click()
    drawer = page.get_by_role("region", name="vulnerability", exact=True)
    expect(drawer.get_by_role("heading", level=1)).to_have_text(row["key"])
    expect(drawer.get_by_role("table", name="Packages that have it")).to_contain_text(
        item["packages"][0]["fixed_versions"][0]
    )
    drawer.get_by_role("link", name=f"All about {row['key']}").click()
    expect(page).to_have_url(re.compile(rf"/vulnerabilities/{row['id']}$"))
    page.get_by_role("list", name=f"How far {row['key']} reaches").get_by_role("link", name="Images").click()
    expect(rows(page, "images")).to_have_count(row["images"])
    expect(rows(page, "images").first).to_contain_text(image["name"])


def test_filters_of_vulnerabilities_are_in_the_address_and_agree_with_the_api(
    page: Page, product: Product, image: dict[str, Any]
) -> None:
    page.goto("/vulnerabilities")
    facets = page.get_by_role("region", name="Filters")
    facets.get_by_role("button", name=re.compile("^In every package")).click()
    expect(page).to_have_url(re.compile("fixed_in=all"))
    found = product.rows("/vulnerabilities", fixed_in="all")
    expect(page.get_by_text(f"{len(found)} vulnerabilities")).to_be_visible()


def test_a_package_says_what_is_open_in_it(page: Page, product: Product, image: dict[str, Any]) -> None:
    row = product.rows("/packages", has_findings="true")[0]
    item = product.get(f"/packages/{row['id']}")
    page.goto(f"/packages/{row['id']}")
    open_ = page.get_by_role("table", name="Vulnerabilities")
    expect(open_.locator("tbody tr")).to_have_count(len(item["vulnerabilities"]))
    open_.get_by_role("link", name=item["vulnerabilities"][0]["vulnerability"]["key"]).click()
    expect(page).to_have_url(re.compile("/vulnerabilities/"))


def test_an_image_shows_its_packages_and_each_tools_word(
    page: Page, product: Product, image: dict[str, Any], tmp_path: Path
) -> None:
    page.goto(f"/images/{image['id']}")
    packages = product.rows(f"/images/{image['id']}/packages")
    page.get_by_role("tab", name=re.compile("^Packages")).click()
    expect(rows(page, "packages of this image")).to_have_count(min(len(packages), 50))
    page.get_by_role("tab", name="Scanners").click()
    expect(page.get_by_role("table", name="Scans")).to_contain_text("trivy")
    words = product.rows(f"/images/{image['id']}/words")
    first = rows(page, "vulnerabilities of this image").first
    expect(first).to_contain_text(words[0]["vulnerability"]["key"])
    page.get_by_role("tab", name="Layers").click()
    expect(page.get_by_role("table", name="Layers").locator("tbody tr").first).to_be_visible()


@pytest.mark.parametrize(
    ("name", "mark"), [("CycloneDX 1.6", "bomFormat"), ("OpenVEX", "@context"), ("SARIF 2.1.0", "runs")]
)
def test_documents_of_an_image_are_downloaded(
    name: str, mark: str, page: Page, image: dict[str, Any]
) -> None:
    page.goto(f"/images/{image['id']}")
    page.get_by_role("button", name="Download").click()
    entry = page.get_by_role("menuitem", name=name)
    expect(entry).to_be_enabled()
    with page.expect_download() as download:
        entry.click()
    assert mark in json.loads(Path(download.value.path()).read_text())


def test_the_palette_finds_a_vulnerability(page: Page, product: Product, image: dict[str, Any]) -> None:
    key = product.rows("/vulnerabilities")[0]["key"]
    page.goto("/hosts")
    page.get_by_role("combobox").first.fill(key)
    page.get_by_role("option", name=re.compile(f"^{key}")).first.click()
    expect(page).to_have_url(re.compile("/vulnerabilities/"))


def test_an_image_that_no_scanner_saw_is_not_called_clean(page: Page, product: Product) -> None:
    page.route("**/api/v1/images/*/scans", lambda route: route.fulfill(json=[]))
    any_image = product.rows("/images")[0]
    page.goto(f"/images/{any_image['id']}?tab=scans")
    expect(page.get_by_text("not measured, which is not the same as none")).to_be_visible()
