"""The wizard that registers a node, over each way to reach an engine, up to the end of the first pull."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.product import Product
from tests.engines import Engine, SshServer

STEPS = 6
PULL_MILLISECONDS = 45_000


@pytest.fixture
def wizard(page: Page, product: Product) -> Iterator[Callable[[str], Page]]:
    """Opens the wizard at its second step for an address; what it registers is removed afterwards."""
    before = {node["id"] for node in product.rows("/nodes")}

    def at(address: str) -> Page:
        page.goto("/nodes")
        page.get_by_role("button", name="Add a node").first.click()
        page.get_by_label("Address of the engine").fill(address)
        page.get_by_role("button", name="Next").click()
        return page

    yield at
    for node in product.rows("/nodes"):
        if node["id"] not in before:
            product.delete(f"/nodes/{node['id']}")


def found(page: Page, engine: Engine) -> None:
    """The report of the connection test names what the engine says of itself."""
    client = engine.client()
    about = client.info()
    client.close()
    report = page.get_by_role("dialog").get_by_role("status")
    expect(report).to_contain_text(f"{about['Name']}: docker {about['ServerVersion']}")
    expect(report).to_contain_text("containers")


def register(page: Page, name: str) -> None:
    """The last step; then the pull is watched to its end without touching the page."""
    page.get_by_role("button", name="Next").click()
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("button", name="Register and pull").click()
    expect(page).to_have_url(re.compile(r"/pulls/\d+$"))
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Pull of {name}")
    done = page.locator("main").get_by_role("listitem").filter(has_text=re.compile(r"done in"))
    expect(done).to_have_count(STEPS, timeout=PULL_MILLISECONDS)
    expect(page.get_by_text(re.compile(r"^(succeeded|partial)$")).first).to_be_visible()


def test_over_the_unix_socket(wizard: Callable[[str], Page], docker_engine: Engine) -> None:
    page = wizard(docker_engine.address)
    page.get_by_role("button", name="Test connection").click()
    found(page, docker_engine)
    register(page, "berth-unix")


def test_over_tls_where_a_wrong_authority_is_refused_with_a_clear_error(
    wizard: Callable[[str], Page], docker_engine: Engine
) -> None:
    credential = docker_engine.credential
    page = wizard(docker_engine.tcp_address)
    page.get_by_label("CA certificate", exact=True).fill(docker_engine.other_ca)
    page.get_by_label("Client certificate", exact=True).fill(credential.client_certificate)
    page.get_by_label("Client key", exact=True).fill(credential.client_key)
    page.get_by_role("button", name="Test connection").click()
    refusal = page.get_by_role("dialog").get_by_role("alert")
    expect(refusal).to_contain_text(re.compile("certificate", re.IGNORECASE))
    expect(page.get_by_role("button", name="Next")).to_have_count(0)

    page.get_by_label("CA certificate", exact=True).fill(credential.ca_certificate)
    page.get_by_role("button", name="Test connection").click()
    found(page, docker_engine)
    register(page, "berth-tls")
    page.get_by_role("link", name="berth-tls").click()
    facts = page.get_by_role("region").or_(page.locator("dl")).filter(has_text="Credential").first
    expect(facts).to_contain_text("client certificate")
    assert credential.client_key.splitlines()[1] not in page.content()


def test_over_ssh_with_the_host_key_shown_and_pinned(
    wizard: Callable[[str], Page], docker_engine: Engine, ssh_server: SshServer
) -> None:
    page = wizard(ssh_server.address(docker_engine.socket_path))
    page.get_by_label("Private key", exact=True).fill(ssh_server.private_key)
    test = page.get_by_role("button", name="Test connection")
    expect(test).to_be_disabled()
    page.get_by_role("button", name="Fetch the host's key").click()
    shown = page.get_by_text(re.compile(r"^ssh-ed25519 SHA256:"))
    expect(shown).to_be_visible()
    fingerprint = shown.inner_text().split()[1]
    expect(test).to_be_disabled()
    page.get_by_role("checkbox", name="pin it").check()
    test.click()
    found(page, docker_engine)
    register(page, "berth-ssh")
    page.get_by_role("link", name="berth-ssh").click()
    expect(page.get_by_text(fingerprint)).to_be_visible()
