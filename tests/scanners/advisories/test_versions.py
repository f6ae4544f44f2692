"""Which versions an advisory holds for affected, and where to go from there."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.advisories.records import Affected, Range
from scanners.advisories.versions import Hit, Undecidable, affects, affects_any, compare, outside, ranges
from scanners.reported import FixStatus


def of(ecosystem: str, *held: Range, versions: tuple[str, ...] = (), **more: object) -> Affected:
    return Affected(ecosystem=ecosystem, name="thing", ranges=held, versions=versions, **more)


def until(fixed: str, introduced: str = "0") -> Range:
    return Range(introduced=introduced, fixed=fixed)


@pytest.mark.parametrize(
    ("ecosystem", "fixed", "affected", "mended"),
    [
        ("deb", "3.0.11-1~deb12u2", "3.0.11-1~deb12u1", "3.0.11-1~deb12u2"),
        ("deb", "1:9.18.19-1~deb12u1", "9.19.0-1", "1:9.18.19-1~deb12u1"),
        ("deb", "1.2-1", "1.2-1~bpo11+1", "1.2-1+deb12u1"),
        ("rpm", "0:1.1.1k-7.el8_6", "1.1.1k-6.el8_5", "1.1.1k-7.el8_6"),
        ("rpm", "1:1.1.1k-7.el8_6", "1.1.1k-9.el8", "1:1.1.1k-7.el8_6"),
        ("apk", "3.1.4-r1", "3.1.4-r0", "3.1.4-r10"),
        ("apk", "1.36.1-r0", "1.36.0_rc1-r9", "1.36.1-r0"),
        ("pypi", "2.31.0", "2.31.0rc1", "2.31"),
        ("npm", "4.17.21", "4.17.20", "4.17.21"),
        ("golang", "0.17.0", "v0.0.0-20220722155237-a158d28d115b", "v0.17.0"),
        ("golang", "1.21.4", "go1.21.3", "go1.21.4"),
        ("golang", "2.0.1", "v2.0.0+incompatible", "v2.0.1+incompatible"),
        ("maven", "2.17.1", "2.17.0", "2.17.1.RELEASE"),
        ("gem", "1.13.10", "1.13.10.rc1", "1.13.10"),
        ("nuget", "13.0.1", "13.0.1-beta2", "13.0.1.0"),
        ("cargo", "0.10.48", "0.9.99", "0.10.48"),
        ("composer", "6.4.4", "v6.4.3", "v6.4.4"),
    ],
)
def test_a_version_before_the_fix_is_affected_and_the_fix_is_not(
    ecosystem: str, fixed: str, affected: str, mended: str
) -> None:
    assert affects(of(ecosystem, until(fixed)), affected) == Hit(fixed=fixed)
    assert affects(of(ecosystem, until(fixed)), mended) is None


def test_the_last_affected_version_is_affected_and_no_later_one() -> None:
    said = of("pypi", Range(introduced="1.0", last_affected="1.11.0"))
    assert affects(said, "1.11") == Hit()
    assert affects(said, "1.11.1") is None
    assert affects(said, "0.9") is None


def test_a_range_without_end_holds_every_version_even_one_that_is_none() -> None:
    assert affects(of("golang", Range()), "(devel)") == Hit()
    assert affects(of("npm", Range(introduced="2.0.0")), "9.0.0") == Hit()
    assert affects(of("npm", Range(introduced="2.0.0")), "1.9.0") is None


def test_the_fix_is_the_nearest_above_of_the_ranges_that_hold_the_version() -> None:
    branches = of("pypi", until("4.1.6", "4.1"), until("3.2.17", "3.2"), until("4.0.9", "4.0"))
    assert affects(branches, "3.2.5") == Hit(fixed="3.2.17")
    assert affects(branches, "4.0.1") == Hit(fixed="4.0.9")
    assert affects(branches, "3.2.17") is None
    overlapping = of("pypi", until("2.0"), until("1.5", "1.0"))
    assert affects(overlapping, "1.2") == Hit(fixed="1.5")
    assert affects(overlapping, "1.7") == Hit(fixed="2.0")


def test_a_version_that_is_named_is_affected_however_it_is_written() -> None:
    said = of("pypi", until("2.0", "1.9"), versions=("1.0", "bulbasaur-1"))
    assert affects(said, "1.0") == Hit(fixed="2.0")
    assert affects(said, "1.0.0") == Hit(fixed="2.0")
    assert affects(said, "bulbasaur-1") == Hit(fixed="2.0")
    assert affects(said, "1.1") is None


def test_several_statements_on_a_package_are_one_answer() -> None:
    said = [
        of("golang", until("1.20.11")),
        of("golang", until("1.20.12", "1.20.11")),
        of("golang", until("1.21.4")),
    ]
    assert affects_any(said, "go1.20.10") == Hit(fixed="1.21.4")
    assert affects_any(said[:2], "go1.20.11") == Hit(fixed="1.20.12")
    assert affects_any(said, "go1.22.0") is None
    assert affects_any([*said, of("golang", Range())], "go1.20.10") == Hit()
    assert isinstance(affects_any(said, "(devel)"), Undecidable)
    assert affects_any([], "1.0") is None


def test_what_cannot_be_read_is_said_and_not_taken_for_safe() -> None:
    assert affects(of("golang", until("1.2.3")), "(devel)") == Undecidable(
        reason="“(devel)” is no version of golang."
    )
    assert affects(of("apk", until("not a version")), "1.0-r0") == Undecidable(
        reason="“not a version” is no version of apk."
    )
    assert affects(of("deb", until("1.0")), "") == Undecidable(
        reason="“an empty version” is no version of deb."
    )
    # What one range cannot tell another may.
    assert affects(of("apk", until("not a version"), until("2.0")), "1.0-r0") == Hit(fixed="2.0")
    assert affects(of("unheard-of", until("2.0"), versions=("1.0",)), "1.0") == Hit(fixed="2.0")


def test_what_the_distribution_says_is_not_affected_is_not() -> None:
    assert affects(of("deb", Range(), status=FixStatus.NOT_AFFECTED), "1.0") is None


def test_another_architecture_is_not_affected() -> None:
    said = of("rpm", until("2.0-1"), architectures=("aarch64",))
    assert affects(said, "1.0-1", "x86_64") is None
    assert affects(said, "1.0-1", "aarch64") == Hit(fixed="2.0-1")
    assert affects(said, "1.0-1", "noarch") == Hit(fixed="2.0-1")
    assert affects(said, "1.0-1") == Hit(fixed="2.0-1")


def test_builds_of_modules_and_of_none_are_not_held_against_each_other() -> None:
    module, plain = "1.14.0-2.module_el8.4.0+2521+c668cc9f", "1.14.0-1.el8"
    assert affects(of("rpm", until(module)), "1.13.0-1.el8") is None
    assert affects(of("rpm", until(plain)), "1.13.0-1.module+el8.1.0+1+aa") is None
    assert affects(of("rpm", until(module)), "1.13.0-1.module+el8.1.0+1+aa") == Hit(fixed=module)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([("introduced", "0"), ("fixed", "1.5")], (until("1.5"),)),
        ([("introduced", "0")], (Range(),)),
        ([("fixed", "1.5"), ("introduced", "1.0")], (until("1.5", "1.0"),)),
        (
            [("introduced", "2.0"), ("fixed", "2.10"), ("introduced", "0"), ("fixed", "1.5")],
            (until("1.5"), until("2.10", "2.0")),
        ),
        (
            [("introduced", "0"), ("last_affected", "1.5"), ("introduced", "2.0")],
            (Range(last_affected="1.5"), Range(introduced="2.0")),
        ),
        ([("introduced", "1.0"), ("last_affected", "1.0")], (Range(introduced="1.0", last_affected="1.0"),)),
        ([("introduced", "0"), ("introduced", "1.0"), ("fixed", "2.0"), ("fixed", "3.0")], (until("2.0"),)),
        ([("introduced", "0"), ("limit", "2.0")], (until("2.0"),)),
        ([("introduced", "0"), ("limit", "*"), ("fixed", "3.0")], (until("3.0"),)),
        ([("introduced", "0"), ("fixed", "3.0"), ("limit", "1.0"), ("limit", "2.0")], (until("2.0"),)),
        ([("introduced", "0"), ("fixed", "1.0"), ("introduced", "5.0"), ("limit", "2.0")], (until("1.0"),)),
        ([("introduced", "0"), ("last_affected", "2.0"), ("limit", "2.0")], (until("2.0"),)),
        ([("introduced", "0"), ("fixed", "0")], ()),
        ([("fixed", "1.0")], ()),
        ([], ()),
        ([("introduced", "none"), ("fixed", "1.0")], (until("1.0", "none"),)),
    ],
)
def test_events_of_osv_become_ranges(events: list[tuple[str, str]], expected: tuple[Range, ...]) -> None:
    assert ranges("pypi", events) == expected


NUMBERS = st.integers(0, 12).map(lambda number: f"1.{number}")
EVENTS = st.lists(
    st.tuples(st.sampled_from(["introduced", "fixed", "last_affected", "limit"]), st.just("0") | NUMBERS),
    max_size=7,
)


def reference(version: str, events: list[tuple[str, str]]) -> bool:
    """OSV schema, "Evaluation", word by word, over versions that are one number."""

    def number(said: str) -> float:
        return -1 if said == "0" else float(said.removeprefix("1."))

    limits = [number(said) for kind, said in events if kind == "limit"]
    if limits and not any(number(version) < limit for limit in limits):
        return False
    order = ("introduced", "last_affected", "fixed", "limit")
    vulnerable = False
    for kind, said in sorted(events, key=lambda event: (number(event[1]), order.index(event[0]))):
        if kind == "introduced" and number(version) >= number(said):
            vulnerable = True
        elif (kind == "fixed" and number(version) >= number(said)) or (
            kind == "last_affected" and number(version) > number(said)
        ):
            vulnerable = False
    return vulnerable


@pytest.mark.parametrize("ecosystem", ["deb", "rpm", "apk", "pypi", "npm", "golang", "maven", "gem", "nuget"])
@given(events=EVENTS, version=NUMBERS)
@settings(max_examples=120, deadline=None)
def test_what_is_affected_is_what_the_schemas_own_algorithm_says(
    ecosystem: str, events: list[tuple[str, str]], version: str
) -> None:
    found = affects(of(ecosystem, *ranges(ecosystem, events)), version)
    assert isinstance(found, Hit) == reference(version, events)
    if isinstance(found, Hit) and found.fixed:
        assert compare(ecosystem, found.fixed, version) > 0


@given(events=EVENTS, listed=st.lists(NUMBERS | st.sampled_from(["nonsense", "1.03"]), max_size=6))
@settings(deadline=None)
def test_versions_that_a_range_holds_need_not_be_kept(
    events: list[tuple[str, str]], listed: list[str]
) -> None:
    held = ranges("pypi", events)
    kept = outside("pypi", held, listed)
    every = [*listed, *(f"1.{number}" for number in range(13))]
    for version in every:
        before = affects(of("pypi", *held, versions=tuple(listed)), version)
        after = affects(of("pypi", *held, versions=kept), version)
        assert isinstance(before, Hit) == isinstance(after, Hit)


@given(
    st.sampled_from(["deb", "rpm", "apk", "pypi", "npm", "golang", "maven", "gem", "nuget", "unheard-of"]),
    st.text(max_size=12),
    st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8), st.text(max_size=8)), max_size=3),
    st.lists(st.text(max_size=8), max_size=3),
)
@settings(deadline=None)
def test_any_texts_for_versions_have_an_answer(
    ecosystem: str, version: str, bounds: list[tuple[str, str, str]], versions: list[str]
) -> None:
    held = [Range(introduced=a, fixed=b, last_affected=c) for a, b, c in bounds]
    assert isinstance(
        affects(of(ecosystem, *held, versions=tuple(versions)), version), Hit | Undecidable | None
    )
