"""Roles, tokens and the audit trail, as people meet them."""

from __future__ import annotations

import re

import requests
from playwright.sync_api import Page, expect

from tests.e2e.browser import Watch
from tests.e2e.conftest import Open
from tests.e2e.product import Fleet, Product
from tests.e2e.test_logging_in import log_in

FIRST = "first-anchor-chain-42"
OWN = "own-anchor-chain-77"


def test_a_viewer_sees_everything_and_can_change_nothing(
    page: Page, open_page: Open, watch: Watch, fleet: Fleet, product: Product
) -> None:
    watch.expects(401, 403)
    page.goto("/users")
    page.get_by_role("button", name="New user").click()
    form = page.get_by_role("dialog")
    form.get_by_label("User name").fill("lookout")
    form.get_by_role("textbox", name="First password").fill(FIRST)
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_text("lookout was created.")).to_be_visible()

    other = open_page()
    other.goto(f"/nodes/{fleet.node['id']}")
    log_in(other, "lookout", FIRST)
    expect(other.get_by_role("heading", name="Choose your own password")).to_be_visible()
    other.get_by_role("textbox", name="Current password").fill(FIRST)
    other.get_by_role("textbox", name="New password", exact=True).fill(OWN)
    other.get_by_role("textbox", name="New password again").fill(OWN)
    other.get_by_role("button", name="Change password").click()

    expect(other.get_by_role("heading", name=fleet.node["name"], level=1)).to_be_visible()
    expect(other.get_by_role("table", name="pulls").get_by_role("row").nth(1)).to_be_visible()
    for verb in ("Pull now", "Test connection", "Pause", "Rotate credential", "Change", "Delete"):
        expect(other.get_by_role("button", name=verb, exact=True)).to_have_count(0)
    menu = other.get_by_role("navigation", name="Main")
    expect(menu.get_by_role("link", name="Findings")).to_be_visible()
    for label in ("Users", "Audit trail"):
        expect(menu.get_by_role("link", name=label)).to_have_count(0)
    other.goto("/history")
    expect(other.get_by_text("Your role does not show the audit trail")).to_be_visible()

    csrf = next(cookie["value"] for cookie in other.context.cookies() if cookie["name"] == "plimsoll_csrf")
    refused = other.request.post(
        f"/api/v1/nodes/{fleet.node['id']}/pull",
        headers={"X-CSRFToken": csrf, "Referer": product.address},
    )
    assert refused.status == 403, refused.text()
    assert refused.headers["content-type"].startswith("application/problem+json")


def test_a_token_is_shown_once_works_and_is_refused_after_it_is_revoked(page: Page, product: Product) -> None:
    page.goto("/tokens")
    page.get_by_role("button", name="New token").click()
    page.get_by_label("Name").fill("harbour office")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Copy the token now")).to_be_visible()
    token = page.get_by_role("dialog").get_by_text(re.compile(r"^plm_")).inner_text()
    page.get_by_role("button", name="I have kept it").click()
    row = page.get_by_role("table", name="tokens").get_by_role("row").filter(has_text="harbour office")
    expect(row).to_contain_text("valid")
    assert token not in page.content()
    page.reload()
    expect(row).to_be_visible()
    assert token not in page.content()

    asked = {
        "url": f"{product.address}/api/v1/me",
        "headers": {"Authorization": f"Bearer {token}"},
        "timeout": 20,
    }
    assert requests.get(**asked).json()["username"] == "admin"  # type: ignore[arg-type]
    row.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("The token was revoked.")).to_be_visible()
    assert requests.get(**asked).status_code == 401  # type: ignore[arg-type]


def test_the_audit_trail_lists_the_changes_and_its_chain_is_whole(
    page: Page, fleet: Fleet, product: Product
) -> None:
    product.ask("PATCH", f"/nodes/{fleet.node['id']}", json={"labels": {"quay": "7"}})
    newest = product.rows("/history", object_kind="node", object_id=fleet.node["id"])[0]
    page.goto(f"/history?object_kind=node&object_id={fleet.node['id']}")
    rows = page.get_by_role("table", name="entries").locator("tbody tr")
    expect(rows.first).to_contain_text(fleet.node["name"])
    rows.first.get_by_role("link").first.click()
    panel = page.get_by_role("region", name="entry", exact=True)
    expect(panel).to_contain_text("quay")
    expect(panel).to_contain_text(newest["hash"])
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Verify the chain").click()
    expect(page.get_by_text(re.compile(r"^The chain of all [\d,]+ entries is whole"))).to_be_visible()
