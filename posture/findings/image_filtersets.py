"""Filters of images by what is in them, and of what is inside one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from posture.base.filtersets import FilterSet, Flag, Ids, Search, Values
from posture.compliance.filtersets import SEVERITIES
from posture.findings.choices import DISPUTED
from posture.findings.filtersets import AGREEMENT_CHOICES
from posture.findings.models import Finding
from posture.images.filtersets import ImageFilterSet as PlainImageFilterSet
from posture.vulnerabilities.models import Alias, PackageList


class ImageFilterSet(PlainImageFilterSet):
    package = Ids("pk", label="Package", method="filter_package")
    vulnerability = Values(
        "pk",
        label="Vulnerability",
        help_text="Keys such as CVE-2024-21626, or aliases: images in which one is open.",
        method="filter_vulnerability",
    )

    def filter_package(self, queryset: Any, name: str, value: Sequence[int]) -> Any:
        known = [pk for pk in value if pk < 2**31]
        lists = PackageList.objects.as_of(self.moment).filter(packages__overlap=known)
        found = Finding.objects.open(self.moment).filter(package__in=known)
        return queryset.filter(Q(pk__in=lists.values("asset")) | Q(pk__in=found.values("asset")))

    def filter_vulnerability(self, queryset: Any, name: str, value: Sequence[str]) -> Any:
        named = Alias.objects.filter(name__in=value).values("vulnerability")
        return queryset.filter(
            pk__in=Finding.objects.open(self.moment).filter(vulnerability__in=named).values("asset")
        )


class ImagePackageFilterSet(FilterSet):
    ecosystem = Values("ecosystem", label="Ecosystem", facet=True)
    has_findings = Flag("pk", label="Has open findings", facet=True, method="filter_findings")
    search = Search("name")

    def filter_findings(self, queryset: Any, name: str, value: Sequence[bool]) -> Any:
        image = self.request.resolver_match.kwargs["image"]
        found = Finding.objects.open(self.moment).filter(asset=image, package__isnull=False).values("package")
        return queryset.filter(pk__in=found) if value[0] else queryset.exclude(pk__in=found)


def with_difference(findings: QuerySet) -> QuerySet:
    """With `differs`: 1 where the tools are in dispute, so that these can stand first."""
    return findings.annotate(
        differs=Case(When(agreement=DISPUTED, then=Value(1)), default=Value(0), output_field=IntegerField())
    )


class ImageWordFilterSet(FilterSet):
    agreement = Values("agreement", label="Agreement", choices=AGREEMENT_CHOICES, facet=True)
    severity = Values("severity", label="Severity", choices=SEVERITIES, facet=True)
    search = Search("vulnerability__key", method="filter_search")

    def filter_search(self, queryset: Any, name: str, value: Sequence[str]) -> Any:
        # Of one image: they are few, and no index is needed.
        return queryset.filter(
            Q(vulnerability__key__icontains=value[0]) | Q(package__name__icontains=value[0])
        )
