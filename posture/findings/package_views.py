"""Packages of the fleet: each version once, with the images that hold it and what is open in it."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max, Min

from posture.base.ordering import Key
from posture.base.views import ResourceViewSet
from posture.findings import agreement, package_filtersets, package_numbers, reported
from posture.findings import package_serializers as serializers
from posture.findings.models import Finding
from posture.fleet import membership
from posture.vulnerabilities.choices import FIX_STATUSES
from posture.vulnerabilities.models import Package, Vulnerability
from scanners.exports.identity import package_url
from scanners.records import Severity

VERSIONS_SHOWN = 100
VULNERABILITIES_SHOWN = 200


class PackageViewSet(ResourceViewSet):
    """Packages that tools found in images, each version once for the whole fleet, now or at a past moment."""

    queryset = Package.objects.all()
    serializer_class = serializers.PackageSerializer
    item_serializer_class = serializers.PackageItemSerializer
    filterset_class = package_filtersets.PackageFilterSet
    orderings = {
        "name": (Key("name"), Key("pk")),
        "-name": (Key("name", True), Key("pk", True)),
        "-first_seen_at": (Key("pk", True),),
    }
    default_ordering = "name"
    supports_as_of = True

    def get_queryset(self) -> Any:
        return package_filtersets.visible_packages(self.user.environment_ids(), self.moment)

    def rows(self, ids: Any) -> list[Any]:
        return list(self.queryset.filter(pk__in=ids))

    def attach(self, rows: list[Any]) -> None:
        self.count(rows)
        if self.action == "retrieve":
            for row in rows:
                row.package_url = package_url(row.reported)
                row.open_vulnerabilities = self.vulnerabilities_of(row)
                row.other_versions = self.versions_of(row)

    def count(self, rows: list[Any]) -> None:
        """Images, open findings and the worst severity of each, as the asker may see them."""
        limits = self.user.environment_ids()
        images = None if limits is None else membership.images_in_environments(limits, self.moment)
        numbers = package_numbers.numbers([row.pk for row in rows], images, self.moment)
        for row in rows:
            of = numbers[row.pk]
            row.image_count, row.finding_count = of.images.as_dict(), of.findings.as_dict()
            row.worst_open = of.worst

    def versions_of(self, row: Package) -> list[Package]:
        same = self.get_queryset().filter(name=row.name, ecosystem=row.ecosystem, namespace=row.namespace)
        others = list(same.exclude(pk=row.pk).order_by("-pk")[:VERSIONS_SHOWN])
        self.count(others)
        return others

    def vulnerabilities_of(self, row: Package) -> list[dict[str, Any]]:
        groups = list(
            Finding.objects.on_the_worklist(self.moment)
            .visible_to(self.user)
            .filter(package=row.pk)
            .with_severity(self.moment)
            .values("vulnerability")
            .annotate(number=Count("asset", distinct=True), worst=Max("severity_then"), sample=Min("pk"))
            .order_by("-worst", "-number", "vulnerability")[:VULNERABILITIES_SHOWN]
        )
        known = Vulnerability.objects.defer("description", "references", "scores").in_bulk(
            [group["vulnerability"] for group in groups]
        )
        words = reported.words_by_tool([group["sample"] for group in groups], self.moment)
        found = []
        for group in groups:
            of, said = (
                known[group["vulnerability"]],
                [one.word for one in words.get(group["sample"], ())],
            )
            found.append(
                {
                    "vulnerability": {
                        "id": of.pk,
                        "key": of.key,
                        "title": of.title,
                        "is_exploited": of.exploited_since is not None
                        and (self.moment is None or of.exploited_since <= self.moment.date()),
                        "epss": of.epss,
                    },
                    "severity": Severity(group["worst"]).label,
                    "fix": FIX_STATUSES[agreement.fix(said)].value,
                    "fixed_versions": agreement.fixed_versions(said),
                    "images": group["number"],
                }
            )
        return found
