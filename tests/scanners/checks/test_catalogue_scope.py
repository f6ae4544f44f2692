"""Nothing in the catalogue's scope is forgotten: it is declared, or it is known what it waits for."""

from pathlib import Path

import msgspec
import pytest

from scanners.checks.registry import BY_ID

FILE = Path(__file__).parents[2] / "data" / "catalogue_scope.yaml"


class Scope(msgspec.Struct, forbid_unknown_fields=True):
    declared: list[str]
    waiting: dict[str, str]


@pytest.fixture(scope="module")
def scope() -> Scope:
    return msgspec.yaml.decode(FILE.read_bytes(), type=Scope)


def test_exactly_the_checks_in_scope_are_declared(scope: Scope) -> None:
    assert sorted(BY_ID) == scope.declared


def test_a_check_that_is_not_declared_says_what_it_waits_for(scope: Scope) -> None:
    assert not set(scope.waiting) & set(BY_ID)
    assert all(reason.startswith("needs ") for reason in scope.waiting.values())
