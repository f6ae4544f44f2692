"""How each ecosystem orders its versions: a version as a key that Python compares, so that a parsed one is compared again
and again at the price of two tuples.

A key that does not exist is `Unreadable`: that version is none of the ecosystem's, and nothing may be concluded from it.
Keys of different ecosystems are never compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cmp_to_key, lru_cache
from typing import Any

from packaging.version import InvalidVersion, Version

# What is compared is compared a hundred thousand times: versions of a fleet are few and come back often.
CACHED = 131_072
# Longer than any version ever published; what is longer is somebody's attempt at our memory.
LONGEST = 256


class Unreadable(ValueError):
    """The version is not one of this ecosystem."""


# Debian: deb-version(7), and Debian Policy 5.6.12.
_DEB = re.compile(r"(?:(\d{1,9}):)?([A-Za-z0-9.+~:-]*?)(?:-([A-Za-z0-9.+~]+))?", re.ASCII)
_DEB_PARTS = re.compile(r"([^0-9]*)([0-9]*)")
# A tilde sorts before the end of a part, which sorts before letters, which sort before all else.
_DEB_END = "\x02"
_DEB_ORDER = {ord("~"): "\x01", **{ord(mark): chr(ord(mark) + 128) for mark in "+-.:"}}


def deb(version: str) -> Any:
    found = _DEB.fullmatch(version)
    if found is None or not found[2] or version[-1] == "-" or (":" in found[2] and not found[1]):
        raise Unreadable(version)
    return int(found[1] or 0), _deb_part(found[2]), _deb_part(found[3] or "0")


def _deb_part(text: str) -> tuple[str | int, ...]:
    parts: list[str | int] = []
    for letters, digits in _DEB_PARTS.findall(text):
        if letters or digits:
            parts += (letters.translate(_DEB_ORDER) + _DEB_END, int(digits or 0))
    return (*parts, _DEB_END)


# RPM: rpm-version(7) and rpm's `rpmvercmp`. What is no letter, digit, tilde or caret only separates.
_RPM_SEGMENTS = re.compile(r"[0-9]+|[A-Za-z]+|~|\^")
_RPM_PRINTABLE = re.compile(r"[!-~]+")
_RPM_TILDE, _RPM_END, _RPM_CARET, _RPM_LETTERS, _RPM_NUMBER = range(5)


def rpm(version: str) -> Any:
    epoch, separator, rest = version.rpartition(":")
    if not separator:
        epoch = "0"
    number, separator, release = rest.rpartition("-")
    if not separator:
        number, release = rest, ""
    if not (
        epoch.isascii() and epoch.isdigit() and len(epoch) < 10 and number
    ) or not _RPM_PRINTABLE.fullmatch(rest):
        raise Unreadable(version)
    return int(epoch), _rpm_part(number), _rpm_part(release) if separator else ()


def _rpm_part(text: str) -> tuple[tuple[int, int | str], ...]:
    parts: list[tuple[int, int | str]] = []
    for segment in _RPM_SEGMENTS.findall(text):
        if segment == "~":
            parts.append((_RPM_TILDE, 0))
        elif segment == "^":
            parts.append((_RPM_CARET, 0))
        elif segment.isdigit():
            parts.append((_RPM_NUMBER, int(segment)))
        else:
            parts.append((_RPM_LETTERS, segment))
    return (*parts, (_RPM_END, 0))


# Alpine: apk-package(5), "digits{.digits}{letter}{_suffix{number}}{~hash}{-r#}", and apk-tools' `version.c`.
_APK = re.compile(
    r"([0-9]+)((?:\.[0-9]+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*)(?:~([0-9a-f]+))?(?:-r([0-9]+))?"
)
_APK_SUFFIXES = re.compile(r"_([a-z]+)([0-9]*)")
_APK_BEFORE = {"alpha": 0, "beta": 1, "pre": 2, "rc": 3}
_APK_AFTER = {"cvs": 0, "svn": 1, "git": 2, "hg": 3, "p": 4}
# Where one version goes on and the other has something else, what comes first here is the lower.
(
    _APK_IS_BEFORE,
    _APK_END,
    _APK_REVISION,
    _APK_HASH,
    _APK_SUFFIX_NUMBER,
    _APK_IS_AFTER,
    _APK_LETTER,
    _APK_DIGITS,
) = range(8)


def apk(version: str) -> Any:
    found = _APK.fullmatch(version)
    if found is None:
        raise Unreadable(version)
    first, rest, letter, suffixes, commit, revision = found.groups()
    parts: list[tuple[Any, ...]] = [(_APK_DIGITS, 1, int(first))]
    for digits in rest.split(".")[1:]:
        # With a leading zero they are compared as text, as fractions are; such a text is below every number without.
        parts.append((_APK_DIGITS, 0, digits) if digits[0] == "0" else (_APK_DIGITS, 1, int(digits)))
    if letter:
        parts.append((_APK_LETTER, letter))
    for suffix, number in _APK_SUFFIXES.findall(suffixes):
        is_before = suffix in _APK_BEFORE
        parts.append(
            (_APK_IS_BEFORE, _APK_BEFORE[suffix]) if is_before else (_APK_IS_AFTER, _APK_AFTER[suffix])
        )
        if number:
            parts.append((_APK_SUFFIX_NUMBER, int(number)))
    if commit:
        parts.append((_APK_HASH, commit))
    if revision:
        parts.append((_APK_REVISION, int(revision)))
    return (*parts, (_APK_END,))


# Semantic Versioning 2.0, 11; loose where registries have been: any number of numbers, "v" in front, no hyphen.
_SEMVER = re.compile(
    r"[vV=]?([0-9]+(?:\.[0-9]+)*)(?:-([0-9A-Za-z.-]+)|([A-Za-z][0-9A-Za-z.-]*))?(\+[0-9A-Za-z.+-]*)?"
)


def semver(version: str) -> Any:
    found = _SEMVER.fullmatch(version)
    if found is None:
        raise Unreadable(version)
    before = found[2] or found[3]
    return _numbers(found[1]), before is None, _identifiers(before or "")


def _numbers(dotted: str) -> tuple[int, ...]:
    """Without zeros at the end: 1.0 is 1.0.0."""
    numbers = [int(number) for number in dotted.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _identifiers(dotted: str) -> tuple[tuple[bool, Any], ...]:
    """Numbers are below texts; of two lists of which one begins the other, the shorter is below."""
    if not dotted:
        return ()
    return tuple((False, int(one)) if one.isdigit() else (True, one) for one in dotted.split("."))


# Go: "Module version numbering"; the toolchain's own are written go1.21rc2, and have the build's settings behind a space.
_GO_TOOLCHAIN = re.compile(r"go([0-9]+(?:\.[0-9]+)*)(?:(rc|beta)([0-9]+))?(?:[-+ ].*)?")


def golang(version: str) -> Any:
    found = _GO_TOOLCHAIN.fullmatch(version)
    if found is None:
        return semver(version)
    before = f"{found[2]}.{found[3]}" if found[2] else ""
    return _numbers(found[1]), not before, _identifiers(before)


# Dart's pub_semver: as SemVer, but what was built of the same version is ordered too.
def pub(version: str) -> Any:
    numbers, is_release, before = semver(version)
    _, separator, build = version.partition("+")
    return numbers, is_release, before, bool(separator), _identifiers(build)


def pypi(version: str) -> Any:
    """PEP 440, by the library of its authors."""
    try:
        return Version(version)
    except InvalidVersion as error:
        raise Unreadable(version) from error


# NuGet: "Package versioning", "Version normalization" and "Precedence": up to four numbers, identifiers in any case.
_NUGET = re.compile(r"[vV]?([0-9]+(?:\.[0-9]+){0,3})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]*)?")


def nuget(version: str) -> Any:
    found = _NUGET.fullmatch(version)
    if found is None:
        raise Unreadable(version)
    return _numbers(found[1]), found[2] is None, _identifiers((found[2] or "").lower())


# RubyGems: `Gem::Version`. A hyphen is ".pre.", letters and digits are segments of their own, letters are below numbers,
# and what one version lacks is 0: keys are filled up with it.
_GEM = re.compile(
    r"[0-9]+(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?|[0-9]+[A-Za-z][0-9A-Za-z.]*"
)
_GEM_SEGMENTS = re.compile(r"[0-9]+|[A-Za-z]+")
_GEM_LENGTH = 40
_GEM_ZERO = (True, 0)


def gem(version: str) -> Any:
    if _GEM.fullmatch(version) is None:
        raise Unreadable(version)
    segments = [
        (True, int(segment)) if segment.isdigit() else (False, segment)
        for segment in _GEM_SEGMENTS.findall(version.replace("-", ".pre."))
    ]
    letters = next((at for at, (is_number, _) in enumerate(segments) if not is_number), len(segments))
    while letters and segments[letters - 1] == _GEM_ZERO:
        letters -= 1
        del segments[letters]
    if len(segments) > _GEM_LENGTH:
        raise Unreadable(version)
    return (*segments, *[_GEM_ZERO] * (_GEM_LENGTH - len(segments)))


# Composer: `composer/semver`, VersionParser, whose four numbers and stability PHP's `version_compare` then orders.
_COMPOSER = re.compile(
    r"v?(?P<numbers>[0-9]+(?:\.(?:[0-9]+|x))*)"
    r"(?:[._-]?(?P<stability>stable|beta|b|rc|alpha|a|patch|pl|p)(?P<of>(?:[.-]?[0-9]+(?:[.-][0-9]+)*)?))?(?P<dev>[.-]?dev)?(?:\+.*)?",
    re.IGNORECASE,
)
_COMPOSER_STABILITIES = {
    "a": 1,
    "alpha": 1,
    "b": 2,
    "beta": 2,
    "rc": 3,
    "stable": 4,
    "p": 6,
    "pl": 6,
    "patch": 6,
}
_COMPOSER_DEV, _COMPOSER_RELEASE, _COMPOSER_LAST = 0, 4, 9_999_999


def composer(version: str) -> Any:
    found = _COMPOSER.fullmatch(version)
    if found is None:
        raise Unreadable(version)
    numbers = _numbers(found["numbers"].replace("x", str(_COMPOSER_LAST)).replace("X", str(_COMPOSER_LAST)))
    stability = _COMPOSER_STABILITIES.get((found["stability"] or "stable").lower(), _COMPOSER_RELEASE)
    if stability == _COMPOSER_RELEASE and found["dev"]:
        return numbers, _COMPOSER_DEV, (), True
    of = tuple(int(number) for number in re.findall(r"[0-9]+", found["of"] or ""))
    return numbers, stability, of, not found["dev"]


# Maven: "POM Reference", "Version Order Specification", and maven-artifact's `ComparableVersion`.
_MAVEN_TOKENS = re.compile(r"[.-]|[0-9]+|[^0-9.-]+")
_MAVEN_ALIASES = {"cr": "rc", "ga": "", "final": "", "release": ""}
_MAVEN_SHORT = {"a": "alpha", "b": "beta", "m": "milestone"}
_MAVEN_QUALIFIERS = ("alpha", "beta", "milestone", "rc", "snapshot", "", "sp")
_MAVEN_RELEASE = (_MAVEN_QUALIFIERS.index(""), "")
_MAVEN_DEEPEST = 60


def maven(version: str) -> Any:
    if not version or version.isspace():
        raise Unreadable(version)
    return _maven_key(_maven_items(version.lower()))


def _maven_items(version: str) -> list[Any]:
    """Numbers, (rank, qualifier) pairs, and a list in the list after each hyphen and between letters and digits."""
    items: list[Any] = []
    lists, current, pending = [items], items, ""

    def deeper() -> list[Any]:
        if len(lists) > _MAVEN_DEEPEST:
            raise Unreadable(version)
        inner: list[Any] = []
        lists[-1].append(inner)
        lists.append(inner)
        return inner

    tokens = _MAVEN_TOKENS.findall(version)
    for at, token in enumerate(tokens):
        following = tokens[at + 1] if at + 1 < len(tokens) else ""
        if token in ".-":
            if not pending:
                current.append(0)
            if token == "-" and current:
                current = deeper()
            pending = ""
        elif token[0].isdigit():
            current.append(int(token))
            if following and following not in ".-":
                current = deeper()
            pending = token
        else:
            is_before_digits = following[:1].isdigit()
            if current and (is_before_digits or not following):
                current = deeper()
            current.append(_maven_qualifier(token, is_before_digits))
            if is_before_digits:
                current = deeper()
            pending = token
    for one in reversed(lists):
        _maven_trim(one)
    return items


def _maven_qualifier(text: str, is_before_digits: bool) -> tuple[int, str]:
    if is_before_digits:
        text = _MAVEN_SHORT.get(text, text)
    text = _MAVEN_ALIASES.get(text, text)
    if text in _MAVEN_QUALIFIERS:
        return _MAVEN_QUALIFIERS.index(text), ""
    return len(_MAVEN_QUALIFIERS), text


def _maven_trim(items: list[Any]) -> None:
    """Takes away what says nothing (0, no qualifier, an empty list) at the end, and in front of lists at the end."""
    for at in range(len(items) - 1, -1, -1):
        if items[at] in (0, _MAVEN_RELEASE, []):
            del items[at]
        elif not isinstance(items[at], list):
            break


def _maven_compare(a: Any, b: Any) -> int:
    """Of two items, of which one may be lacking."""
    if a is None:
        return 0 if b is None else -_maven_compare(b, None)
    if isinstance(a, list):
        if b is None:
            return next((found for item in a if (found := _maven_compare(item, None))), 0)
        if not isinstance(b, list):
            return -1 if isinstance(b, int) else 1
        for at in range(max(len(a), len(b))):
            found = _maven_compare(a[at] if at < len(a) else None, b[at] if at < len(b) else None)
            if found:
                return found
        return 0
    if isinstance(b, list):
        return 1 if isinstance(a, int) else -1
    if isinstance(a, int):
        return 1 if isinstance(b, tuple) else _sign(a, b or 0)
    return -1 if isinstance(b, int) else _sign(a, _MAVEN_RELEASE if b is None else b)


def _sign(a: Any, b: Any) -> int:
    return int(a > b) - int(a < b)


_maven_key = cmp_to_key(_maven_compare)

# By the type of the package URL.
ORDERINGS: dict[str, Callable[[str], Any]] = {
    "deb": deb,
    "rpm": rpm,
    "apk": apk,
    "pypi": pypi,
    "npm": semver,
    "cargo": semver,
    "hex": semver,
    "swift": semver,
    "github": semver,
    "golang": golang,
    "maven": maven,
    "gem": gem,
    "nuget": nuget,
    "composer": composer,
    "pub": pub,
}


@lru_cache(maxsize=CACHED)
def key(ecosystem: str, version: str) -> Any:
    """What a version is compared by; None for one that cannot be read, and in an ecosystem whose order is not known."""
    ordering = ORDERINGS.get(ecosystem)
    if ordering is None or not version or len(version) > LONGEST:
        return None
    try:
        return ordering(version)
    except ValueError:
        return None
