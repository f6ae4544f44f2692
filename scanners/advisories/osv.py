"""Advisories in OSV's format (schema 1.x, https://ossf.github.io/osv-schema/): an ecosystem's `all.zip`, one document, a
JSON array of them, or one a line.

Which names an advisory has, after the schema's definitions:

- An id that is a name of one vulnerability (CVE, GHSA, PYSEC, GO, RUSTSEC …) has `aliases`: these "describe the same
  vulnerability". UBUNTU-CVE-2022-1 and its like are the distribution's page on the CVE that they are called after.
- An errata notice (DSA, DLA, USN, RHSA, ALSA, RLSA, SUSE-SU …) mends several at once and is the name of none: it `covers`
  the CVEs in `aliases` and `upstream`, as do notes on one package (Chainguard's CGA, Echo's, MinimOS's, Azure's AZL).
  `related` may be "similar but completely different", so that it counts only where the other two name nothing, as in
  notices from before `upstream` (schema 1.7), which put theirs there. Where no CVE is named, GitHub's name counts.
- What else has an `upstream` covers the CVEs in that.

A notice that names no CVE and mends bugs or brings features (ALBA, RHEA, SUSE-RU …) is no vulnerability.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from scanners import severities
from scanners.advisories import names, versions
from scanners.advisories.ecosystems import Place, counted, place
from scanners.advisories.orderings import key
from scanners.advisories.records import Advisory, Affected, Entry, FeedError, Limits, Range
from scanners.records import Severity, Skipped
from scanners.reported import FixStatus, Score
from scanners.reports.json_items import Layout, clipped, moment, texts, whole
from scanners.reports.source import BYTE_ORDER_MARK, ReportError, Source, opened

# In front of every mark: what was read by another reading is read again.
READING = "1"
_ERRATA = re.compile(
    r"(?:DSA|DLA|DTSA|USN|LSN|RH[SBE]A|AL[SBE]A|EL[SBE]A|RL[SBE]A|RXSA|MGAA|MGASA|(?:open)?SUSE-[SROF]U|CGA|MINI|ECHO|AZL)-"
)
_NO_SECURITY = re.compile(r"(?:RH[BE]A|AL[BE]A|EL[BE]A|RL[BE]A|MGAA|(?:open)?SUSE-[ROF]U)-")
_ID = re.compile(r"[!-~]{1,80}")
_CVE = re.compile(r"(?:[A-Z]+-)?(CVE-\d{4}-\d{4,})")
# Who says it, by the first word of an id; by that word itself where it is not here.
_SOURCES = {
    "dsa": "debian", "dla": "debian", "dtsa": "debian", "usn": "ubuntu", "lsn": "ubuntu",
    "rhsa": "redhat", "rhba": "redhat", "rhea": "redhat", "alsa": "alma", "alba": "alma", "alea": "alma",
    "rlsa": "rocky", "rlba": "rocky", "rlea": "rocky", "rxsa": "rocky", "elsa": "oracle", "elba": "oracle",
    "suse": "suse", "opensuse": "suse", "mgasa": "mageia", "mgaa": "mageia", "cga": "chainguard", "mini": "minimos",
    "azl": "azurelinux",
    "cve": "osv", "go": "go",
}  # fmt: skip
# Errata of the Red Hat family begin their title with it: "Important: nodejs:14 security update".
_TITLE_WORD = re.compile(r"(Critical|Important|Moderate|Low): ")
_TITLE_STREAM = re.compile(r"(?:^|[ :,])[A-Za-z0-9_.+-]+:(\d[\w.]*)(?=[ ,]|$)")
_LAST_KNOWN = re.compile(r"(<=?)\s*(\S+)")
_MALICIOUS = "MAL-"
_END_OF_LIFE = "end-of-life"
_LONGEST_NAME = 300
_MOST_NAMES, _MOST_REFERENCES, _MOST_ECOSYSTEMS = 2_000, 20, 50
_ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
_ENCRYPTED = 0x1
_BETWEEN = 4_096  # bytes of empty lines between the first two of a file


class _Event(Layout):
    introduced: str | None = None
    fixed: str | None = None
    last_affected: str | None = None
    limit: str | None = None


class _Range(Layout):
    type: str | None = None
    events: list[_Event] | None = None


class _Package(Layout):
    ecosystem: str = ""
    name: str = ""


class _Rating(Layout):
    type: str | None = None
    score: str | None = None


class _Specific(Layout):
    """What Debian, RustSec and GitHub say of one package beside the schema."""

    urgency: Any = None
    severity: Any = None
    informational: Any = None
    last_known_affected_version_range: Any = None


class _Affected(Layout):
    package: _Package | None = None
    ranges: list[_Range] | None = None
    versions: list[str] | None = None
    severity: list[_Rating] | None = None
    ecosystem_specific: _Specific | None = None
    database_specific: _Specific | None = None


class _Reference(Layout):
    url: str | None = None


class _Database(Layout):
    severity: Any = None
    cwe_ids: Any = None


class _Document(Layout):
    id: str
    aliases: list[str] | None = None
    upstream: list[str] | None = None
    related: list[str] | None = None
    summary: str | None = None
    details: str | None = None
    severity: list[_Rating] | None = None
    affected: list[_Affected] | None = None
    references: list[_Reference] | None = None
    published: str | None = None
    modified: str | None = None
    withdrawn: str | None = None
    database_specific: _Database | None = None


class _Named(Layout):
    id: str


_document = msgspec.json.Decoder(_Document).decode
_named = msgspec.json.Decoder(_Named).decode


def read_file(
    path: Path, known: Mapping[str, str], limits: Limits | None = None
) -> Iterator[Entry | Skipped]:
    """The advisories of a file, whose content says whether it is an archive or JSON. `known` has the mark by entry's name.

    Raises FeedError for a file of which nothing can be read, and OSError.
    """
    with path.open("rb") as file:
        is_archive = file.read(4) in _ZIP_MARKS
    return (read_archive if is_archive else _read_json)(path, known, limits)


def read_archive(
    path: Path, known: Mapping[str, str], limits: Limits | None = None
) -> Iterator[Entry | Skipped]:
    """The advisories of an ecosystem's `all.zip`; those that did not change are not unpacked.

    Raises FeedError when it is no archive, or larger than the limits allow: then what came before stands.
    """
    limits = limits or Limits()
    unknown: Counter[str] = Counter()
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > limits.members:
                raise FeedError(f"The archive has {len(members):,} members; {limits.members:,} are allowed.")
            yield from _members(archive, members, known, limits, unknown)
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise FeedError(f"This is not a ZIP archive that can be read: {error}.") from None
    yield from _unknown(unknown)


def _members(
    archive: zipfile.ZipFile,
    members: list[zipfile.ZipInfo],
    known: Mapping[str, str],
    limits: Limits,
    unknown: Counter[str],
) -> Iterator[Entry | Skipped]:
    seen: set[str] = set()
    unpacked = 0
    for member in members:
        name, size = member.filename, member.file_size
        if member.is_dir():
            continue
        if len(name) > _LONGEST_NAME:
            yield _malformed(name, f"its name has {len(name)} characters")
            continue
        if name in seen:
            yield _malformed(name, "the archive has a member of this name before it")
            continue
        seen.add(name)
        mark = _mark(member.CRC, size)
        if known.get(name) == mark:
            yield Entry(name=name, mark=mark)
        elif size > limits.member_bytes:
            yield _too_large(name, f"{size:,} bytes unpacked; {limits.member_bytes:,} are allowed")
        elif size > limits.ratio * max(member.compress_size, 1):
            yield _too_large(name, f"it unpacks to more than {limits.ratio} times its size")
        elif member.flag_bits & _ENCRYPTED:
            yield Skipped(kind="denied", where=name[:200], reason="the member is encrypted")
        else:
            unpacked += size
            if unpacked > limits.total_bytes:
                raise FeedError(f"The archive unpacks to more than {limits.total_bytes:,} bytes.")
            try:
                content = archive.read(member)
            except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
                yield _malformed(name, f"it cannot be unpacked: {error}")
            else:
                yield _entry(name, mark, content, unknown)


def _read_json(path: Path, known: Mapping[str, str], limits: Limits | None) -> Iterator[Entry | Skipped]:
    limits = limits or Limits()
    if path.stat().st_size > limits.total_bytes:
        raise FeedError(f"The file has more than {limits.total_bytes:,} bytes.")
    unknown: Counter[str] = Counter()
    for where, content in _by_line(path, limits) if _has_lines(path, limits) else _whole(path, limits):
        if isinstance(content, Skipped):
            yield content
            continue
        try:
            name = f"{_named(content).id}.json"
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            yield _malformed(where, str(error))
            continue
        mark = _mark(zlib.crc32(content), len(content))
        if known.get(name) == mark:
            yield Entry(name=name, mark=mark)
        else:
            yield _entry(name, mark, content, unknown)
    yield from _unknown(unknown)


def _has_lines(path: Path, limits: Limits) -> bool:
    """Whether there is a document in each line, as in no document that is written over several."""
    with path.open("rb") as file:
        first = file.readline(limits.member_bytes).removeprefix(BYTE_ORDER_MARK).strip()
        return first[:1] == b"{" and first[-1:] == b"}" and file.read(_BETWEEN).lstrip()[:1] == b"{"


def _by_line(path: Path, limits: Limits) -> Iterator[tuple[str, bytes | Skipped]]:
    number, goes_on = 0, False
    with path.open("rb") as file:
        while line := file.readline(limits.member_bytes + 1):
            is_part, goes_on = goes_on, not line.endswith(b"\n") and len(line) > limits.member_bytes
            number += not is_part
            where = f"line {number}"
            if goes_on and not is_part:
                yield where, _too_large(where, f"more than {limits.member_bytes:,} bytes")
            elif not is_part and not goes_on and (content := line.removeprefix(BYTE_ORDER_MARK).strip()):
                yield where, content


def _whole(path: Path, limits: Limits) -> Iterator[tuple[str, bytes | Skipped]]:
    try:
        with opened(path) as source:
            if source.head.lstrip()[:1] == b"{":
                is_one = len(source.content) <= limits.member_bytes
                too_large = _too_large("the document", f"more than {limits.member_bytes:,} bytes")
                documents, lost = [bytes(source.content) if is_one else too_large], None
            elif source.head.lstrip()[:1] == b"[":
                documents, lost = _items(source)
            else:
                raise FeedError("This is neither a ZIP archive nor JSON of advisories.")
    except ReportError as error:
        raise FeedError(str(error)) from None
    for position, document in enumerate(documents):
        where = f"[{position}]"
        if isinstance(document, bytes) and len(document) > limits.member_bytes:
            yield where, _too_large(where, f"more than {limits.member_bytes:,} bytes")
        else:
            yield where, document
    if lost is not None:
        yield "", lost


def _items(source: Source) -> tuple[list[bytes | Skipped], Skipped | None]:
    """Copies: the file's pages are given back while others still look at the items."""
    items, lost = whole(source, list[msgspec.Raw], 1)
    return [bytes(item) for item in items], lost


