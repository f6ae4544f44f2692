"""One action on all that match a list's filters, also on those that no page has shown yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Open
from tests.e2e.product import Product
from tests.e2e.test_accessibility import violations_in_both_colours

MORE_THAN_A_PAGE = 55


@pytest.fixture
def flotilla(product: Product, tmp_path: Path) -> Iterator[int]:
    """Nodes that cannot be reached, more than one page of them; their number."""
    nodes = [
        product.add_node(f"flotilla-{n:02}", f"unix://{tmp_path}/{n}.sock", interval_seconds=86400)
        for n in range(MORE_THAN_A_PAGE)
    ]
    yield len(nodes)
    for node in nodes:
        product.delete(f"/nodes/{node['id']}")


def test_all_that_match_are_paused_after_one_question(
    open_page: Open, administrator: Any, flotilla: int, product: Product
) -> None:
    page = open_page(state=administrator, unguarded=True)
    page.goto("/nodes?search=flotilla-")
    bar = page.get_by_role("region", name="Actions on the selection")
    page.get_by_role("checkbox", name="Select all rows shown").check()
    bar.get_by_role("button", name=f"Select all {flotilla} that match").click()
    expect(bar.get_by_text(f"All {flotilla} nodes that match are selected")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert violations_in_both_colours(page) == {}

    bar.get_by_role("button", name="Pause …").click()
    question = page.get_by_role("dialog")
    expect(question.get_by_text(f"{flotilla} nodes match the filters of this list.")).to_be_visible()
    assert violations_in_both_colours(page) == {}
    assert not any(node["paused"] for node in product.rows("/nodes", search="flotilla-"))
    question.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_text(f"{flotilla} nodes paused.")).to_be_visible()
    expect(bar).to_have_count(0)

    paused = {node["name"]: node["paused"] for node in product.rows("/nodes")}
    assert {name for name, is_paused in paused.items() if is_paused} == {
        name for name in paused if name.startswith("flotilla-")
    }
