"""The kernel defence matrix, where hosts differ, and what the host probe told of one host and one container."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser import PHONE, Watch
from tests.e2e.conftest import Open
from tests.e2e.probed_hosts import LABEL
from tests.e2e.product import Fleet, Probed, Product

MATRIX = f"/defences?label={LABEL}"


def matrix(page: Page) -> Locator:
    return page.get_by_role("table", name="hosts")


def drawer(page: Page) -> Locator:
    return page.get_by_role("region", name="host", exact=True)


def in_address(page: Page, name: str) -> str:
    return parse_qs(urlsplit(page.url).query).get(name, [""])[0]


def test_a_facet_finds_the_hosts_without_a_mechanism(page: Page, probed: Probed) -> None:
    page.goto(MATRIX)
    expect(matrix(page).locator("tbody tr")).to_have_count(3)
    absent = page.get_by_role("region", name="Filters").locator("section").filter(has_text="Absent")
    absent.get_by_role("button", name=re.compile("^Kernel lockdown")).click()
    expect(matrix(page).locator("tbody tr")).to_have_count(1)
    expect(matrix(page).get_by_role("link", name="pilot-2")).to_be_visible()
    assert in_address(page, "absent") == "lockdown"
    page.get_by_role("button", name="Take off the filter absent: Kernel lockdown").click()
    expect(matrix(page).locator("tbody tr")).to_have_count(3)


def test_a_cell_opens_its_evidence_and_its_address_opens_it_again(
    page: Page, probed: Probed, product: Product
) -> None:
    page.goto(f"{MATRIX}&ordering=name")
    row = matrix(page).get_by_role("row").filter(has_text="pilot-2")
    row.get_by_title(re.compile("Kernel lockdown: absent")).click()
    cells = product.rows("/defences", asset=probed.hosts["pilot-2"], mechanism="lockdown")
    known = next(known for known in product.get("/mechanisms") if known["id"] == "lockdown")
    page.reload()
    expect(drawer(page).get_by_role("heading", level=1)).to_have_text(known["title"])
    for text in (*cells[0]["evidence"], known["why"], known["remediation"], known["blunts"][0]["meaning"]):
        expect(drawer(page)).to_contain_text(text)
    expect(drawer(page).get_by_role("link", name=known["check"])).to_be_visible()

    page.keyboard.press("j")
    expect(drawer(page).get_by_role("link", name="pilot-3")).to_be_visible()
    assert in_address(page, "cell") == "lockdown"
    page.keyboard.press("l")
    expect(drawer(page).get_by_role("heading", level=1)).not_to_have_text(known["title"])
    page.keyboard.press("Escape")
    expect(drawer(page)).to_have_count(0)
    assert in_address(page, "open") == in_address(page, "cell") == ""


def test_a_group_counts_its_hosts_and_opens_into_them(page: Page, probed: Probed) -> None:
    page.goto(MATRIX)
    page.get_by_role("combobox", name="Group the hosts by").select_option("distribution")
    groups = page.get_by_role("table", name="hosts by Distribution")
    ubuntu = groups.get_by_role("row").filter(has_text="Ubuntu 24.04.3 LTS")
    expect(ubuntu).to_contain_text("1 absent")
    ubuntu.get_by_role("link").click()
    expect(matrix(page).locator("tbody tr")).to_have_count(1)
    assert in_address(page, "distribution") == "Ubuntu 24.04.3 LTS"
    assert in_address(page, "group") == ""

    page.get_by_role("combobox", name="Group the hosts by").select_option("mechanism")
    page.get_by_role("link", name="1 absent: Kernel lockdown").click()
    expect(matrix(page).get_by_role("link", name="pilot-2")).to_be_visible()


def test_an_export_has_exactly_the_rows_and_mechanisms_of_the_view(page: Page, probed: Probed) -> None:
    page.goto(f"{MATRIX}&absent=lockdown")
    expect(matrix(page).locator("tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as coming:
        page.get_by_role("menuitem", name=re.compile("^CSV")).click()
    rows = list(csv.DictReader(Path(coming.value.path()).read_text().splitlines()))
    assert [row["name"] for row in rows] == ["pilot-2"]
    assert rows[0]["defences.lockdown.state"] == "absent"


def test_hosts_with_one_label_are_compared(page: Page, probed: Probed, product: Product) -> None:
    page.goto("/defences?tab=differences")
    page.get_by_role("combobox", name="Only hosts with the label").fill(LABEL)
    page.keyboard.press("Enter")
    known = product.get("/host-defences/divergence", label=LABEL)
    expect(page.get_by_text(f"3 hosts compared, {known['alike']} settings alike")).to_be_visible()
    settings = page.get_by_role("table", name="settings")
    expect(settings).not_to_contain_text("needs root")
    settings.get_by_role("button", name="Kernel lockdown").click()
    expect(settings.get_by_role("link", name="pilot-2")).to_be_visible()
    page.get_by_text(re.compile(r"^Not measured \d+$")).click()
    expect(settings).to_contain_text("needs root")
    page.get_by_role("searchbox", name="Search settings").fill("no such setting")
    expect(page.get_by_text("No setting matches this search")).to_be_visible()


def test_one_host_alone_has_nothing_to_be_compared_with(page: Page, probed: Probed) -> None:
    page.goto(f"/defences?tab=differences&host={probed.hosts['pilot-1']}")
    expect(page.get_by_text("Only one host matches")).to_be_visible()


def test_a_hosts_kernel_tab_shows_its_row_and_what_was_not_measured(page: Page, probed: Probed) -> None:
    page.goto(f"/hosts/{probed.hosts['pilot-3']}?tab=kernel")
    table = page.get_by_role("table", name="Kernel defences")
    expect(table.get_by_role("row").filter(has_text="Audit trail")).to_contain_text("not measured")
    expect(page.get_by_text("needs root (1)")).to_be_visible()
    expect(page.get_by_role("table", name="Skipped")).to_contain_text("/proc/1/maps")
    page.get_by_role("button", name="Show packages").click()
    page.get_by_role("searchbox", name="Search packages").fill("openssl")
    expect(page.get_by_role("table", name="Packages").locator("tbody tr")).to_have_count(1)


def test_a_host_without_a_probe_says_what_to_do(page: Page, watch: Watch, fleet: Fleet) -> None:
    watch.expects(404)
    page.goto(f"/hosts/{fleet.host['id']}?tab=kernel")
    expect(page.get_by_text("No host probe reads this host")).to_be_visible()
    page.get_by_role("link", name="Add a node").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_containers_are_shown_as_the_kernel_confines_them(page: Page, probed: Probed) -> None:
    page.goto(f"/defences?tab=containers&host={probed.hosts['pilot-1']}")
    table = page.get_by_role("table", name="containers")
    row = table.get_by_role("row").filter(has_text="adrift")
    expect(row.get_by_title(re.compile("Seccomp filter: absent"))).to_be_visible()
    page.goto(f"/containers/{probed.containers['anchored']}?tab=confinement")
    confinement = page.get_by_role("table", name="What confines its process")
    expect(confinement.get_by_role("row").filter(has_text="Seccomp filter")).to_contain_text("enforcing")
    expect(page.get_by_text("/usr/lib/libc.so.6")).to_be_visible()


def test_on_a_phone_a_host_is_a_card_with_words(
    open_page: Open, administrator: object, probed: Probed
) -> None:
    page = open_page(state=administrator, size=PHONE)
    page.goto(MATRIX)
    row = matrix(page).locator("tbody tr").filter(has_text="pilot-2")
    expect(row.get_by_title(re.compile("Kernel lockdown: absent"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
