"""Are we affected? Answered from the packages that are stored, by advisories and by what tools reported; nothing is scanned.

A question names a vulnerability (CVE or another of its names), a package URL, or a package by its name; for packages a
range of versions may narrow it. The answer is what holds such a package, and where that runs, now or at a past moment.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.db.models.expressions import RawSQL

from posture.accounts.models import User
from posture.base.problems import Problem
from posture.findings.models import Finding
from posture.fleet.choices import ALIVE, AssetKind
from posture.fleet.models import Asset, ContainerState, Environment
from posture.fleet.querysets import within
from posture.vulnerabilities.choices import FeedKind
from posture.vulnerabilities.models import Advisory, Alias, Feed, Match, Package, PackageList, Vulnerability
from scanners.advisories.names import GROUPED, divided, folded
from scanners.advisories.orderings import Unreadable
from scanners.advisories.versions import compare
from scanners.purl import coordinates
from scanners.records import Record, Severity

Limits = list[int] | None  # ids of environments; None: all
PACKAGES_SHOWN, IMAGES_SHOWN = 200, 200
LONGEST = 500
# What names a vulnerability by its form, though nothing here knows it.
_VULNERABILITY = re.compile(
    r"(CVE-\d{4}-\d{4,}|GHSA(-[0-9a-z]{4}){3}|[A-Z][A-Za-z]{1,15}-(CVE-)?\d{4}[-:]\d+(-\d+)?)", re.IGNORECASE
)
_BOUND = re.compile(r"(<=|>=|<|>|=)?\s*([^\s<>=,|]+)")
_HOLDS = {
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
    "=": lambda order: order == 0,
}


class Question(Record, frozen=True, kw_only=True):
    """`text` as asked. `ecosystem` (a type of package URLs) and `versions` ("<3.0.2-1", ">=1.2,<2") are for packages.
    `environments` are ids: what lies there is asked for; None: everywhere."""

    text: str
    ecosystem: str = ""
    versions: str = ""
    environments: tuple[int, ...] | None = None


class Answer(Record, frozen=True, kw_only=True):
    """`known` is False when neither an advisory nor a tool nor a stored package tells of what is asked: then the answer says
    nothing of whether the fleet is affected. `undecidable` are packages whose version cannot be compared. The lists are
    bounded, the numbers are not; all of it is what the asker may see."""

    about: str  # "vulnerability" or "package"
    known: bool
    vulnerability: dict[str, Any] | None
    advisories: int
    feeds: list[dict[str, Any]]
    packages_total: int
    packages: list[dict[str, Any]]
    undecidable: list[dict[str, Any]]
    images_total: int
    images: list[dict[str, Any]]
    containers_total: int
    hosts_total: int
    hosts: list[dict[str, Any]]
    environments: list[dict[str, Any]]


def ask(question: Question, user: User | None, moment: datetime | None) -> Answer:
    """`user` None sees everything. Raises Problem for a question that cannot be understood, naming what is wrong with it."""
    text = question.text.strip()
    if not text or len(text) > LONGEST:
        raise Problem(
            f"Ask for a CVE, a package URL or a package, of at most {LONGEST} characters.",
            errors={"q": "Required."},
        )
    bounds = _bounds(question.versions)
    limits = _limits(question.environments, user)
    if not text.startswith("pkg:"):
        names = _vulnerabilities(text)
        if names or _VULNERABILITY.fullmatch(text):
            if bounds or question.ecosystem:
                raise Problem(
                    "A vulnerability is asked for by its name alone.",
                    errors={"versions": "Only for packages."},
                )
            return _of_vulnerabilities(names, limits, moment)
    return _of_packages(_named(text, question.ecosystem), bounds, limits, moment)


# -- of a vulnerability


def _vulnerabilities(name: str) -> list[int]:
    named = Alias.objects.filter(name__in={name, name.upper()}).values_list("vulnerability", flat=True)
    covering = Advisory.objects.filter(name__in={name, name.upper()}).values_list(
        "vulnerability_ids", flat=True
    )
    return sorted({*named, *(pk for ids in covering for pk in ids)})


def _of_vulnerabilities(ids: Sequence[int], limits: Limits, moment: datetime | None) -> Answer:
    advisories = Advisory.objects.filter(vulnerability_ids__overlap=list(ids), withdrawn_at__isnull=True)
    matches = Match.objects.filter(affected__advisory__in=advisories.values("pk"))
    matched = dict(matches.filter(doubt="").values_list("package", "fixed_version"))
    doubted = dict(matches.exclude(doubt="").values_list("package", "doubt"))
    reported = Finding.objects.open(moment).filter(vulnerability__in=list(ids), package__isnull=False)
    package_ids = {*matched, *reported.values_list("package", flat=True).distinct()}
    holders = {*_holding(package_ids, moment), *_reported_on(ids, moment)}
    known = Vulnerability.objects.filter(pk__in=list(ids)).order_by("key").first()
    return _answer(
        about="vulnerability",
        known=known is not None,
        vulnerability=known,
        advisories=advisories.count(),
        packages=package_ids,
        fixes=matched,
        doubted={pk: why for pk, why in doubted.items() if pk not in package_ids},
        holders=holders,
        limits=limits,
        moment=moment,
    )


def _reported_on(vulnerability_ids: Sequence[int], moment: datetime | None) -> Iterable[int]:
    """Assets of which a tool says so, also where it did not list the packages."""
    found = Finding.objects.open(moment).filter(vulnerability__in=list(vulnerability_ids))
    return found.values_list("asset", flat=True).distinct()


# -- of packages


def _named(text: str, ecosystem: str) -> tuple[Any, str]:
    """(the stored packages of that name, the version that a package URL asks for)."""
    if text.startswith("pkg:"):
        found = coordinates(text)
        if found is None:
            raise Problem(
                f"“{text[:120]}” is no package URL.", errors={"q": "pkg:type/namespace/name@version"}
            )
        queryset = Package.objects.filter(ecosystem=found.ecosystem, name=found.name)
        if found.namespace:
            queryset = queryset.filter(namespace=found.namespace)
        if found.distribution:
            queryset = queryset.filter(distribution=found.distribution)
        if found.architecture:
            queryset = queryset.filter(architecture=found.architecture)
        return queryset, found.version
    # As it is, as its registry folds it, and with what stands before its last separator as namespace.
    condition = Q(name=text) | Q(source_name=text)
    for kind in (ecosystem,) if ecosystem else ("pypi", "cargo", "npm", *GROUPED):
        namespace, name = divided(kind, text)
        condition |= Q(ecosystem=kind, name__in={name, folded(kind, "", name)}, namespace=namespace)
    queryset = Package.objects.filter(condition)
    return (queryset.filter(ecosystem=ecosystem) if ecosystem else queryset), ""


def _bounds(text: str) -> list[tuple[str, str]]:
    """[(comparator, version)], all of which must hold. Raises Problem for what is no range."""
    bounds = []
    for part in re.split(r"[,|]", text.removeprefix("vers:").strip()) if text.strip() else []:
        found = _BOUND.fullmatch(part.strip())
        if found is None:
            raise Problem(
                f"“{part.strip()[:60]}” is no bound of versions.",
                errors={"versions": "For example >=1.2,<2.0."},
            )
        bounds.append((found[1] or "=", found[2]))
    return bounds


def _of_packages(
    named: tuple[Any, str], bounds: Sequence[tuple[str, str]], limits: Limits, moment: datetime | None
) -> Answer:
    queryset, version = named
    wanted = [*bounds, *([("=", version)] if version else [])]
    held: set[int] = set()
    doubted: dict[int, str] = {}
    stored = list(queryset.values_list("pk", "ecosystem", "version"))
    for pk, ecosystem, own in stored:
        try:
            if all(_HOLDS[comparator](compare(ecosystem, own, bound)) for comparator, bound in wanted):
                held.add(pk)
        except Unreadable as error:
            doubted[pk] = str(error)
    return _answer(
        about="package",
        known=bool(stored),
        vulnerability=None,
        advisories=0,
        packages=held,
        fixes={},
        doubted=doubted,
        holders={*_holding(held, moment), *_reported_with(held, moment)},
        limits=limits,
        moment=moment,
    )


# -- where it is


def _holding(package_ids: Collection[int], moment: datetime | None) -> Iterable[int]:
    """Assets of whose packages some tool listed one of these."""
    if not package_ids:
        return []
    lists = PackageList.objects.as_of(moment).filter(packages__overlap=sorted(package_ids))
    return lists.values_list("asset", flat=True).distinct()


def _reported_with(package_ids: Collection[int], moment: datetime | None) -> Iterable[int]:
    """Assets in which a tool found something in one of these: not every report lists the packages that are sound."""
    found = Finding.objects.open(moment).filter(package__in=_among(package_ids))
    return found.values_list("asset", flat=True).distinct()


def _answer(
    *,
    about: str,
    known: bool,
    vulnerability: Vulnerability | None,
    advisories: int,
    packages: Collection[int],
    fixes: dict[int, str],
    doubted: dict[int, str],
    holders: Collection[int],
    limits: Limits,
    moment: datetime | None,
) -> Answer:
    visible = _assets(limits).filter(pk__in=_among(holders))
    if moment is None:
        visible = visible.present()
    ids = list(visible.filter(kind=AssetKind.IMAGE).values_list("pk", flat=True))
    packages = _seen(packages, limits, moment)
    doubted = {pk: doubted[pk] for pk in _seen(doubted, limits, moment)}
    containers = ContainerState.objects.as_of(moment).filter(image__in=_among(ids), status__in=ALIVE)
    if limits is not None:
        containers = containers.filter(asset__environment__in=limits)
    running = dict(containers.values_list("image").annotate(number=Count("pk")).order_by())
    on_hosts = dict(containers.values_list("host").annotate(number=Count("pk")).order_by())
    hosts = Asset.objects.filter(pk__in=[pk for pk in on_hosts if pk is not None])
    of_hosts = dict(hosts.values_list("environment").annotate(number=Count("pk")).order_by())
    shown = sorted(ids, key=lambda pk: (-running.get(pk, 0), pk))[:IMAGES_SHOWN]
    names = dict(Asset.objects.filter(pk__in=shown).values_list("pk", "name"))
    environments = Environment.objects.in_bulk([pk for pk in of_hosts if pk is not None])
    return Answer(
        about=about,
        known=known or bool(packages),
        vulnerability=None if vulnerability is None else _vulnerability(vulnerability),
        advisories=advisories,
        feeds=[
            {"name": name, "last_success_at": read_at, "data_at": data_at}
            for name, read_at, data_at in Feed.objects.filter(
                kind=FeedKind.OSV, last_success_at__isnull=False
            ).values_list("name", "last_success_at", "data_at")
        ],
        packages_total=len(packages),
        packages=_packages(list(packages), fixes),
        undecidable=[{**row, "reason": doubted[row["id"]]} for row in _packages(list(doubted), {})],
        images_total=len(ids),
        images=[
            {"id": pk, "name": names[pk], "containers": running.get(pk, 0)} for pk in shown if pk in names
        ],
        containers_total=sum(running.values()),
        hosts_total=len(on_hosts),
        hosts=[
            {"id": pk, "name": name, "containers": on_hosts[pk]}
            for pk, name in hosts.order_by("name", "pk").values_list("pk", "name")[:IMAGES_SHOWN]
        ],
        environments=[
            {"id": pk, "slug": environment.slug, "name": environment.name, "hosts": of_hosts[pk]}
            for pk, environment in sorted(environments.items(), key=lambda item: item[1].name)
        ],
    )


def _among(ids: Iterable[int]) -> RawSQL:
    """For `__in`: one parameter, however many ids there are."""
    return RawSQL("SELECT unnest(%s::bigint[])", (list(ids),))


def _limits(chosen: Sequence[int] | None, user: User | None) -> Limits:
    """The environments that are looked at: those chosen among those that the asker may see."""
    seen = None if user is None else user.environment_ids()
    if chosen is None:
        return seen
    return sorted(chosen) if seen is None else sorted({*chosen}.intersection(seen))


def _assets(limits: Limits) -> Any:
    return Asset.objects.all() if limits is None else Asset.objects.filter(within(limits))


def _seen(package_ids: Collection[int], limits: Limits, moment: datetime | None) -> Collection[int]:
    """Those of the packages that something holds which is looked at."""
    if limits is None or not package_ids:
        return package_ids
    lists = PackageList.objects.as_of(moment).filter(
        packages__overlap=sorted(package_ids), asset__in=_assets(limits)
    )
    held = {pk for packages in lists.values_list("packages", flat=True) for pk in packages}
    found = Finding.objects.open(moment).filter(package__in=_among(package_ids), asset__in=_assets(limits))
    return {*held.intersection(package_ids), *found.values_list("package", flat=True).distinct()}


def _vulnerability(row: Vulnerability) -> dict[str, Any]:
    return {
        "id": row.pk,
        "key": row.key,
        "title": row.title,
        "severity": None if row.severity is None else Severity(row.severity).label,
        "epss": row.epss,
        "exploited_since": row.exploited_since,
    }


def _packages(ids: list[int], fixes: dict[int, str]) -> list[dict[str, Any]]:
    rows = Package.objects.filter(pk__in=ids).order_by("name", "version", "pk")[:PACKAGES_SHOWN]
    return [
        {
            "id": row.pk,
            "ecosystem": row.ecosystem,
            "namespace": row.namespace,
            "name": row.name,
            "version": row.version,
            "distribution": row.distribution,
            "fixed_version": fixes.get(row.pk, ""),
        }
        for row in rows
    ]
