"""Adding, changing and deleting environments."""

from __future__ import annotations

import pytest

from posture.accounts.choices import Role
from posture.base.problems import Conflict, Invalid
from posture.fleet.actions import create_environment, create_node, delete_environment, update_environment
from posture.fleet.models import Environment
from posture.history.models import Entry
from tests.posture.people import person

pytestmark = pytest.mark.django_db


def test_a_slug_is_made_of_the_name() -> None:
    environment = create_environment(
        name="  Production North ", data_classes=["cardholder", "personal", "personal"]
    )
    assert (environment.slug, environment.name, environment.line) == (
        "production-north",
        "Production North",
        100.0,
    )
    assert environment.data_classes == ["personal", "cardholder"]
    assert Entry.objects.get().changes["data_classes"] == [None, ["personal", "cardholder"]]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "Taken"}, "name"),
        ({"slug": "no slug"}, "slug"),
        ({"line": 0}, "line"),
        ({"line": 10_001}, "line"),
        ({"line": float("nan")}, "line"),
        ({"line": float("inf")}, "line"),
        ({"data_classes": ["secret"]}, "data_classes"),
        ({"description": "x" * 501}, "description"),
    ],
)
def test_a_wrong_field_is_named(change: dict, field: str) -> None:
    create_environment(name="Taken")
    with pytest.raises(Invalid) as caught:
        create_environment(**({"name": "Fine", "slug": "fine"} | change))
    assert field in {error["field"].partition(".")[0] for error in caught.value.errors}
    assert Environment.objects.count() == 1


def test_a_change_is_written_field_by_field() -> None:
    environment = create_environment(name="Production")
    update_environment(environment=environment, line=80.0, description="Bremen")
    assert Entry.objects.get(verb="changed").changes == {"line": [100, 80], "description": ["", "Bremen"]}
    update_environment(environment=environment, line=80.0)
    assert Entry.objects.filter(verb="changed").count() == 1


def test_an_environment_in_use_stays_and_says_by_what() -> None:
    environment = create_environment(name="Production")
    create_node(name="alpha", address="unix:///run/a.sock", environment=environment)
    person("grace", Role.VIEWER, environments=[environment])
    with pytest.raises(Conflict, match=r"1 node, 1 person \(alpha\)"):
        delete_environment(environment=environment)
    unused = create_environment(name="Staging")
    delete_environment(environment=unused)
    assert list(Environment.objects.values_list("slug", flat=True)) == ["production"]
    assert Entry.objects.get(verb="deleted").object_name == "Staging"
