"""Next best actions, and what would be if."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError as Invalid
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from posture.accounts.models import User
from posture.base.moments import parse_moment
from posture.base.pagination import whole_number
from posture.base.parameters import AS_OF, only_known
from posture.base.serializers import SEVERITY_NAMES, PlainSerializer
from posture.base.views import with_etag
from posture.compliance.models import Check
from posture.findings.models import Finding
from posture.fleet.models import Environment
from posture.fleet.serializers import AssetRefSerializer
from posture.risk import fixes
from posture.risk.scope import Scope
from posture.risk.what_if import what_if
from scanners.records import Severity

_UNITS = {"upgrade": "one rebuild", "setting": "one change"}


class ActionSerializer(PlainSerializer):
    """A fix, the findings that it removes, and the load that would be left."""

    key = serializers.CharField()
    sort = serializers.ChoiceField(choices=["upgrade", "setting"])
    title = serializers.CharField()
    advice = serializers.CharField()
    work = serializers.CharField(help_text="The unit of work that it takes.")
    place = serializers.CharField(help_text="An image repository, a container project, or a host.")
    severity = serializers.ChoiceField(choices=SEVERITY_NAMES)
    findings = serializers.IntegerField()
    assets = serializers.IntegerField()
    load_before = serializers.FloatField()
    load_after = serializers.FloatField()
    fall = serializers.FloatField()
    finding_ids = serializers.ListField(
        child=serializers.IntegerField(), help_text=f"The {fixes.IDS_SHOWN} heaviest."
    )
    filters = serializers.DictField(
        child=serializers.CharField(), help_text="Filters of `/findings` that show them."
    )


class ActionsSerializer(PlainSerializer):
    load = serializers.FloatField(allow_null=True)
    hosts = serializers.IntegerField()
    looked_at = serializers.IntegerField(help_text="Fixes are found among so many of the worst findings.")
    results = ActionSerializer(many=True)


class WhatIfWriteSerializer(serializers.Serializer):
    findings = serializers.ListField(
        child=serializers.IntegerField(min_value=1), required=False, default=list, max_length=10_000
    )
    lines = serializers.DictField(
        child=serializers.FloatField(min_value=1.0, max_value=10_000.0),
        required=False,
        default=dict,
        help_text="Environment slug → another line.",
    )


class EnvironmentIfSerializer(PlainSerializer):
    environment = serializers.DictField()
    line_before = serializers.FloatField()
    line_after = serializers.FloatField()
    before = serializers.FloatField(allow_null=True)
    after = serializers.FloatField(allow_null=True)
    hosts = serializers.IntegerField()
    above_before = serializers.IntegerField()
    above_after = serializers.IntegerField()


class HostIfSerializer(PlainSerializer):
    asset = AssetRefSerializer()
    before = serializers.FloatField()
    after = serializers.FloatField()


class WhatIfSerializer(PlainSerializer):
    environments = EnvironmentIfSerializer(many=True)
    hosts_total = serializers.IntegerField()
    hosts = HostIfSerializer(many=True, help_text="The 50 that fall most.")


def scope_of(user: User, text: str) -> Scope:
    """One environment by id or slug, else all that the person may see."""
    visible = Environment.objects.visible_to(user)
    if not text:
        ids = user.environment_ids()
        return Scope(environment_ids=None if ids is None else tuple(ids))
    found = visible.named(text).values_list("pk", flat=True).first()
    if found is None:
        raise Invalid({"environment": ["There is no such environment, or none that you may see."]})
    return Scope(environment_ids=(found,))


class ActionsView(APIView):
    """Fixes ranked by how far the load of the scope falls for one unit of work, or would have fallen at a past moment."""

    permissions: ClassVar[dict[str, str]] = {"GET": "fleet.view"}

    @extend_schema(
        operation_id="actions",
        parameters=[
            OpenApiParameter(
                "environment", str, description="One, by id or slug. Without it: all that may be seen."
            ),
            OpenApiParameter("limit", int, description="At most 50; 20 unless said."),
            AS_OF,
        ],
        responses=ActionsSerializer,
    )
    def get(self, request: Request) -> Response:
        only_known(request, "environment", "limit", "as_of")
        limit = whole_number(request.query_params.get("limit", "20"), "limit", 1, 50)
        user = cast(User, request.user)
        scope = scope_of(user, request.query_params.get("environment", ""))
        told = fixes.best(scope, limit=limit, at=parse_moment(request.query_params.get("as_of")))
        checks = Check.objects.in_bulk([one["check_id"] for one in told["actions"] if one["check_id"]])
        results = [shown(action, checks) for action in told["actions"]]
        return with_etag(
            request,
            Response(
                {
                    "load": told["load"],
                    "hosts": told["hosts"],
                    "looked_at": told["looked_at"],
                    "results": results,
                }
            ),
        )


def shown(action: dict[str, Any], checks: dict[int, Check]) -> dict[str, Any]:
    check = checks.get(action["check_id"] or 0)
    filters: dict[str, str] = {}
    if check is not None:
        title, advice = f"{check.title}: {action['place']}", check.remediation
        filters["check"] = check.slug
        if len(action["asset_ids"]) <= 100:
            filters["asset"] = ",".join(map(str, action["asset_ids"]))
    else:
        to = ", ".join(action["versions"])
        title = f"Upgrade {action['package']} in {action['place']}"
        advice = f"To {to} or newer." if to else "To a version that mends it."
        filters["package"] = ",".join(map(str, action["package_ids"]))
        filters["fixable"] = "true"
        if len(action["asset_ids"]) <= 100:
            filters["image"] = ",".join(map(str, action["asset_ids"]))
    return {
        "key": f"{action['sort']} {action['kind']} {action['place']} {action['package'] or action['check_id']}",
        "sort": action["sort"],
        "title": title,
        "advice": advice,
        "work": _UNITS[action["sort"]],
        "place": action["place"],
        "severity": Severity(action["severity"]).label,
        "findings": action["findings"],
        "assets": action["assets"],
        "load_before": action["from"],
        "load_after": action["to"],
        "fall": action["fall"],
        "finding_ids": action["finding_ids"],
        "filters": filters,
    }


class WhatIfView(APIView):
    """What loads would be without some findings, or hosts above another line. Nothing is changed."""

    permissions: ClassVar[dict[str, str]] = {"POST": "fleet.view"}

    @extend_schema(operation_id="what_if", request=WhatIfWriteSerializer, responses=WhatIfSerializer)
    def post(self, request: Request) -> Response:
        given = WhatIfWriteSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = cast(dict[str, Any], given.validated_data)
        user = cast(User, request.user)
        seen = Finding.objects.visible_to(user).filter(pk__in=data["findings"])
        known = set(seen.values_list("pk", flat=True))
        if missing := sorted(set(data["findings"]) - known):
            raise Invalid({"findings": [f"There is no finding {missing[0]}, or none that you may see."]})
        places = dict(
            Environment.objects.visible_to(user).filter(slug__in=data["lines"]).values_list("slug", "pk")
        )
        if unknown := sorted(set(data["lines"]) - set(places)):
            raise Invalid({"lines": [f"There is no environment {unknown[0]}, or none that you may see."]})
        lines = {places[slug]: line for slug, line in data["lines"].items()}
        return Response(what_if(scope_of(user, ""), sorted(known), lines))
