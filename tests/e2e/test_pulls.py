"""Controlling pulls: cancelled in the middle, started again, paused and resumed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.product import Product
from tests.engines import Engine
from tests.workers import HoldingProxy, wait_for

PULL_MILLISECONDS = 45_000


@pytest.fixture
def proxy(docker_engine: Engine, tmp_path: Path) -> Iterator[HoldingProxy]:
    """Stands before the engine and can hold its answers about containers back."""
    standing = HoldingProxy(tmp_path / "engine.sock", docker_engine.address, marker=b"/containers/")
    yield standing
    standing.close()


@pytest.fixture
def held(proxy: HoldingProxy, product: Product) -> Iterator[dict[str, Any]]:
    """A node whose first pull is in the middle and stays there until the proxy lets go."""
    proxy.hold.set()
    node = product.add_node("slow-pier", proxy.address)
    wait_for("the pull to reach the containers", proxy.held.is_set)
    yield node
    proxy.hold.clear()
    product.delete(f"/nodes/{node['id']}")


def test_a_running_pull_is_cancelled_and_started_again(
    page: Page, held: dict[str, Any], proxy: HoldingProxy, product: Product
) -> None:
    page.goto(f"/nodes/{held['id']}")
    page.get_by_role("table", name="pulls").locator("tbody tr").first.click()
    panel_page = page.get_by_role("link", name="Open page")
    if panel_page.count():
        panel_page.click()
    expect(page).to_have_url(re.compile(r"/pulls/\d+"))
    expect(page.get_by_role("listitem").filter(has_text="running")).to_have_count(1)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("The pull stops at its next safe point")).to_be_visible()
    proxy.hold.clear()
    again = page.get_by_role("button", name="Pull again")
    expect(again).to_be_visible(timeout=PULL_MILLISECONDS)
    expect(page.get_by_text("cancelled", exact=True).first).to_be_visible()
    cancelled = page.url

    again.click()
    expect(page).not_to_have_url(cancelled)
    expect(page.get_by_text(re.compile(r"^(succeeded|partial)$")).first).to_be_visible(
        timeout=PULL_MILLISECONDS
    )
    states = [pull["state"] for pull in product.rows("/pulls", node=held["id"])]
    assert states[0] in {"succeeded", "partial"} and states[1:] == ["cancelled"]


def test_a_paused_node_is_not_pulled_until_it_is_resumed(
    page: Page, product: Product, docker_engine: Engine
) -> None:
    node = product.add_node("winter-berth", docker_engine.address)
    product.ended_pull(product.rows("/pulls", node=node["id"])[0]["id"])
    page.goto(f"/nodes/{node['id']}")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    expect(page.get_by_text("paused", exact=True).first).to_be_visible()
    assert product.get(f"/nodes/{node['id']}")["state"] == "paused"
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert product.get(f"/nodes/{node['id']}")["paused"] is False

    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete the node").click()
    expect(page).to_have_url(re.compile(r"/nodes$"))
    expect(page.get_by_text("winter-berth was deleted.")).to_be_visible()
    assert product.rows("/nodes", search="winter-berth") == []
