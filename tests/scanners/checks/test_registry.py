"""The folder walk refuses a check file that is not well-formed, and names it."""

import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scanners.checks.registry import CatalogueError, walk

GOOD = """\
from scanners.checks.check import Verdict, check, passed, failed
from scanners.checks.examples import container
from scanners.records import ContainerFacts, Severity


@check(
    id="{id}",
    title="Container has a name",
    severity=Severity.LOW,
    subject=ContainerFacts,
    rationale="{rationale}",
    remediation="Give it one.",
    good=[container()],
    bad={bad},
)
def {function}(facts: ContainerFacts) -> Verdict:
    return passed() if facts.name else failed("Name is empty")
"""

_numbers = itertools.count()


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., tuple[Path, str]]]:
    """Writes a package of check files: `catalogue({"ship/named.py": text})` gives its folder and name."""
    name = f"catalogue_under_test_{next(_numbers)}"
    monkeypatch.syspath_prepend(tmp_path)

    def write(files: dict[str, str]) -> tuple[Path, str]:
        root = tmp_path / name
        root.mkdir()
        (root / "__init__.py").touch()
        for path, text in files.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            (file.parent / "__init__.py").touch()
            file.write_text(text)
        return root, name

    yield write
    for module in [module for module in sys.modules if module.split(".")[0] == name]:
        del sys.modules[module]


def text(**changes: str) -> str:
    defaults = {
        "id": "ship.has-name",
        "rationale": "Nobody finds it otherwise.",
        "bad": '[container(name="")]',
        "function": "has_name",
    }
    return GOOD.format(**{**defaults, **changes})


def test_it_takes_a_well_formed_check(catalogue: Callable[..., tuple[Path, str]]) -> None:
    checks = walk(*catalogue({"ship/has_name.py": text()}))

    assert [check.id for check in checks] == ["ship.has-name"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (text(id="ship.other"), "the id ship.other does not name this file"),
        (text(function="something_else"), "the function something_else does not have the file's name"),
        (text(rationale=" "), "the rationale is empty"),
        (text(bad="[]"), "there is no bad example"),
        (text(bad="[1]"), "an example is int, not ContainerFacts"),
        ("x = 1\n", "declares 0 checks"),
        (text() + "\n\nsecond = has_name\n", "declares 2 checks"),
    ],
    ids=["id", "function", "empty text", "no bad example", "wrong subject", "no check", "two checks"],
)
def test_it_refuses_and_names_the_file(
    catalogue: Callable[..., tuple[Path, str]], content: str, complaint: str
) -> None:
    with pytest.raises(CatalogueError) as refusal:
        walk(*catalogue({"ship/has_name.py": content}))

    assert str(refusal.value).startswith("ship/has_name.py: ")
    assert complaint in str(refusal.value)


def test_it_refuses_an_id_that_two_files_declare(catalogue: Callable[..., tuple[Path, str]]) -> None:
    # Hyphens and underscores give one id, so two files can claim the same place.
    files = {"ship/has_name.py": text(), "ship_/has_name.py": text()}
    files["ship_/has_name.py"] = text(id="ship-.has-name")
    files["ship-/has_name.py"] = text(id="ship-.has-name")

    with pytest.raises(CatalogueError, match=r"the id ship-\.has-name is already declared"):
        walk(*catalogue(files))
