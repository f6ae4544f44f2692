"""The gate in the browser: a policy tried and set, the commands of the page run as a pipeline would, its answers."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.e2e.product import Product
from tests.e2e.test_accessibility import settle, violations_in_both_colours

REPORT = Path(__file__).parents[1] / "data" / "reports" / "trivy" / "alpine.json"


def known_image(product: Product) -> str:
    """The name of an image in which the report found something."""
    return str(product.get("/affected", q="CVE-2019-1549")["images"][0]["name"])


@pytest.fixture
def general(product: Product) -> Iterator[None]:
    """An image is known; the policies that the test sets are removed afterwards."""
    product.manage("import", str(REPORT))
    yield
    for policy in product.rows("/gate-policies"):
        product.delete(f"/gate-policies/{policy['id']}")


def test_a_policy_is_tried_set_and_removed(page: Page, product: Product, general: None) -> None:
    page.goto("/gate?tab=policies")
    page.get_by_role("button", name="Change the policy for every environment").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Of severity").click()
    page.get_by_role("option", name="low or worse").click()
    dialog.get_by_role("checkbox", name="that nothing has looked into for vulnerabilities").uncheck()
    dialog.get_by_role("button", name="Try it on the last 200 images").click()
    tried = product.post(
        "/gate-policies/trial", {"refuse_severity": "low", "require_scan": False, "images": 200}
    )
    assert tried["refused_total"] >= 1
    trial = dialog.get_by_role("region", name="Trial")
    expect(trial).to_contain_text(re.compile(r"Would refuse"))
    expect(trial.get_by_role("list", name="Refused by rule")).to_contain_text("too severe")
    expect(trial.get_by_role("link", name=tried["refused"][0]["name"])).to_be_visible()
    assert product.rows("/gate-policies") == [], "a trial keeps nothing"

    dialog.get_by_role("button", name="Save").click()
    policies = page.get_by_role("table", name="Policies")
    expect(policies.get_by_role("row").nth(1)).to_contain_text("severity low or worse")
    (policy,) = product.rows("/gate-policies")
    assert (policy["refuse_severity"], policy["require_scan"], policy["environment"]) == ("low", False, None)
    page.get_by_role("button", name="Remove the policy for every environment").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("The policy was removed.")).to_be_visible()
    assert product.rows("/gate-policies") == []


@pytest.mark.skipif(
    shutil.which("curl") is None or shutil.which("jq") is None, reason="curl and jq are needed"
)
def test_the_commands_of_the_page_end_as_a_pipeline_needs_it(
    page: Page, product: Product, general: None, tmp_path: Path
) -> None:
    report = json.loads(REPORT.read_text())
    (tmp_path / "report.json").write_text(json.dumps(report))
    token = product.manage("token", "create", "--user", "admin", "--name", "pipeline").strip()
    page.goto("/gate?tab=pipeline")
    expect(page.get_by_text("may-it-be-deployed")).to_be_visible()
    texts = page.locator("pre").all_inner_texts()
    github, sends, names, plain = texts[0], texts[2], texts[3], texts[4]
    image = known_image(product)
    known = [text.replace("registry.example/shop/web:1.4.2", image) for text in (names, plain)]
    steps = github.partition("run: |\n")[2]

    def ends(command: str, secret: str = token) -> int:
        done = subprocess.run(
            ["sh", "-e", "-c", command],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "PLIMSOLL_TOKEN": secret},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return done.returncode

    product.post("/gate-policies", {"require_scan": False, "refuse_exploited": False})
    assert [ends(command) for command in (sends, *known, steps)] == [0, 0, 0, 0]
    product.post("/gate-policies", {"refuse_severity": "low"})
    assert [ends(command) for command in (sends, *known, steps)] == [1, 1, 1, 1]
    assert all(ends(command, "wrong") for command in (sends, *known, steps)), "no answer lets nothing pass"
    (tmp_path / "report.json").write_text("{}")
    assert all(ends(command) for command in (sends, steps))

    page.get_by_role("tab", name="Answers").click()
    refused = page.get_by_role("table", name="answers").get_by_role("row").filter(has_text="refused").first
    expect(refused).to_contain_text("of severity low or worse")
    refused.get_by_role("link").first.click()
    panel = page.get_by_role("region", name="answer", exact=True)
    expect(panel).to_contain_text("What the policy refused then")
    expect(panel).to_contain_text("Vulnerabilities of severity low or worse")
    page.get_by_role("button", name=re.compile("^Yes")).click()
    expect(page).to_have_url(re.compile("allowed=true"))
    expect(page.get_by_role("table", name="answers").get_by_text("refused", exact=True)).to_have_count(0)


def test_axe_finds_nothing_on_the_gate(
    open_page: Open, administrator: Any, product: Product, general: None
) -> None:
    product.post("/gate-policies", {"refuse_severity": "low"})
    answer = product.post("/gate", {"image": known_image(product)})
    page = open_page(state=administrator, unguarded=True)
    found = {}
    for path in ("/gate", f"/gate?open={answer['id']}", "/gate?tab=policies", "/gate?tab=pipeline"):
        settle(page, path)
        if said := violations_in_both_colours(page):
            found[path] = said
    settle(page, "/gate?tab=policies")
    page.get_by_role("button", name="Change the policy for every environment").click()
    page.get_by_role("button", name="Try it on the last 200 images").click()
    expect(page.get_by_role("region", name="Trial")).to_be_visible()
    if said := violations_in_both_colours(page):
        found["form"] = said
    assert found == {}
