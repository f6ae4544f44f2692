"""Each ecosystem's versions are in the order that its own tool gives them."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from univers.gem import GemVersion
from univers.nuget import Version as NugetVersion

from scanners.advisories.orderings import LONGEST, ORDERINGS, Unreadable, key
from scanners.advisories.versions import compare

VECTORS = Path(__file__).parents[2] / "data" / "advisories" / "versions"
SIGNS = {"<": -1, "=": 0, ">": 1}
# In rising order; versions in one text, divided by "=", are the same. After each ecosystem's specification.
ASCENDING = {
    "deb": "1.0~~ 1.0~~a 1.0~ 1.0~rc1 1.0=1.0-0=0:1.0 1.0-0+deb12u1 1.0-1~bpo1 1.0-1=1.0-01 1.0-1+b1 1.0-1+deb12u1 "
    "1.0a 1.0+dfsg 1.0.1 1.9 1.10 1:0.1 1:0.1-1:2-3",
    "rpm": "1.0~rc1-1 1.0 1.0-1~x 1.0-1=0:1.0-1=1.0-01=1-0-1 1.0-1.el8 1.0-1.el8_4.1 1.0-1.el9 1.0-2 1.0^git1-1 1.0a-1 1.0.1-1 "
    "1.10-1 1:0.1-1",
    "apk": "1.0_alpha-r0 1.0_alpha1-r0 1.0_beta 1.0_pre 1.0_rc1-r5 1.0 1.0-r0 1.0-r10 1.0_cvs1 1.0_svn1 1.0_git20240101-r0 "
    "1.0_hg1 1.0_p1-r0 1.0a 1.0b-r1 1.0.01 1.0.02 1.0.1 1.0.9 1.0.10 1.2 1.10 2.0_alpha1",
    "pypi": "1.0.dev1 1.0a1=1.0.alpha1=1.0-a.1 1.0b2 1.0rc1=1.0c1 1.0=1.0.0=v1.0 1.0+local 1.0.post1=1.0-1 1.1.dev0 1!0.1",
    "npm": "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 "
    "1.0.0=1.0.0+build=v1.0.0 1.0.1 1.2.0 1.10.0 2.0.0",
    "cargo": "0.1.0-alpha.1 0.1.0 0.1.1 0.10.0 1.0.0-rc.1 1.0.0",
    "golang": "v0.0.0-20190101000000-abcdefabcdef v0.0.0-20210101000000-000000000000 v0.0.0 v1.2.3-pre v1.2.3=1.2.3 "
    "v1.2.4-0.20200101000000-abcdefabcdef v1.2.4 go1.21beta1=1.21.0-beta.1 go1.21rc2=1.21.0-rc.2 go1.21=go1.21.0 "
    "go1.21.3=1.21.3=go1.21.3.X:boringcrypto 2.0.0+incompatible=v2.0.0 v2.0.1+incompatible",
    "maven": "1-alpha-1=1-a1=1.alpha1 1-beta-1=1-b1 1-milestone-1=1-m1 1-rc-1=1-cr1=1rc1 1-SNAPSHOT "
    "1=1.0=1.0.0=1-ga=1.final=1.0.0.RELEASE 1-sp 1-abc 1-1 1.0.1 1.1-rc 1.1 1.9 1.10 2.0.0.Final-redhat-1",
    "gem": "1.0.a 1.0.a9 1.0.a10=1.0.a.10 1.0.b1 1.0.pre.1=1.0-1 1.0=1=1.0.0 1.0.0.1 1.2 1.10",
    "nuget": "1.0.0-ALPHA=1.0.0-alpha 1.0.0-alpha.1 1.0.0-beta 1.0=1.0.0=1.0.0.0=1.0.0+meta=01.0 1.0.0.1 1.0.1 1.10 2.0-rc",
    "composer": "1.0-dev=1.0.0.0-dev 1.0-alpha1=1.0a1 1.0.0-ALPHA.2 1.0-beta2=v1.0.0-b2 1.0-RC1 "
    "1.0=v1.0.0=1.0-stable=1.0.0.0 1.0-patch1=1.0-p1 1.0.1 1.10.0 1.x-dev",
    "pub": "1.0.0-pre 1.0.0-pre+build 1.0.0 1.0.0+1 1.0.0+2 1.0.1",
    "hex": "1.0.0-rc.0 1.0.0 1.0.1",
}
UNREADABLE = {
    "deb": ["", "a:1", "1_0", "1.0-", "é", "1 0", "-1"],
    "rpm": ["", "x:1-1", "1.0 1", "é-1", "1-é", "-1", "1:"],
    "apk": ["", "abc", "1.0_foo", "1.0-1", "1.0-r", "1..0", "1.0bc"],
    "pypi": ["", "2004d", "1.0-bulbasaur", "latest"],
    "npm": ["", "latest", "1.x", "^1.0.0", "git+https://x"],
    "golang": ["", "(devel)", "UNKNOWN", "master"],
    "maven": ["", " "],
    "gem": ["", "a.b", "1..0", "1.0 beta"],
    "nuget": ["", "1.0.0.0.0", "[1.0,2.0)"],
    "composer": ["", "dev-main", "9999999-dev-x y"],
    "unheard-of": ["1.0"],
}


@pytest.mark.parametrize("name", sorted(path.stem for path in VECTORS.glob("*.txt")))
def test_the_order_is_that_of_the_ecosystems_own_tool(name: str) -> None:
    lines = (VECTORS / f"{name}.txt").read_text().splitlines()
    assert len(lines) > 200
    for line in lines:
        a, sign, b = line.split(" ")
        assert compare(name, a, b) == SIGNS[sign], line
        assert compare(name, b, a) == -SIGNS[sign], line


@pytest.mark.parametrize("ecosystem", sorted(ASCENDING))
def test_versions_ascend_as_the_specification_says(ecosystem: str) -> None:
    steps = [step.replace(".X:", " X:").split("=") for step in ASCENDING[ecosystem].split()]
    if (
        ecosystem == "rpm"
    ):  # a zero as version is not written with "-0-": it stands for leading zeros of a number
        steps = [[one for one in step if one != "1-0-1"] for step in steps]
    for step in steps:
        assert all(compare(ecosystem, a, b) == 0 for a, b in itertools.combinations(step, 2)), step
    for lower, higher in itertools.combinations(steps, 2):
        for a, b in itertools.product(lower, higher):
            assert compare(ecosystem, a, b) == -1, (a, b)
            assert compare(ecosystem, b, a) == 1, (b, a)


@pytest.mark.parametrize(
    ("ecosystem", "version"), [(name, one) for name, several in UNREADABLE.items() for one in several]
)
def test_what_is_no_version_has_no_place(ecosystem: str, version: str) -> None:
    assert key(ecosystem, version) is None
    with pytest.raises(Unreadable, match="is no version of"):
        compare(ecosystem, version, "1.0")


@pytest.mark.parametrize("ecosystem", sorted(ORDERINGS))
def test_a_version_of_a_million_characters_has_no_place(ecosystem: str) -> None:
    assert key(ecosystem, "1" * (LONGEST + 1)) is None
    assert key(ecosystem, "1." * 500_000) is None
    key(ecosystem, "1" * LONGEST)
    key(ecosystem, "-a1" * (LONGEST // 3))


@pytest.mark.parametrize("ecosystem", sorted(ORDERINGS))
def test_no_text_takes_long_to_read(ecosystem: str) -> None:
    for piece, start, end in itertools.product(
        ("1", "1.", ".1", "-1", "a", "a1", "-", "_p1", "0", "+b", "~", "1a-", ".-"),
        ("", "1", "1.0-", "1alpha"),
        ("", "!", " "),
    ):
        text = start + piece * ((LONGEST - 10) // len(piece)) + end
        started = time.process_time()  # a busy machine does not count
        key(ecosystem, text)
        assert time.process_time() - started < 0.5, text


PARTS = st.lists(
    st.sampled_from(
        [*"0129.-+~^_:", "10", "00", "a", "b", "rc", "alpha", "el8", "-r", "_p", "dev", "v", "final"]
    ),
    min_size=1,
    max_size=8,
).map("".join)
VERSIONS = st.tuples(st.sampled_from(["1", "1.", "0.", "2", "10.0", "v1.", "1:1"]), PARTS).map("".join)


@pytest.mark.parametrize("ecosystem", sorted(set(ORDERINGS) - {"maven"}))
@given(data=st.data())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
def test_every_two_readable_versions_have_one_order(ecosystem: str, data: st.DataObject) -> None:
    readable = VERSIONS.filter(lambda version: key(ecosystem, version) is not None)
    a, b, c = (data.draw(readable) for _ in range(3))
    assert compare(ecosystem, a, a) == 0
    assert compare(ecosystem, a, b) == -compare(ecosystem, b, a)
    if compare(ecosystem, a, b) <= 0 and compare(ecosystem, b, c) <= 0:
        assert compare(ecosystem, a, c) <= 0


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[1-3](\.[0-3]){0,3}", fullmatch=True),
            st.sampled_from(["", "-alpha", "-beta-2", "-rc1", "-SNAPSHOT", "-sp1", ".Final", "-foo"]),
        ).map("".join),
        min_size=3,
        max_size=3,
    )
)
@settings(deadline=None)
def test_every_two_versions_of_maven_as_they_are_published_have_one_order(versions: list[str]) -> None:
    a, b, c = versions  # of others Maven's own order is none: 1-foo, 1-1 and 1.foo run in a circle
    assert compare("maven", a, b) == -compare("maven", b, a)
    if compare("maven", a, b) <= 0 and compare("maven", b, c) <= 0:
        assert compare("maven", a, c) <= 0


@given(st.sampled_from(sorted(ORDERINGS)), st.text(max_size=40))
@settings(deadline=None)
def test_any_text_is_a_version_or_none_and_never_an_error(ecosystem: str, text: str) -> None:
    found = key(ecosystem, text)
    assert found is None or not found < found


@given(
    st.from_regex(r"[0-2](\.[0-9a-c]{1,2}){0,3}", fullmatch=True),
    st.from_regex(r"[0-2](\.[0-9a-c]{1,2}){0,3}", fullmatch=True),
)
@settings(deadline=None)
def test_gems_are_in_the_order_of_another_library(a: str, b: str) -> None:
    of_a, of_b = GemVersion(a), GemVersion(b)
    assert compare("gem", a, b) == int(of_a > of_b) - int(of_a < of_b)


NUGET = st.from_regex(r"[0-2](\.[0-3]){1,3}(-(alpha|beta|RC)(\.[0-9])?)?", fullmatch=True)


@given(NUGET, NUGET)
@settings(deadline=None)
def test_packages_of_nuget_are_in_the_order_of_another_library(a: str, b: str) -> None:
    of_a, of_b = NugetVersion.from_string(a), NugetVersion.from_string(b)
    assert compare("nuget", a, b) == int(of_a > of_b) - int(of_a < of_b)


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="needs dpkg")
@given(
    st.from_regex(re.compile(r"([01]:)?[0-2][0-9a.+~-]{0,6}(-[0-9a+~.]{1,4})?", re.ASCII), fullmatch=True),
    st.from_regex(re.compile(r"([01]:)?[0-2][0-9a.+~-]{0,6}(-[0-9a+~.]{1,4})?", re.ASCII), fullmatch=True),
)
@settings(max_examples=60, deadline=None)
def test_packages_of_debian_are_in_the_order_of_the_dpkg_at_hand(a: str, b: str) -> None:
    if key("deb", a) is None or key("deb", b) is None:
        return
    word = {-1: "lt", 0: "eq", 1: "gt"}[compare("deb", a, b)]
    said = subprocess.run(["dpkg", "--compare-versions", a, word, b], capture_output=True, check=False)
    assert said.returncode == 0, (a, word, b, said.stderr)
