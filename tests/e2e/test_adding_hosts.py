"""The wizard for host probes: this machine, a host over SSH, and an engine whose host is read along with it."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.browser import Watch
from tests.e2e.product import Product
from tests.e2e.test_adding_nodes import register, wizard
from tests.engines import Engine, SshServer

__all__ = ["wizard"]  # a fixture

Wizard = Callable[[str], Page]
# A second engine on the machine of the tests is skipped and said, which makes a pull partial and its node degraded.
WELL = re.compile("^(healthy|degraded)$")


def read(page: Page, subject: str) -> None:
    """The report of the connection test names what was read of this machine."""
    report = page.get_by_role("dialog").get_by_role("status")
    expect(report.get_by_role("list", name="What was read")).to_contain_text(subject)


def test_this_machine_needs_neither_address_nor_credential(page: Page, product: Product) -> None:
    page.goto("/nodes?add=probe")
    expect(page.get_by_role("radio", name="This machine")).to_be_checked()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_role("dialog").get_by_role("status")).to_contain_text(f"{platform.node()}: Host probe")
    read(page, "kernel")
    register(page, "keel-here")
    page.get_by_role("link", name="keel-here").click()
    facts = page.locator("dl").first
    expect(facts).to_contain_text("Host probe")
    expect(facts).to_contain_text("local://")
    expect(page.get_by_text(WELL).first).to_be_visible()
    page.goto("/nodes?kind=probe")
    row = page.get_by_role("table", name="nodes").get_by_role("row", name="keel-here")
    expect(row).to_contain_text("Host probe")
    (node,) = product.rows("/nodes", search="keel-here")
    product.delete(f"/nodes/{node['id']}")


def test_a_host_over_ssh_with_its_key_pinned(page: Page, product: Product, ssh_server: SshServer) -> None:
    page.goto("/nodes?add=probe")
    page.get_by_role("radio", name="Over SSH").click()
    page.get_by_label("Address of the host").fill(f"ssh://{ssh_server.user}@127.0.0.1:{ssh_server.port}")
    root = page.get_by_role("switch", name="As root, with sudo")
    root.check()
    rule = f"{ssh_server.user} ALL=(root) NOPASSWD: /usr/bin/python3 -"
    page.get_by_role("button", name="Copy the rule for sudo").click()
    assert page.evaluate("navigator.clipboard.readText()") == rule
    root.uncheck()
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Private key", exact=True).fill(ssh_server.private_key)
    page.get_by_role("button", name="Fetch the host's key").click()
    expect(page.get_by_text(re.compile(r"^ssh-ed25519 SHA256:"))).to_be_visible()
    page.get_by_role("checkbox", name="pin it").check()
    page.get_by_role("button", name="Test connection").click()
    read(page, "kernel")
    register(page, "keel-ssh")
    (node,) = product.rows("/nodes", search="keel-ssh")
    assert (node["kind"], node["use_sudo"], node["last_error"]) == ("probe", False, None)
    product.delete(f"/nodes/{node['id']}")


def test_an_engine_over_ssh_and_its_host_in_one_pull(
    wizard: Wizard, docker_engine: Engine, ssh_server: SshServer
) -> None:
    page = wizard(ssh_server.address(docker_engine.socket_path))
    page.get_by_role("button", name="Back").click()
    page.get_by_role("switch", name="Read the host too").check()
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Private key", exact=True).fill(ssh_server.private_key)
    page.get_by_role("button", name="Fetch the host's key").click()
    page.get_by_role("checkbox", name="pin it").check()
    page.get_by_role("button", name="Test connection").click()
    read(page, "kernel")
    register(page, "berth-and-keel")
    page.get_by_role("link", name="berth-and-keel").click()
    facts = page.locator("dl").first
    expect(facts).to_contain_text("Docker Engine and host")
    read_at = facts.locator("div").filter(has_text="Host last read").locator("time")
    expect(read_at).to_be_visible()

    page.get_by_role("button", name="Change", exact=True).click()
    page.get_by_role("switch", name="Read the host too").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("berth-and-keel was changed.")).to_be_visible()
    expect(facts).not_to_contain_text("Host last read")


def test_what_the_server_does_not_accept_is_said_at_its_field(
    page: Page, watch: Watch, product: Product
) -> None:
    watch.expects(400)
    page.goto("/nodes?add=probe")
    page.get_by_role("radio", name="Agent").click()
    page.get_by_label("Address of the agent").fill("https://127.0.0.1:1")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("textbox", name="Bearer token").fill("too-short")
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("The node refused the connection")
    page.get_by_role("button", name="Go on without a connection").click()
    page.get_by_role("textbox", name="Name").fill("keel-agent")
    page.get_by_role("button", name="Register and pull").click()
    token = page.get_by_role("textbox", name="Bearer token")
    expect(token).to_be_visible()
    expect(token).to_have_accessible_description(re.compile("at least 32 characters"))
    assert product.rows("/nodes", search="keel-agent") == []
