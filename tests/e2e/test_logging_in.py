"""Getting in: at the address that was asked for, and back to it after a session has ended."""

from __future__ import annotations

import re

import requests
from playwright.sync_api import Page, expect

from tests.e2e.browser import Watch
from tests.e2e.conftest import Open
from tests.e2e.product import Product
from tests.platform.instances import PASSWORD


def log_in(page: Page, username: str, password: str) -> None:
    page.get_by_label("User name").fill(username)
    page.get_by_role("textbox", name="Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_a_wrong_password_is_refused_and_the_right_one_shows_what_was_asked_for(
    open_page: Open, watch: Watch
) -> None:
    watch.expects(401)
    page = open_page()
    page.goto("/nodes?state=healthy")
    expect(page).to_have_title("Log in · Plimsoll")
    log_in(page, "admin", "not the password")
    expect(page.get_by_role("alert")).to_contain_text("password")
    expect(page.get_by_role("textbox", name="Password")).to_have_value("")

    log_in(page, "admin", PASSWORD)
    expect(page.get_by_role("heading", name="Nodes", level=1)).to_be_visible()
    expect(page).to_have_url(re.compile(r"/nodes\?state=healthy$"))


def test_a_session_that_ended_on_the_server_comes_back_to_the_same_view(
    open_page: Open, watch: Watch, product: Product
) -> None:
    watch.expects(401)
    page = open_page()
    page.goto("/findings?severity=critical,high&group=check")
    log_in(page, "admin", PASSWORD)
    expect(page.get_by_role("heading", name="Findings", level=1)).to_be_visible()

    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    ended = requests.delete(
        f"{product.address}/api/v1/session",
        cookies=cookies,
        headers={"X-CSRFToken": cookies["plimsoll_csrf"], "Referer": product.address},
        timeout=20,
    )
    assert ended.status_code == 204, ended.text
    page.get_by_role("radiogroup", name="Group the findings by").get_by_text("Host").click()
    expect(page.get_by_text("Your session has ended.")).to_be_visible()

    log_in(page, "admin", PASSWORD)
    expect(page.get_by_role("heading", name="Findings", level=1)).to_be_visible()
    expect(page).to_have_url(re.compile(r"/findings\?severity=critical,high&group=host$"))


def test_logging_out_leaves_nothing_to_go_back_to(open_page: Open, watch: Watch) -> None:
    watch.expects(401)
    page = open_page()
    page.goto("/hosts")
    log_in(page, "admin", PASSWORD)
    page.get_by_role("button", name="Your account: admin").click()
    page.get_by_role("menuitem", name="Log out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    page.goto("/users")
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    assert page.request.get("/api/v1/users").status == 401
