"""axe on every page, light and dark: WCAG 2.2 A and AA, and its best practices for landmarks and headings."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import Watch
from tests.e2e.conftest import Open
from tests.e2e.product import Fleet, Probed, Product
from tests.platform.instances import ROOT

REPORT = ROOT / "tests" / "data" / "reports" / "trivy" / "alpine.json"
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
COUNT = "from django.utils import timezone; from posture.trends.counting import catch_up; catch_up(timezone.now())"
PARTS = 4  # of the walks through all pages, so that each has its time
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def paths(fleet: Fleet, probed: Probed, product: Product) -> list[str]:
    """Every page of the product, lists with an open drawer and grouped lists among them."""
    container = product.rows("/containers", search="careless")[0]["id"]
    finding = product.rows("/findings", search="careless")[0]["id"]
    image = product.rows("/images")[0]["id"]
    product.manage("import", str(REPORT))
    # What the clock does every few minutes, so that there are charts to look at.
    product.manage("shell", "--command", COUNT)
    vulnerability = product.rows("/vulnerabilities")[0]
    package = product.rows("/packages", has_findings="true")[0]["id"]
    scanned = product.rows("/images", vulnerability=vulnerability["key"])[0]["id"]
    pull = product.rows("/pulls", node=fleet.node["id"])[0]["id"]
    check = product.rows("/checks")[0]["id"]
    token = product.post(
        "/enrolment-tokens", {"name": "a hull of the walk", "environment": product.environment()}
    )["id"]
    return [
        "/nodes", f"/nodes/{fleet.node['id']}", "/nodes?add=node", "/nodes?add=probe", "/nodes?add=registry", "/nodes/enrolment",
        "/nodes/enrolment?add=token", f"/nodes/enrolment?open={token}", "/hosts", f"/hosts?open={fleet.host['id']}",
        f"/hosts/{fleet.host['id']}", f"/hosts/{fleet.host['id']}?tab=evidence", "/containers",
        f"/hosts/{fleet.host['id']}?tab=kernel", f"/hosts/{probed.hosts['pilot-3']}?tab=kernel",
        f"/containers/{container}", f"/containers/{container}?tab=confinement",
        f"/containers/{probed.containers['adrift']}?tab=confinement",
        "/images", f"/images/{image}", "/findings", f"/findings?open={finding}",
        "/vulnerabilities", f"/vulnerabilities?open={vulnerability['id']}", f"/vulnerabilities/{vulnerability['id']}",
        "/packages", f"/packages?open={package}", f"/packages/{package}",
        f"/findings?vulnerability={vulnerability['key']}", f"/images/{scanned}", f"/images/{scanned}?tab=packages",
        f"/images/{scanned}?tab=scans", f"/images/{scanned}?tab=layers", f"/images/{image}?tab=layers",
        "/findings?group=check", "/findings?as_of=2020-03-01T09:00:00Z", "/checks", f"/checks/{check}", "/pulls",
        "/defences", f"/defences?open={probed.hosts['pilot-1']}&cell=seccomp", "/defences?group=mechanism",
        "/defences?group=distribution", "/defences?tab=containers", "/defences?tab=differences",
        "/defences?tab=differences&show=all&open=/kernel/lockdown",
        "/uploads", "/uploads?add=report", "/feeds", "/affected", "/affected?q=CVE-2021-44228", "/affected?q=openssl",
        "/today", "/decisions", "/actions", "/actions?as_of=2020-03-01T09:00:00Z",
        "/trends", "/trends?by=kind&span=30", "/remediation", "/changes", "/teams",
        "/notifications", "/messages",
        "/gate", "/gate?tab=policies", "/gate?tab=pipeline",
        f"/pulls/{pull}", "/environments", "/users", "/tokens", "/history", "/me", "/nowhere",
    ]  # fmt: skip


def settle(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    page.wait_for_load_state("networkidle")


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it is: rule, element and reason."""
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=AXE)
    found: list[dict[str, Any]] = page.evaluate(
        """async tags => {
          const found = await axe.run(document, {runOnly: tags, resultTypes: ["violations"]});
          return found.violations.map(({id, nodes}) => ({id, nodes: nodes.map(
            ({target, failureSummary}) => `${target.join(" ")} ${failureSummary.split("\\n").slice(1).join(" ")}`)}));
        }""",
        TAGS,
    )
    return [f"{rule['id']}: {node}" for rule in found for node in rule["nodes"]]


def violations_in_both_colours(page: Page) -> dict[str, list[str]]:
    found = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
        if said := violations(page):
            found[scheme] = said
    return found


@pytest.mark.parametrize("part", range(PARTS))
def test_axe_finds_nothing_on_any_page_in_light_and_dark(
    open_page: Open, administrator: Any, watch: Watch, paths: list[str], part: int
) -> None:
    assert AXE.exists(), "axe-core is not installed: python3 tools/environment.py frontend build"
    watch.expects(404)
    page = open_page(state=administrator, unguarded=True)
    found = {}
    for path in paths[part::PARTS]:
        settle(page, path)
        if said := violations_in_both_colours(page):
            found[path] = said
    assert found == {}


def test_axe_finds_nothing_on_the_login_in_light_and_dark(open_page: Open) -> None:
    page = open_page(unguarded=True)
    settle(page, "/")
    assert violations_in_both_colours(page) == {}


@pytest.mark.parametrize("part", range(PARTS))
def test_no_page_breaks_the_policy_complains_or_scrolls_sideways(
    page: Page, watch: Watch, paths: list[str], part: int
) -> None:
    """Here the content security policy is in force; the console tells of every violation, `watch` of the console."""
    watch.expects(404)
    broken: list[str] = []
    sideways: dict[str, int] = {}
    page.expose_function("policyBroken", lambda words: broken.append(words))
    page.add_init_script(
        "addEventListener('securitypolicyviolation', event => policyBroken("
        "`${location.pathname}: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`))"
    )
    for path in paths[part::PARTS]:
        settle(page, path)
        for box in ("html", "main"):
            if (over := page.locator(box).evaluate("node => node.scrollWidth - node.clientWidth")) > 0:
                sideways[f"{box} of {path}"] = over
    assert broken == []
    assert sideways == {}, "pixels beyond a width of 1280"
