"""Filters of decisions and of changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from posture.base.filtersets import Choice, Choices, FilterSet, Flag, Ids, Search, Values, from_enum
from posture.decisions.choices import DecisionState, Layer
from posture.decisions.models import Verdict
from posture.findings.choices import Outcome
from posture.findings.models import Finding
from posture.fleet.filtersets import EnvironmentFacet, Environments
from posture.vulnerabilities.models import Alias

SOON = timedelta(days=14)
_IN_FORCE = Q(state_then=DecisionState.ACTIVE)
LAYERS: Choices = tuple(Choice(layer.word, str(layer.label), layer.value) for layer in reversed(Layer))


class DecisionFilterSet(EnvironmentFacet, FilterSet):
    facet_choices = {"environment": "environment_choices"}

    state = Values("state_then", label="State", choices=from_enum(DecisionState), facet=True)
    outcome = Values("outcome", label="Outcome", choices=from_enum(Outcome), facet=True)
    layer = Values("layer", label="Said by", choices=LAYERS, facet=True)
    stale = Flag("pk", label="Hides nothing", facet=True, method="filter_stale")
    expiring = Flag("expires_at", label="Ends within two weeks", facet=True, method="filter_expiring")
    environment = Environments("environment")
    vulnerability = Values("vulnerability", label="Vulnerability", method="filter_vulnerability")
    finding = Ids("verdicts", label="Finding", method="filter_finding")
    search = Search("repository", method="filter_search")

    defaults = {"state": [DecisionState.ACTIVE, DecisionState.AWAITING_APPROVAL, DecisionState.SUSPENDED]}

    def filter_stale(self, queryset: Any, name: str, value: Sequence[bool]) -> Any:
        """In force, and nothing that is open is hidden by it."""
        open_ = Finding.objects.open(self.moment).filter(pk=OuterRef("finding"))
        verdicts = Verdict.objects.as_of(self.moment).filter(decision=OuterRef("pk"))
        hides = Exists(verdicts.filter(Exists(open_)))
        return queryset.filter(~hides, _IN_FORCE) if value[0] else queryset.filter(hides)

    def filter_expiring(self, queryset: Any, name: str, value: Sequence[bool]) -> Any:
        soon = Q(expires_at__lte=(self.moment or timezone.now()) + SOON)
        return queryset.filter(soon, _IN_FORCE) if value[0] else queryset.exclude(soon)

    def filter_vulnerability(self, queryset: Any, name: str, value: Sequence[str]) -> Any:
        named = Alias.objects.filter(name__in=list(value)).values("vulnerability")
        return queryset.filter(vulnerability__in=named)

    def filter_finding(self, queryset: Any, name: str, value: Sequence[int]) -> Any:
        """That hide one of these findings, or did."""
        return queryset.filter(
            Exists(Verdict.objects.filter(decision=OuterRef("pk"), finding__in=list(value)))
        )

    def filter_search(self, queryset: Any, name: str, value: Sequence[str]) -> Any:
        """There are few decisions: they are read one by one."""
        text = value[0]
        return queryset.filter(
            Q(repository__icontains=text)
            | Q(package__icontains=text)
            | Q(note__icontains=text)
            | Q(vulnerability__key__icontains=text)
            | Q(check_definition__slug__icontains=text)
        )


class ChangeFilterSet(FilterSet):
    verb = Values("verb", label="What", facet=True)
