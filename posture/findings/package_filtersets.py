"""Filters of packages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import Exists, Func, IntegerField, OuterRef, Q

from posture.base.filtersets import FilterSet, Flag, Search, Values
from posture.findings.models import Finding
from posture.fleet import membership
from posture.vulnerabilities.models import Package, PackageList


class OnlyOne(Func):
    """An array of this one number, as package lists hold them."""

    template = "ARRAY[%(expressions)s::integer]"
    output_field = ArrayField(IntegerField())


def visible_packages(environment_ids: list[int] | None, at: datetime | None = None) -> Any:
    """Packages that an image of these environments holds, or has a finding in, now or `at` a moment; None: all that were told
    of until then."""
    packages = Package.objects.all() if at is None else Package.objects.filter(first_seen_at__lte=at)
    if environment_ids is None:
        return packages
    images = membership.images_in_environments(environment_ids, at)
    held = PackageList.objects.as_of(at).filter(asset__in=images, packages__contains=OnlyOne(OuterRef("pk")))
    found = Finding.objects.on_the_worklist(at).filter(asset__in=images)
    return packages.filter(Exists(held) | with_one_of(found, at))


def with_one_of(findings: Any, at: datetime | None) -> Any:
    """Condition: a package has one of these findings. What is on the worklist now has an index by package; what was at a
    moment is read once."""
    if at is None:
        return Exists(findings.filter(package=OuterRef("pk")))
    return Q(pk__in=findings.filter(package__isnull=False).values("package"))


class PackageFilterSet(FilterSet):
    ecosystem = Values("ecosystem", label="Ecosystem", facet=True)
    distribution = Values("distribution", label="Distribution", facet=True)
    name = Values("name", label="Name")
    source = Values("source_name", label="Source package")
    has_findings = Flag("pk", label="Has open findings", facet=True, method="filter_findings")
    search = Search("name")

    def filter_findings(self, queryset: Any, name: str, value: Sequence[bool]) -> Any:
        open_: Any = Finding.objects.on_the_worklist(self.moment).visible_to(self.user)
        found = with_one_of(open_, self.moment)
        return queryset.filter(found) if value[0] else queryset.filter(~found)