def read_document(content: bytes) -> Advisory:
    """One advisory; what it says of packages of ecosystems that we do not know is left out. Raises FeedError."""
    try:
        told = _document(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FeedError(f"This is no advisory of OSV: {error}.") from None
    if (reason := _odd(told)) is not None:
        raise FeedError(f"This is no advisory of OSV: {reason}.")
    return _advisory(told, Counter())


def _entry(name: str, mark: str, content: bytes, unknown: Counter[str]) -> Entry | Skipped:
    try:
        told = _document(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _malformed(name, str(error))
    if (reason := _odd(told)) is not None:
        return _malformed(name, reason)
    advisory = _advisory(told, unknown)
    is_security = advisory.covers or not _NO_SECURITY.match(advisory.id)
    return Entry(name=name, mark=mark, advisory=advisory if advisory.affected and is_security else None)


def _odd(told: _Document) -> str | None:
    """Why nothing can be kept of an advisory whose names are none."""
    if not _ID.fullmatch(told.id):
        return "its id is empty, longer than 80 characters, or not written in ASCII"
    for one in told.affected or ():
        name = one.package.name if one.package is not None else ""
        if len(name) > _LONGEST_NAME:
            return f"the package “{name[:50]}…” has a name of {len(name)} characters"
    return None


def _mark(checksum: int, size: int) -> str:
    return f"{READING}-{checksum:08x}-{size}"


def _malformed(where: str, reason: str) -> Skipped:
    return Skipped(kind="malformed", where=where[:200], reason=reason[:300])


def _too_large(where: str, reason: str) -> Skipped:
    return Skipped(kind="too_large", where=where[:200], reason=reason)


def _unknown(found: Counter[str]) -> Iterator[Skipped]:
    for name, count in found.most_common(_MOST_ECOSYSTEMS):
        yield Skipped(
            kind="unattached",
            where=f"ecosystem “{name}”",
            reason=f"packages of this ecosystem are not known here: {count} statements of advisories were left out",
        )
    if len(found) > _MOST_ECOSYSTEMS:
        yield Skipped(
            kind="unattached",
            where=f"{len(found) - _MOST_ECOSYSTEMS} further ecosystems",
            reason="packages of these ecosystems are not known here",
        )


def _advisory(told: _Document, unknown: Counter[str]) -> Advisory:
    source = _source(told.id)
    aliases, covers = _names(told)
    scores = [*_scores(told.severity, source)]
    stream = _TITLE_STREAM.search((told.summary or "")[:300])
    affected: list[tuple[Affected, bool]] = []
    for one in told.affected or ():
        package = one.package
        if package is None or not package.ecosystem or not package.name:
            continue  # what it says is of commits of a repository, and of no package
        where = place(package.ecosystem)
        if where is None:
            unknown[counted(package.ecosystem)] += 1
            continue
        affected.append((_affected(one, package.name, where, stream[1] if stream else ""), where.is_paid))
        if one.severity:
            scores += _scores(one.severity, source)
    return Advisory(
        id=told.id,
        source=source,
        aliases=aliases,
        covers=covers,
        title=(told.summary or "")[:1_000],
        description=clipped(told.details),
        severity=_severity(told, scores),
        scores=tuple(dict.fromkeys(scores)),
        weaknesses=_weaknesses(told.database_specific),
        references=texts([link.url for link in told.references or ()], _MOST_REFERENCES),
        published_at=moment(told.published),
        modified_at=moment(told.modified),
        withdrawn_at=moment(told.withdrawn),
        affected=_joined(affected),
    )


def _source(id_: str) -> str:
    first = id_.partition("-")[0].lower()[:40]
    return _SOURCES.get(first, first)


def _names(told: _Document) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(aliases, covers); see the module's description."""
    aliases, upstream = (
        [name for name in texts(said, _MOST_NAMES) if _ID.fullmatch(name)]
        for said in (told.aliases, told.upstream)
    )
    if _ERRATA.match(told.id):
        return (), _covered([*aliases, *upstream]) or _covered(texts(told.related, _MOST_NAMES))
    own = _CVE.fullmatch(told.id)
    if own is not None and own[1] != told.id:
        return tuple(dict.fromkeys([own[1], *(name for name in aliases if name != told.id)])), ()
    others = tuple(dict.fromkeys(name for name in aliases if name != told.id))
    if upstream and not _cves(others):
        return others, _covered(upstream)
    return others, ()


def _covered(said: Iterable[str]) -> tuple[str, ...]:
    """The CVEs among names; GitHub's where there is none."""
    told = list(said)
    return _cves(told) or tuple(dict.fromkeys(name for name in told if name.startswith("GHSA-")))


def _cves(said: Iterable[str]) -> tuple[str, ...]:
    found = (_CVE.fullmatch(name) for name in said)
    return tuple(dict.fromkeys(match[1] for match in found if match is not None))


def _scores(ratings: list[_Rating] | None, source: str) -> Iterator[Score]:
    for rating in ratings or ():
        if rating.score and (rating.type or "").startswith("CVSS_"):
            points = severities.points(rating.score)
            if points is not None:
                yield Score(source=source, vector=rating.score, score=points)


def _severity(told: _Document, scores: list[Score]) -> Severity | None:
    """What the source says in a word; else what its newest kind of vector says."""
    title = _TITLE_WORD.match(told.summary or "")
    said = [rating.score for rating in told.severity or () if not (rating.type or "").startswith("CVSS_")]
    database = told.database_specific or _Database()
    for word in (*said, database.severity, title and title[1]):
        level = severities.of_word(word)
        if level is not None:
            return level
    if told.id.startswith(_MALICIOUS):
        return Severity.CRITICAL
    newest = max(scores, key=lambda score: score.vector[:9], default=None)
    return severities.of_points(newest.score) if newest is not None and newest.score is not None else None


def _weaknesses(database: _Database | None) -> tuple[str, ...]:
    listed = database.cwe_ids if database is not None else None
    return texts(listed) if isinstance(listed, list) else ()


def _affected(one: _Affected, full: str, where: Place, stream: str) -> Affected:
    of_system = where.ecosystem in names.OF_DISTRIBUTIONS
    namespace, name = (where.namespace, full) if of_system else names.divided(where.ecosystem, full)
    # Commits are no versions. What is known only by them is known by the versions that the record lists.
    told = [range_ for range_ in one.ranges or () if range_.type != "GIT"]
    ranges = tuple(found for range_ in told for found in versions.ranges(where.ecosystem, _events(range_)))
    if len(told) > 1:
        ranges = tuple(dict.fromkeys(ranges))
    if one.database_specific is not None and one.database_specific.last_known_affected_version_range:
        ranges = tuple(
            _ended(found, one.database_specific.last_known_affected_version_range) for found in ranges
        )
    if stream and where.ecosystem == "rpm":
        ranges = tuple(_of_stream(found, stream) for found in ranges)
    return Affected(
        ecosystem=where.ecosystem,
        namespace=namespace,
        name=name,
        distribution=where.distribution,
        is_source=where.is_source,
        ranges=ranges,
        # Most of the hundreds that are listed are in a range: those are known without keeping them.
        versions=versions.outside(where.ecosystem, ranges, one.versions) if one.versions else (),
        status=_status(one),
        severity=_own_severity(one),
    )


def _events(range_: _Range) -> Iterator[tuple[str, str]]:
    for event in range_.events or ():
        if event.introduced is not None:
            yield "introduced", event.introduced
        if event.fixed:
            yield "fixed", event.fixed
        if event.last_affected:
            yield "last_affected", event.last_affected
        if event.limit:
            yield "limit", event.limit


def _ended(range_: Range, said: object) -> Range:
    """A range without end, with the end that GitHub keeps beside the schema where nobody has named a fix ("<= 1.2.3")."""
    end = _LAST_KNOWN.fullmatch(said) if isinstance(said, str) else None
    if end is None or range_.fixed or range_.last_affected:
        return range_
    if end[1] == "<=":
        return Range(introduced=range_.introduced, last_affected=end[2])
    return Range(introduced=range_.introduced, fixed=end[2])


def _of_stream(range_: Range, stream: str) -> Range:
    """A module's streams are of one name with versions of their own: what mends nodejs:14 says nothing of nodejs:12.

    Where the stream is called after the version, the range begins with it. Of what else the stream brings along with it
    every older build is held for affected, as no package says which stream it is of.
    """
    epoch, separator, rest = range_.fixed.rpartition(":")
    if range_.introduced != "0" or ".module" not in rest or not rest.startswith((f"{stream}.", f"{stream}-")):
        return range_
    return Range(introduced=f"{epoch}{separator}{stream}", fixed=range_.fixed)


def _status(one: _Affected) -> FixStatus:
    specific = one.ecosystem_specific
    is_over = specific is not None and specific.urgency == _END_OF_LIFE
    return FixStatus.END_OF_LIFE if is_over else FixStatus.UNKNOWN


def _own_severity(one: _Affected) -> Severity | None:
    if one.severity is None and one.ecosystem_specific is None and one.database_specific is None:
        return None
    specific, database = one.ecosystem_specific or _Specific(), one.database_specific or _Specific()
    said = [rating.score for rating in one.severity or () if not (rating.type or "").startswith("CVSS_")]
    for word in (*said, specific.urgency, specific.severity, database.severity):
        level = severities.of_word(word)
        if level is not None:
            return level
    # RustSec's notices that a crate is no longer maintained: no vulnerability, and worth knowing.
    return Severity.INFO if isinstance(database.informational, str) else None


def _joined(found: list[tuple[Affected, bool]]) -> tuple[Affected, ...]:
    """What is said of each package, without what repeats or contradicts itself in the way of its distribution."""
    if any(is_paid for _, is_paid in found):
        return tuple(_prolonged(found))
    affected = [one for one, _ in found]
    is_rpm = len(affected) > 1 and affected[0].ecosystem == "rpm"
    return tuple(_one_build(affected)) if is_rpm else tuple(affected)


def _prolonged(found: list[tuple[Affected, bool]]) -> Iterator[Affected]:
    """One statement for each package of a release of Ubuntu: that of the release when it has a fix, else Pro's, else both."""
    plain = {(one.distribution, one.name): one for one, is_paid in found if not is_paid}
    paid = {(one.distribution, one.name): one for one, is_paid in found if is_paid}
    for one, is_paid in found:
        where = (one.distribution, one.name)
        has_fix = any(range_.fixed for range_ in one.ranges)
        if is_paid and where in plain and any(range_.fixed for range_ in plain[where].ranges):
            continue
        if not is_paid and where in paid and not has_fix and any(r.fixed for r in paid[where].ranges):
            continue
        yield one


def _one_build(found: Iterable[Affected]) -> Iterator[Affected]:
    """Errata list each build of a package that they bring (for other minor releases, with other tags): the lowest mends it.

    Only builds of the same version are the same mending.
    """
    lowest: dict[tuple[object, ...], Affected] = {}
    for one in found:
        if one.ecosystem != "rpm" or len(one.ranges) != 1 or not one.ranges[0].fixed or one.versions:
            yield one
            continue
        fix = one.ranges[0].fixed
        build = (one.distribution, one.name, one.ranges[0].introduced, fix.rpartition("-")[0])
        kept = lowest.get(build)
        if kept is None or _is_below("rpm", fix, kept.ranges[0].fixed):
            lowest[build] = one
    yield from lowest.values()


def _is_below(ecosystem: str, a: str, b: str) -> bool:
    of_a, of_b = key(ecosystem, a), key(ecosystem, b)
    return of_a is not None and of_b is not None and bool(of_a < of_b)
