"""A registry becomes a node, and an environment says whom it trusts and where its images may come from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.browser import Watch
from tests.e2e.conftest import Open
from tests.e2e.product import Product
from tests.e2e.test_accessibility import violations_in_both_colours
from tests.e2e.test_adding_nodes import register
from tests.registries import PASSWORD, USER, running
from tests.signing import new_key, public_pem


def test_a_registry_is_registered_and_pulled(page: Page, product: Product, tmp_path: Path) -> None:
    with running(tmp_path / "registry", password=True) as registry:
        page.goto("/nodes?add=registry")
        page.get_by_label("Address of the registry").fill(registry.address)
        page.get_by_role("button", name="Next").click()
        page.get_by_label("User name").fill(USER)
        page.get_by_role("textbox", name="Password or access token").fill(PASSWORD)
        page.get_by_role("checkbox", name=re.compile("Allow a connection without TLS")).check()
        page.get_by_role("button", name="Test connection").click()
        report = page.get_by_role("dialog").get_by_role("status")
        expect(report).to_contain_text(f"{registry.host}: Registry registry/2.0")
        register(page, "signal-mast")
        page.get_by_role("link", name="signal-mast").click()
        expect(page.locator("dl").first).to_contain_text("Registry")
        expect(page.get_by_text(re.compile("^healthy$")).first).to_be_visible()
        (node,) = product.rows("/nodes", search="signal-mast")
        product.delete(f"/nodes/{node['id']}")


def test_an_environment_names_its_signers_and_registries(page: Page, product: Product, watch: Watch) -> None:
    watch.expects(400)
    page.goto("/environments")
    page.get_by_role("button", name="Trust a signer").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name").fill("Harbour master")
    dialog.get_by_role("textbox", name="Public key").fill("no key")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("This is not a public key in PEM")
    dialog.get_by_role("textbox", name="Public key").fill(public_pem(new_key()))
    dialog.get_by_label("May sign").fill("registry.example/shop/*")
    dialog.get_by_role("button", name="Save").click()
    row = page.get_by_role("row", name="Harbour master")
    expect(row).to_contain_text("every environment")
    expect(row).to_contain_text("registry.example/shop/*")

    (environment,) = [e for e in product.rows("/environments") if e["id"] == product.environment()]
    page.get_by_role("button", name=f"Change {environment['name']}").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Images must be signed by somebody trusted").check()
    dialog.get_by_label("Images may come from listed registries only").check()
    dialog.get_by_label("Allowed registries").fill("docker.io/library\nregistry.example:5000/")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    (changed,) = [e for e in product.rows("/environments") if e["id"] == environment["id"]]
    assert changed["requires_signatures"] is True
    assert changed["allowed_registries"] == ["docker.io/library", "registry.example:5000"]

    page.get_by_role("button", name="Remove Harbour master").click()
    page.get_by_role("button", name="Trust Harbour master no longer").click()
    expect(page.get_by_text("Nobody is trusted yet")).to_be_visible()
    product.ask(
        "PATCH",
        f"/environments/{environment['id']}",
        json={"requires_signatures": False, "allowed_registries": None},
    )


def test_axe_finds_nothing_on_the_dialog_of_a_signer(
    open_page: Open, administrator: Any, product: Product
) -> None:
    made = product.post(
        "/trusted-signers",
        {"name": "Pilot", "issuer": "https://ci.example", "subject": "https://git.example/shop/*"},
    )
    page = open_page(state=administrator, unguarded=True)
    page.goto("/environments")
    expect(page.get_by_role("row", name="Pilot")).to_be_visible()
    assert violations_in_both_colours(page) == {}
    page.get_by_role("button", name="Change Pilot").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations_in_both_colours(page) == {}
    product.delete(f"/trusted-signers/{made['id']}")
