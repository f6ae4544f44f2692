"""A host becomes a node with a token from the UI: the real zipapp, the real agent, and what a person sees of it."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.product import Product
from tests.e2e.test_adding_hosts import WELL
from tests.e2e.test_adding_nodes import PULL_MILLISECONDS
from tests.platform.test_agent_enrolment import Host
from tests.platform.troubled import GOOD

SEES_MILLISECONDS = 15_000


@pytest.fixture
def name(product: Product) -> Iterator[str]:
    """The name of the node that the test makes; it is removed afterwards."""
    yield "keel-enrolled"
    for node in product.rows("/nodes", search="keel-enrolled"):
        product.delete(f"/nodes/{node['id']}")


def make_token(page: Page, name: str) -> str:
    """A token made in the dialog, which stays open; its text as it was copied."""
    page.goto("/nodes")
    page.get_by_role("link", name="Enrol a host").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name").fill(name)
    dialog.get_by_role("textbox", name="Labels of the node").fill("quay=7")
    dialog.get_by_role("button", name="Make the token").click()
    dialog.get_by_role("button", name="Copy the token").click()
    text = str(page.evaluate("navigator.clipboard.readText()"))
    assert re.fullmatch(r"plme_[\w-]{43}", text)
    expect(dialog.get_by_text(text)).to_be_visible()
    return text


def test_a_host_enrols_while_the_dialog_waits_and_is_pulled(
    page: Page, product: Product, tmp_path: Path, name: str
) -> None:
    host = Host(tmp_path)
    token = make_token(page, "a keel of the tests")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="The host, as this server reaches it").fill("127.0.0.1")
    expect(dialog.get_by_text(f"enrol --server {product.address}")).to_contain_text(
        "--address https://127.0.0.1:7443"
    )
    expect(dialog.get_by_role("status")).to_contain_text("No host has used the token yet")

    enrolled = host.enrol(product.address, token, "--name", name)
    assert enrolled.returncode == 0, enrolled.stderr
    link = dialog.get_by_role("link", name=name)
    expect(link).to_be_visible(timeout=SEES_MILLISECONDS)
    assert token not in str(product.rows("/enrolment-tokens")) + str(product.rows("/history"))
    with host.serving():
        link.click()
        expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
        facts = page.locator("dl").first
        for words in ("Host probe", "CA certificate, bearer token", "quay=7"):
            expect(facts).to_contain_text(words)
        page.get_by_role("button", name="Pull now").click()
        expect(page).to_have_url(re.compile(r"/pulls/\d+$"))
        ended = page.get_by_text(re.compile(r"^(succeeded|partial|failed)$")).first
        expect(ended).to_be_visible(timeout=PULL_MILLISECONDS)
        # The registration's own pull may have been under way before the agent listened.
        (node,) = product.rows("/nodes", search=name)
        assert product.pull(node["id"])["state"] in GOOD
        page.goto(f"/nodes/{node['id']}")
        expect(page.get_by_text(WELL).first).to_be_visible()
        expect(page.get_by_role("link", name=platform.node())).to_be_visible()
    page.goto("/nodes/enrolment?state=used")
    row = page.get_by_role("table", name="tokens").get_by_role("row", name="a keel of the tests")
    expect(row.get_by_role("link", name=name)).to_be_visible()
    expect(row.get_by_role("button")).to_have_count(0)
    assert token not in page.content()


def test_a_revoked_token_enrols_nobody(page: Page, product: Product, tmp_path: Path, name: str) -> None:
    host = Host(tmp_path)
    token = make_token(page, "a keel that stays away")
    page.get_by_role("dialog").get_by_role("button", name="Done").click()
    expect(page.get_by_text(token)).to_have_count(0)
    page.get_by_role("button", name="Revoke a keel that stays away").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("The enrolment token was revoked.")).to_be_visible()
    row = page.get_by_role("table", name="tokens").get_by_role("row", name="a keel that stays away")
    expect(row).to_contain_text("revoked")
    refused = host.enrol(product.address, token, "--name", name)
    assert refused.returncode == 1
    assert refused.stderr == "plimsoll-probe: not enrolled: This enrolment token was revoked.\n"
    assert product.rows("/nodes", search=name) == []
