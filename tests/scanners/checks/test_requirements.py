"""Every link between a requirement and a check has both of its ends."""

from pathlib import Path

import pytest

from scanners.checks.registry import BY_ID, CATALOGUE
from scanners.checks.requirements import (
    FRAMEWORKS,
    FrameworkError,
    Requirement,
    read_frameworks,
    requirements_of,
)

LINKS = [
    (framework.id, requirement) for framework in FRAMEWORKS.values() for requirement in framework.requirements
]


@pytest.mark.parametrize(("framework", "requirement"), LINKS, ids=lambda value: getattr(value, "id", value))
def test_a_requirement_names_checks_that_exist(framework: str, requirement: Requirement) -> None:
    assert requirement.checks
    assert set(requirement.checks) <= set(BY_ID)
    assert requirement.title.strip()
    assert requirement.summary.endswith(".")


def test_every_check_is_evidence_for_something() -> None:
    assert [check.id for check in CATALOGUE if not requirements_of(check.id)] == []


def test_a_check_knows_its_requirements() -> None:
    requirements = requirements_of("docker.container.not-privileged")

    assert requirements["cis-docker-1.8"] == ("5.5",)
    assert requirements["pci-dss-4.0.1"] == ("2.2.3", "2.2.6", "7.2.5")
    assert requirements["gdpr"] == ("25.1", "32.1.b")


def test_an_unknown_check_has_none() -> None:
    assert requirements_of("docker.container.no-such-check") == {}


def test_a_framework_decided_per_number_is_one_that_maps_the_check() -> None:
    for check in CATALOGUE:
        if check.decided_per_requirement:
            assert check.decided_per_requirement in requirements_of(check.id), check.id


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (
            "id: other\nname: n\nversion: v\npublisher: p\nid_scheme: s\nrequirements: []\n",
            "not the file's name",
        ),
        ("id: mine\nname: n\n", "mine.yaml: "),
        ("- [\n", "mine.yaml: "),
        (
            "id: mine\nname: n\nversion: v\npublisher: p\nid_scheme: s\nrequirements:\n"
            + "  - {id: '1', title: t, summary: s, checks: [a]}\n" * 2,
            "the requirement 1 is listed twice",
        ),
    ],
    ids=["id", "missing fields", "not YAML", "twice"],
)
def test_it_refuses_a_malformed_file_and_names_it(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "mine.yaml").write_text(content)

    with pytest.raises(FrameworkError) as refusal:
        read_frameworks(tmp_path)

    assert "mine.yaml" in str(refusal.value)
    assert complaint in str(refusal.value)
