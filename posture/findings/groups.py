"""Findings folded by what they have in common: "X of Y assets" instead of X rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Count, F, Max, QuerySet, Value
from django.db.models.functions import Coalesce

from posture.accounts.models import Team, User
from posture.compliance import tallies
from posture.compliance.choices import NUMBER
from posture.compliance.models import Check
from posture.findings.mending import MENDABLE, SOURCE
from posture.fleet.choices import AssetKind
from posture.fleet.models import Asset
from posture.vulnerabilities.models import Package, Vulnerability
from scanners.records import Outcome, Severity

MAX_GROUPS = 200
Group = dict[str, Any]


def by_check(findings: QuerySet, environment_ids: list[int] | None) -> list[Group]:
    # A check finds at most one problem on an asset, so its findings are as many as its assets: no DISTINCT to sort.
    # What tools report without a check of ours is folded by none: its vulnerabilities are a list of their own.
    rows = _grouped(findings.filter(check_definition__isnull=False), F("check_definition"), assets=Count("*"))
    checks = Check.objects.in_bulk([row["group"] for row in rows])
    totals = tallies.counts(environment_ids)
    not_applicable = NUMBER[Outcome.NOT_APPLICABLE]
    groups = []
    for row in rows:
        check = checks[row["group"]]
        numbers = totals.get(row["group"])
        groups.append(
            _group(
                row,
                key=check.slug,
                title=check.title,
                total=sum(numbers) - numbers[not_applicable] if numbers else None,
            )
        )
    return groups


def by_host(findings: QuerySet, environment_ids: list[int] | None) -> list[Group]:
    """By the host that an asset is or is placed on. Images lie on many and are left out."""
    placed = findings.filter(asset__kind__in=(AssetKind.HOST, AssetKind.CONTAINER))
    rows = _grouped(placed, Coalesce("asset__host", "asset"))
    names = dict(Asset.objects.filter(pk__in=[row["group"] for row in rows]).values_list("pk", "name"))
    on_host = dict(
        Asset.objects.present()
        .filter(host__in=list(names), kind=AssetKind.CONTAINER)
        .values_list("host")
        .annotate(number=Count("pk"))
        .order_by()
    )
    return [
        _group(row, key=str(row["group"]), title=names[row["group"]], total=on_host.get(row["group"], 0) + 1)
        for row in rows
    ]


def by_image(findings: QuerySet, environment_ids: list[int] | None) -> list[Group]:
    rows = _grouped(findings.filter(asset__kind=AssetKind.IMAGE), F("asset"))
    names = dict(Asset.objects.filter(pk__in=[row["group"] for row in rows]).values_list("pk", "name"))
    return [_group(row, key=str(row["group"]), title=names[row["group"]], total=1) for row in rows]


def by_severity(findings: QuerySet, environment_ids: list[int] | None) -> list[Group]:
    rows = _grouped(findings, F("severity"))
    return [
        _group(
            row, key=Severity(row["group"]).label, title=Severity(row["group"]).label.capitalize(), total=None
        )
        for row in sorted(rows, key=lambda row: -row["group"])
    ]


def by_vulnerability(findings: QuerySet, environment_ids: list[int] | None) -> list[Group]:
    rows = _grouped(findings.filter(vulnerability__isnull=False), F("vulnerability"))
    known = Vulnerability.objects.only("key", "title").in_bulk([row["group"] for row in rows])
    groups = []
    for row in rows:
        one = known[row["group"]]
        groups.append(_group(row, key=one.key, title=f"{one.key} {one.title}".strip(), total=None))
    return groups


def by_package(findings: QuerySet, environment_ids: list[int] | None) -> list[Group]:
    rows = _grouped(findings.filter(package__isnull=False), F("package"))
    known = Package.objects.in_bulk([row["group"] for row in rows])
    return [
        _group(
            row,
            key=str(row["group"]),
            title=f"{known[row['group']].name} {known[row['group']].version}",
            total=None,
        )
        for row in rows
    ]


def by_fix(findings: QuerySet, environment_ids: list[int] | None) -> list[Group]:
    """By what mends them: a package (by the name of its source) that is upgraded, or what a check asks. What nothing is
    known to mend is left out."""
    mendable = findings.filter(MENDABLE).annotate(of=SOURCE)
    rows = _grouped(mendable, None, by=("check_definition", "package__ecosystem", "of"))
    checks = Check.objects.in_bulk([row["check_definition"] for row in rows if row["check_definition"]])
    groups = []
    for row in rows:
        check = checks.get(row["check_definition"])
        if check is not None:
            groups.append(_group(row, key=f"setting:{check.slug}", title=check.title, total=None))
        else:
            ecosystem, name = row["package__ecosystem"], row["of"]
            groups.append(
                _group(
                    row,
                    key=f"upgrade:{ecosystem}:{name}",
                    title=f"Upgrade {name} ({ecosystem})",
                    total=None,
                )
            )
    return groups


def by_owner(findings: QuerySet, environment_ids: list[int] | None) -> list[Group]:
    """By person and by team; what belongs to a person and a team counts with both, as the filter finds it with both."""
    of_people = _grouped(findings.filter(assignee__isnull=False), F("assignee"))
    of_teams = _grouped(findings.filter(team__isnull=False), F("team"))
    people = User.objects.in_bulk([row["group"] for row in of_people])
    teams = Team.objects.in_bulk([row["group"] for row in of_teams])
    nobodys = findings.filter(assignee__isnull=True, team__isnull=True)
    groups = [
        *(
            _group(row, key=name, title=name, total=None)
            for row in of_people
            if (name := people[row["group"]].username)
        ),
        *(
            _group(row, key=f"team:{name}", title=f"Team {name}", total=None)
            for row in of_teams
            if (name := teams[row["group"]].name)
        ),
        *(
            _group(row, key="nobody", title="Nobody", total=None)
            for row in _grouped(nobodys, Value("nobody"))
        ),
    ]
    return sorted(groups, key=lambda group: (-group["points_max"], -group["findings"], group["key"]))


BY: dict[str, Callable[[QuerySet, list[int] | None], list[Group]]] = {
    "check": by_check,
    "host": by_host,
    "image": by_image,
    "severity": by_severity,
    "vulnerability": by_vulnerability,
    "package": by_package,
    "fix": by_fix,
    "owner": by_owner,
}


def _grouped(
    findings: QuerySet, key: Any, assets: Count | None = None, *, by: tuple[str, ...] = ("group",)
) -> list[dict[str, Any]]:
    """At most `MAX_GROUPS` groups, the worst first, then the most frequent; by one `key`, or by columns."""
    folded = findings.order_by()
    if key is not None:
        folded = folded.annotate(group=key)
    return list(
        folded.values(*by)
        .annotate(
            findings_total=Count("*"),
            assets_with=assets or Count("asset", distinct=True),
            worst=Max("severity"),
            points_max=Max("points"),
        )
        .order_by("-points_max", "-findings_total", *by)[:MAX_GROUPS]
    )


def _group(row: dict[str, Any], *, key: str, title: str, total: int | None) -> Group:
    return {
        "key": key,
        "title": title,
        "severity": Severity(row["worst"]).label,
        "findings": row["findings_total"],
        "assets": row["assets_with"],
        "assets_total": total,
        "points_max": row["points_max"],
    }
