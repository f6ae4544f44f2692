"""Rules that say whose findings are."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from posture.accounts.models import Team, User
from posture.base.filtersets import FilterSet
from posture.base.ordering import Orderings, by
from posture.base.serializers import Serializer
from posture.base.views import ResourceViewSet
from posture.decisions import owners
from posture.decisions.models import OwnerRule
from posture.decisions.serializers import VisibleField
from posture.findings.models import Finding
from posture.fleet.models import Environment
from posture.fleet.serializers import EnvironmentRefSerializer
from posture.fleet.write_views import WriteMixin
from posture.history.actions import record

MOST_ASSETS = 20_000  # given their owner at once when a rule is made; others get theirs when they change


class OwnerRuleSerializer(Serializer):
    id = serializers.IntegerField()
    position = serializers.IntegerField(help_text="Lower ones are asked first.")
    environment = EnvironmentRefSerializer(allow_null=True)
    labels = serializers.DictField(child=serializers.CharField())
    repository = serializers.CharField()
    team = serializers.CharField(source="team.name")


class OwnerRuleWriteSerializer(serializers.Serializer):
    """The first rule that fits names the team of findings that have no owner. What is empty fits everything."""

    position = serializers.IntegerField(min_value=0, max_value=100_000, required=False, default=100)
    environment = VisibleField(
        slug_field="slug", queryset=Environment.objects.all(), required=False, allow_null=True, default=None
    )
    labels = serializers.DictField(child=serializers.CharField(max_length=200), required=False, default=dict)
    repository = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)
    team = serializers.SlugRelatedField(slug_field="name", queryset=Team.objects.all())


class OwnerRuleFilterSet(FilterSet):
    pass


def make_rule(*, by: User, **fields: Any) -> OwnerRule:
    """Make a rule; what has no owner gets it at once."""
    with transaction.atomic():
        rule = OwnerRule.objects.create(**fields)
        nobodys = Finding.objects.open().filter(team__isnull=True, assignee__isnull=True)
        owners.review(list(nobodys.order_by().values_list("asset", flat=True).distinct()[:MOST_ASSETS]))
        record(
            verb="created",
            obj=rule,
            object_kind="owner rule",
            object_name=str(rule),
            changes={
                "environment": [None, rule.environment.name if rule.environment else None],
                "labels": [None, rule.labels],
                "repository": [None, rule.repository],
            },
            actor=by,
        )
    return rule


def delete_rule(*, rule: OwnerRule, by: User) -> None:
    """What it gave a team keeps it."""
    with transaction.atomic():
        pk = rule.pk
        rule.delete()
        record(verb="deleted", obj=pk, object_kind="owner rule", object_name=str(rule), actor=by)


class OwnerRuleViewSet(WriteMixin, ResourceViewSet):
    """Rules that give findings their team, in the order in which they are asked."""

    http_method_names = ["get", "head", "options", "post", "delete"]
    permissions: ClassVar[dict[str, str]] = {
        "GET": "fleet.view",
        "POST": "deadlines.change",
        "DELETE": "deadlines.change",
    }
    queryset = OwnerRule.objects.all()
    serializer_class = OwnerRuleSerializer
    filterset_class = OwnerRuleFilterSet
    orderings: ClassVar[Orderings] = {
        "position": by("position"),
        "-position": by("position", descending=True),
    }
    default_ordering = "position"

    def detailed(self, queryset: QuerySet) -> QuerySet:
        return queryset.select_related("environment", "team")

    @extend_schema(request=OwnerRuleWriteSerializer, responses={201: OwnerRuleSerializer})
    def create(self, request: Request) -> Response:
        data = self.valid(OwnerRuleWriteSerializer(data=request.data, context={"request": request}))
        return self.written(make_rule(by=self.by(), **data).pk, 201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        delete_rule(rule=self.get_object(), by=self.by())
        return Response(status=204)
