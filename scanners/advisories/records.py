"""What feeds say, as records. Readers are beside this file; `versions.py` says which versions a range holds."""

from __future__ import annotations

from datetime import date, datetime

from scanners.records import Record, Severity
from scanners.reported import FixStatus, Score


class Range(Record, frozen=True, kw_only=True):
    """Versions from `introduced` on ("0": every earlier one too), before `fixed`, or up to and with `last_affected`;
    "" for both when there is no end."""

    introduced: str = "0"
    fixed: str = ""
    last_affected: str = ""


class Affected(Record, frozen=True, kw_only=True):
    """One package that an advisory concerns, in the words of `scanners.reported.ReportedPackage`: `ecosystem` is the type
    of its package URL, `distribution` the release ("debian-12"), "" for a package that belongs to none. `is_source` says
    that `name` is a source package's, and versions are the source's (Debian, Ubuntu, Alpine). A version is affected when a
    range holds it or `versions` names it; those that a range holds are not named. `architectures` is () for every one.
    `status` and `severity` are what the distribution says of this package by itself."""

    ecosystem: str
    name: str
    namespace: str = ""
    distribution: str = ""
    is_source: bool = False
    ranges: tuple[Range, ...] = ()
    versions: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    status: FixStatus = FixStatus.UNKNOWN
    severity: Severity | None = None


class Advisory(Record, frozen=True, kw_only=True):
    """One advisory. `aliases` name the same vulnerability. `covers` are the vulnerabilities that it is about when it is
    no name of one itself, as an errata notice that mends several (DSA, RHSA, ALSA, USN); else (). `source` is who
    says it, as severities are kept by (debian, ubuntu, ghsa, go …). `severity` is its word, else what its vector says."""

    id: str
    source: str
    aliases: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    title: str = ""
    description: str = ""
    severity: Severity | None = None
    scores: tuple[Score, ...] = ()
    weaknesses: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    published_at: datetime | None = None
    modified_at: datetime | None = None
    withdrawn_at: datetime | None = None
    affected: tuple[Affected, ...] = ()


class Entry(Record, frozen=True, kw_only=True):
    """One file of a feed's archive. `mark` is its checksum, known without reading it: the same mark, the same content.
    `advisory` is None for one whose mark was known already, and for one that says nothing of any package: under a mark
    that was not known, it takes back what the file said before."""

    name: str
    mark: str
    advisory: Advisory | None = None


class Edition(Record, frozen=True, kw_only=True):
    """The first record of a list that is published as a whole (KEV, EPSS): which one it is, in its publisher's words.
    `published_at` is None where the file does not say it."""

    version: str = ""
    published_at: datetime | None = None


class Exploited(Record, frozen=True, kw_only=True):
    """One entry of CISA's catalogue of known exploited vulnerabilities (KEV)."""

    vulnerability: str
    title: str = ""
    added_on: date
    due_on: date | None = None
    is_used_by_ransomware: bool = False


class Likelihood(Record, frozen=True, kw_only=True):
    """FIRST's EPSS: the estimated probability of exploitation within 30 days, 0 to 1, and its rank among all, 0 to 1."""

    vulnerability: str
    probability: float
    percentile: float


class FeedError(Exception):
    """The feed as a whole cannot be read; the message says why, for the person who configured or sent it."""


class Limits(Record, frozen=True, kw_only=True):
    """What a feed may be at most: members of an archive, bytes of one member, bytes of all unpacked, and how many times
    larger a member may be than what it is packed into: lists of versions pack well (51 times in AlmaLinux's records), and Deflate
    ends at 1,032."""

    members: int = 1_000_000
    member_bytes: int = 32 * 2**20
    total_bytes: int = 16 * 2**30
    ratio: int = 500
