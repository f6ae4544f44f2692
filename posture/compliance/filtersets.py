"""Filters of checks and check results."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models import Q

from posture.base import trigrams
from posture.base.filtersets import Choice, Choices, FilterSet, Flag, Ids, Search, Values, from_enum
from posture.base.ordering import Ordering
from posture.compliance.choices import LABELS, NUMBER, OUTCOMES
from posture.compliance.models import Check
from posture.fleet import membership
from posture.fleet.choices import AssetKind
from posture.fleet.filtersets import EnvironmentFacet, Environments, environment_ids
from posture.fleet.models import Asset
from scanners.checks.requirements import FRAMEWORKS
from scanners.records import Severity

SEVERITIES: Choices = tuple(
    Choice(severity.label, severity.label.capitalize(), severity.value) for severity in reversed(Severity)
)
OUTCOME_CHOICES: Choices = tuple(
    Choice(outcome.value, LABELS[outcome], NUMBER[outcome]) for outcome in OUTCOMES
)
FRAMEWORK_CHOICES: Choices = tuple(
    Choice(key, f"{framework.name} {framework.version}", key) for key, framework in FRAMEWORKS.items()
)


class AssetEnvironments(Environments):
    """Assets in these environments, and the images that their hosts hold."""


class CheckFilterSet(FilterSet):
    """Checks. What depends on their counts (`environment`, `has_failures`) the view applies."""

    asset_kind = Values("asset_kind", label="Asset kind", choices=from_enum(AssetKind), facet=True)
    severity = Values("severity", label="Severity", choices=SEVERITIES, facet=True)
    framework = Values(
        "requirements", label="Framework", choices=FRAMEWORK_CHOICES, facet=True, method="filter_framework"
    )
    has_failures = Flag("failing", label="Has failures", facet=True, method="filter_failures")
    environment = AssetEnvironments("pk", facet=False, method="filter_nothing")
    search = Search("title", method="filter_search")

    def filter_framework(self, queryset: Any, name: str, value: Sequence[str]) -> Any:
        return queryset.filter(requirements__has_any_keys=list(value))

    def filter_failures(self, queryset: Any, name: str, value: Sequence[bool]) -> Any:
        return queryset.filter(failing__gt=0) if value[0] else queryset.filter(failing=0)

    def filter_nothing(self, queryset: Any, name: str, value: Any) -> Any:
        """Which environments are counted, not which checks there are."""
        return queryset

    def filter_search(self, queryset: Any, name: str, value: Sequence[str]) -> Any:
        return queryset.filter(Q(title__icontains=value[0]) | Q(slug__icontains=value[0]))


class AssetRowFilterSet(EnvironmentFacet, FilterSet):
    """What check results and findings have in common: rows about an asset, of a check.

    Conditions on the check are turned into its ids, and conditions on where an asset lies into asset ids, so that
    the big tables are read by their own indexes.
    """

    facet_choices = {"environment": "environment_choices", "check": "check_choices"}

    @cached_property
    def checks(self) -> list[Check]:
        return list(
            Check.objects.only("slug", "title", "asset_kind", "requirements", "severity").order_by("slug")
        )

    def check_choices(self) -> Choices:
        return tuple(Choice(check.slug, check.title, check.slug) for check in self.checks)

    def of_checks(self, queryset: Any, ids: Sequence[int]) -> Any:
        return queryset.filter(check_definition__in=list(ids))

    def filter_check(self, queryset: Any, name: str, value: Sequence[str]) -> Any:
        return self.of_checks(queryset, [check.pk for check in self.checks if check.slug in value])

    def filter_framework(self, queryset: Any, name: str, value: Sequence[str]) -> Any:
        return self.of_checks(
            queryset, [c.pk for c in self.checks if any(key in c.requirements for key in value)]
        )

    def filter_asset_kind(self, queryset: Any, name: str, value: Sequence[str]) -> Any:
        return self.of_checks(queryset, [check.pk for check in self.checks if check.asset_kind in value])

    def filter_host(self, queryset: Any, name: str, value: Sequence[int]) -> Any:
        return queryset.filter(asset__in=membership.on_hosts(value, self.moment))

    def filter_environment(self, queryset: Any, name: str, value: Sequence[int | str]) -> Any:
        ids = environment_ids(value)
        images = membership.images_in_environments(ids, self.moment)
        return queryset.filter(Q(asset__environment__in=ids) | Q(asset__in=images))

    def filter_search(self, queryset: Any, name: str, value: Sequence[str]) -> Any:
        """Rows of a check whose title or id, or of an asset whose name, holds the text."""
        text = value[0].lower()
        checks = [c.pk for c in self.checks if text in c.title.lower() or text in c.slug.lower()]
        annotations, condition = trigrams.matches("name", value[0])
        assets = Asset.objects.visible_to(self.user).alias(**annotations).filter(condition).values("pk")
        return (
            queryset.filter(Q(check_definition__in=checks) | Q(asset__in=assets))
            if checks
            else queryset.filter(asset__in=assets)
        )


class CheckResultFilterSet(AssetRowFilterSet):
    check = Values("check_definition", label="Check", facet=True, method="filter_check")
    outcome = Values("outcome", label="Outcome", choices=OUTCOME_CHOICES, facet=True)
    severity = Values("severity", label="Severity", choices=SEVERITIES, facet=True)
    asset_kind = Values(
        "asset", label="Asset kind", choices=from_enum(AssetKind), facet=True, method="filter_asset_kind"
    )
    asset = Ids("asset", label="Asset")
    host = Ids("asset", label="Host", method="filter_host")
    environment = AssetEnvironments("asset", method="filter_environment")
    framework = Values(
        "check_definition",
        label="Framework",
        choices=FRAMEWORK_CHOICES,
        facet=True,
        method="filter_framework",
    )
    search = Search("asset", method="filter_search")

    def branches(self, keys: Ordering) -> list[Any]:
        """Ranges that are merged: what stands between a filter and the time in an index, one value each."""
        queryset = self.apply()
        if self.given("check"):
            outcomes = self.given("outcome") or [choice.stored for choice in OUTCOME_CHOICES]
            return [queryset.filter(outcome=outcome) for outcome in outcomes]
        severities = self.given("severity") or []
        if len(severities) > 1:
            return [queryset.filter(severity=severity) for severity in severities]
        return [queryset]
