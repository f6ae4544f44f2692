"""Checks, with how the fleet stands to them, and check results."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import Http404
from rest_framework.exceptions import ValidationError as Invalid

from posture.base.ordering import Key, by, only
from posture.base.views import ResourceViewSet
from posture.compliance import filtersets, serializers, tallies
from posture.compliance.choices import NUMBER, OUTCOMES
from posture.compliance.models import Check, CheckResult
from posture.fleet.filtersets import environment_ids
from scanners.records import Outcome

FAIL = NUMBER[Outcome.FAIL]
NOT_APPLICABLE = NUMBER[Outcome.NOT_APPLICABLE]


class CheckViewSet(ResourceViewSet):
    """Checks of the catalogue. Their ids are names; counts cover what the asker may see, now or at a past moment. What is
    checked, and why, is always as the running version says."""

    supports_as_of = True

    queryset = Check.objects.all()
    serializer_class = serializers.CheckSerializer
    filterset_class = filtersets.CheckFilterSet
    lookup_path = "slug"
    lookup_value_regex = "[a-z0-9._-]{1,120}"
    orderings = {
        "id": only("slug"),
        "-severity": (Key("severity", descending=True), Key("slug", descending=True)),
        "-failing": (Key("failing", descending=True), Key("slug", descending=True)),
    }
    default_ordering = "-failing"

    def get_queryset(self) -> QuerySet:
        return self.base_queryset()  # everybody may know what is checked

    @cached_property
    def counts(self) -> tallies.Counts:
        limits = self.user.environment_ids()
        text = self.request.query_params.get("environment") if self.action != "retrieve" else None
        if text:
            # Parsed here too, because the rows to filter already carry these counts.
            try:
                chosen = environment_ids(
                    self.filterset_class.base_filters["environment"].field.clean(text) or []
                )
            except ValidationError as error:
                raise Invalid({"environment": error.messages}) from error
            limits = chosen if limits is None else sorted(set(chosen) & set(limits))
        return tallies.counts(limits, self.moment)

    def base_queryset(self) -> QuerySet:
        failing = [
            When(pk=pk, then=Value(numbers[FAIL])) for pk, numbers in self.counts.items() if numbers[FAIL]
        ]
        retired = [pk for pk, numbers in self.counts.items() if any(numbers)]
        shown = self.queryset.filter(is_retired=False) | self.queryset.filter(pk__in=retired)
        return shown.annotate(failing=Case(*failing, default=Value(0), output_field=IntegerField()))

    def attach(self, rows: list[Any]) -> None:
        none = [0] * len(OUTCOMES)
        for row in rows:
            numbers = self.counts.get(row.pk, none)
            row.count_figures = {outcome.value: numbers[NUMBER[outcome]] for outcome in OUTCOMES}
            row.applicable = sum(numbers) - numbers[NOT_APPLICABLE]

    def get_object(self) -> Any:
        rows = self.hydrate(
            list(Check.objects.filter(slug=self.kwargs[self.lookup_field]).values_list("pk", flat=True))
        )
        if not rows:
            raise Http404
        return rows[0]


class CheckResultViewSet(ResourceViewSet):
    """Check results: what one check says of one asset, passes too."""

    queryset = CheckResult.objects.all()
    serializer_class = serializers.CheckResultSerializer
    filterset_class = filtersets.CheckResultFilterSet
    supports_as_of = True
    orderings = {"-opened_at": by("opened_at", descending=True), "opened_at": by("opened_at")}
    default_ordering = "-opened_at"

    def base_queryset(self) -> QuerySet:
        return self.queryset.all() if self.action == "retrieve" else self.queryset.as_of(self.moment)

    def detailed(self, queryset: QuerySet) -> QuerySet:
        return queryset.select_related("check_definition", "asset__host", "asset__environment")
