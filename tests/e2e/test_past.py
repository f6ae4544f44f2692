"""A container is set right: its finding resolves, and the past still shows it open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import CAREFUL, CARELESS
from tests.e2e.product import Fleet, Product
from tests.engines import Engine
from tests.workers import wait_for

NAME = "reefer"
CHECK = "docker.container.not-host-pid"
PULL_MILLISECONDS = 45_000


@pytest.fixture
def badly_configured(fleet: Fleet, docker_engine: Engine, product: Product) -> Iterator[None]:
    """A badly configured container that a pull has seen."""
    with docker_engine.container(NAME, **CARELESS):
        assert product.pull(fleet.node["id"])["state"] in {"succeeded", "partial"}
        yield
    product.pull(fleet.node["id"])


def pull_now(page: Page, fleet: Fleet) -> None:
    page.goto(f"/nodes/{fleet.node['id']}")
    page.get_by_role("button", name="Pull now").click()
    expect(page).to_have_url(re.compile(r"/pulls/\d+"))
    expect(page.get_by_role("button", name="Pull again")).to_be_visible(timeout=PULL_MILLISECONDS)


def test_a_repaired_container_resolves_its_finding_and_the_past_keeps_it(
    page: Page, fleet: Fleet, product: Product, docker_engine: Engine, badly_configured: None
) -> None:
    address = f"/findings?check={CHECK}&search={NAME}"
    row = page.get_by_role("table", name="findings").locator("tbody tr").filter(has_text=NAME)
    page.goto(address)
    expect(row).to_have_count(1)
    row.get_by_role("link").first.click()
    expect(page.get_by_role("region", name="finding", exact=True)).to_contain_text("open")
    # The past is asked for in whole seconds: the moment must lie after the opening and before the repair.
    opened_at = datetime.fromisoformat(product.rows("/findings", check=CHECK, search=NAME)[0]["opened_at"])
    moment = datetime.fromtimestamp(int(opened_at.timestamp()) + 1, UTC)
    wait_for("the next second", lambda: datetime.now(UTC) > moment)

    client = docker_engine.client()
    client.containers.get(NAME).remove(force=True)
    client.close()
    with docker_engine.container(NAME, **CAREFUL):
        pull_now(page, fleet)
        page.goto(address)
        expect(page.get_by_text("No finding matches these filters")).to_be_visible()
        page.goto(f"{address}&state=resolved")
        expect(row).to_have_count(1)
        row.get_by_role("link").first.click()
        expect(page.get_by_role("region", name="finding", exact=True)).to_contain_text("resolved")

        then = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        page.goto(f"{address}&as_of={then}")
        strip = page.get_by_role("status").filter(has_text="You are looking at")
        expect(strip).to_contain_text(str(moment.year))
        expect(row).to_have_count(1)
        row.get_by_role("link").first.click()
        panel = page.get_by_role("region", name="finding", exact=True)
        expect(panel.get_by_text("open", exact=True)).to_be_visible()
        page.get_by_role("link", name="Hosts", exact=True).click()
        expect(strip).to_be_visible()
        expect(page).to_have_url(re.compile(re.escape(f"as_of={then}")))

        page.get_by_role("button", name="back to now").click()
        expect(strip).to_have_count(0)
        assert "as_of" not in page.url


def test_the_picker_takes_a_date_and_a_time_without_a_fleet_says_so(page: Page, fleet: Fleet) -> None:
    page.goto("/hosts")
    page.get_by_role("button", name=re.compile("^As of")).click()
    page.get_by_label("Show the fleet as it was at").fill("2020-03-01T09:00")
    page.get_by_role("button", name="Look at this moment").click()
    expect(page).to_have_url(re.compile(r"as_of=2020-03-01T09:00:00Z"))
    expect(page.get_by_role("status").filter(has_text="You are looking at")).to_contain_text(
        "1 March 2020, 09:00 UTC"
    )
    expect(page.get_by_text("Nothing was known at the date you are looking at.")).to_be_visible()
    page.get_by_role("button", name=re.compile("^As of")).click()
    page.get_by_role("button", name="Now", exact=True).click()
    expect(page.get_by_role("table", name="hosts")).to_be_visible()
