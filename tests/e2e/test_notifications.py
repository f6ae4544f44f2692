"""Telling another program, as an administrator sets it up: what is sent arrives signed, what fails is shown."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from posture.integrations.webhooks import signature
from tests.e2e.browser import Watch
from tests.e2e.product import Product
from tests.scanners.connectors.web_servers import Answer, answering
from tests.workers import wait_for


def test_a_webhook_is_told_and_what_fails_is_shown(page: Page, product: Product, watch: Watch) -> None:
    watch.expects(400)  # an address that is none
    answers = [Answer(status=204)]
    with answering(lambda asked: answers[0]) as receiver:
        page.goto("/notifications")
        expect(page.get_by_text("There is no mail server")).to_be_visible()
        page.get_by_role("button", name="New webhook").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Name").fill("Team chat")
        dialog.get_by_label("Address").fill("not an address")
        dialog.get_by_role("button", name="Save").click()
        expect(dialog.get_by_text("The address is not usable").first).to_be_visible()
        dialog.get_by_label("Address").fill(f"{receiver.url}/hooks/secret-part")
        dialog.get_by_role("button", name="Save").click()
        key = page.get_by_role("dialog").locator("code").inner_text()
        page.get_by_role("button", name="I have kept it").click()
        row = page.get_by_role("row", name="Team chat")
        expect(row).to_contain_text(receiver.url)
        row.get_by_role("button", name="Test Team chat").click()
        (asked,) = wait_for("the webhook", lambda: receiver.asked or None)
        expect(row).to_contain_text("on")

        headers = asked.headers
        signed = signature(key, headers["webhook-id"], int(headers["webhook-timestamp"]), asked.body)
        assert (asked.path, headers["webhook-signature"]) == ("/hooks/secret-part", signed)
        assert json.loads(asked.body)["data"] == {"by": "admin"}

        answers[0] = Answer(status=500)
        row.get_by_role("button", name="Test Team chat").click()
        wait_for("the second attempt", lambda: len(receiver.asked) == 2 or None)
        page.goto("/messages")
        failing = page.get_by_role("table", name="messages").get_by_role("row", name="127.0.0.1 answers 500.")
        expect(failing).to_contain_text("waiting")
        assert "secret-part" not in page.content()
        answers[0] = Answer(status=204)
        failing.get_by_role("link", name="This is a test").click()
        page.get_by_role("button", name="Send now").click()
        expect(
            page.get_by_role("region", name="message", exact=True).get_by_text("sent", exact=True)
        ).to_be_visible()

    page.goto("/notifications")
    page.get_by_role("button", name="Remove Team chat").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("There is no webhook")).to_be_visible()


def test_a_person_takes_a_digest_and_reads_it(page: Page, product: Product) -> None:
    page.goto("/notifications")
    page.get_by_role("button", name="New digest").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="It goes out").click()
    page.get_by_role("option", name="Every Monday").click()
    dialog.get_by_role("button", name="Save").click()
    row = page.get_by_role("row", name="admin by e-mail")
    expect(row).to_contain_text("Every Monday, 07:00 UTC")
    row.get_by_role("button", name="Send now").click()
    expect(page.get_by_text("The digest is on its way.")).to_be_visible()
    page.goto("/messages?cause=digest")
    page.get_by_role("table", name="messages").get_by_role("link").first.click()
    expect(page.get_by_text("Loads against their lines")).to_be_visible()
    expect(
        page.get_by_role("region", name="message", exact=True).get_by_text("shown here only")
    ).to_be_visible()
    page.goto("/notifications")
    row.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Nobody has a digest")).to_be_visible()


def test_reminders_are_turned_on_and_off(page: Page, product: Product) -> None:
    page.goto("/notifications")
    for state, words in ((True, "on, once a day at 07:00 UTC"), (False, "off")):
        page.get_by_role("button", name="Change the reminders").click()
        page.get_by_role("dialog").get_by_role("switch", name="Reminders go out").set_checked(state)
        page.get_by_role("dialog").get_by_role("button", name="Save").click()
        expect(page.get_by_text(words, exact=True)).to_be_visible()
    verbs = [row["verb"] for row in product.rows("/history", object_kind="reminders")]
    assert verbs == ["changed", "changed"]
