"""What the documentation says of defences and mitigation is what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanners.defences.mechanisms import BY_ID, CONTAINER, HOST
from scanners.defences.mitigation import FLOOR, RULES
from scanners.defences.records import Mechanism, State
from scanners.defences.weaknesses import Weakness

DOCS = Path(__file__).parents[3] / "docs"


def table_under(file: str, heading: str) -> list[tuple[str, ...]]:
    """The rows of the first table under a heading of a document."""
    after = (DOCS / file).read_text().split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in after.splitlines() if line.startswith("|")]
    return [tuple(cell.strip() for cell in row.strip("|").split("|")) for row in rows[2:]]


def test_the_rules_of_mitigation_are_published() -> None:
    assert table_under("load.md", "Mitigation") == [
        (
            f"{BY_ID[rule.mechanism].title} (`{rule.mechanism}`)",
            str(rule.weakness),
            f"{rule.factor:.2f}",
            rule.reason,
        )
        for rule in RULES
    ]
    assert f"below **{FLOOR:.2f}**" in (DOCS / "load.md").read_text()


@pytest.mark.parametrize(("heading", "mechanisms"), [("On a host", HOST), ("In a container", CONTAINER)])
def test_every_mechanism_is_explained(heading: str, mechanisms: tuple[Mechanism, ...]) -> None:
    assert table_under("defences.md", heading) == [
        (f"`{mechanism.id}`", mechanism.title, ", ".join(mechanism.blunts), mechanism.why)
        for mechanism in mechanisms
    ]


def test_every_state_and_class_of_weakness_is_explained() -> None:
    states = [row[0].replace(" ", "_") for row in table_under("defences.md", "States")]
    assert states == list(State)
    classes = table_under("defences.md", "Classes of weakness")
    assert classes == [(str(weakness), weakness.meaning) for weakness in Weakness]
