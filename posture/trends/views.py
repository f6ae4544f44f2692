"""Trends by day, and what changed between two moments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.exceptions import ValidationError as Invalid
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from posture.accounts.models import Team, User
from posture.base.filtersets import FilterSet
from posture.base.moments import parse_moment, start_of
from posture.base.ordering import Ordering
from posture.base.parameters import only_known
from posture.base.serializers import SEVERITY_NAMES
from posture.base.views import ResourceViewSet, with_etag
from posture.findings.choices import FindingKind
from posture.fleet.models import Environment
from posture.trends import burn_down, changes, events, remediation, serializers, series, spells
from scanners.records import Severity

USUAL = timedelta(days=90)


def environment_of(request: Request) -> Environment | None:
    """The one that is asked for, by id or slug; None for the whole fleet, which only who sees all of it may ask for."""
    user = cast(User, request.user)
    visible = Environment.objects.visible_to(user)
    text = request.query_params.get("environment", "")
    if text:
        found = visible.named(text).first()
        if found is None:
            raise Invalid({"environment": ["There is no such environment, or none that you may see."]})
        return found
    if user.environment_ids() is None:
        return None
    only = list(visible[:2])
    if len(only) == 1:
        return only[0]
    # The sum over some would count what lies in two of them twice.
    raise Invalid({"environment": ["Name one of your environments."]})


def day_of(request: Request, name: str, otherwise: date) -> date:
    text = request.query_params.get(name)
    if not text:
        return otherwise
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid({name: ["Give a day as in 2026-01-31."]}) from None


def days_of(request: Request) -> tuple[date, date]:
    """The first and the last day that are asked for."""
    today = timezone.now().astimezone(UTC).date()
    end = min(day_of(request, "to", today), today)
    begin = day_of(request, "from", end - USUAL)
    if not timedelta(0) <= end - begin <= series.LONGEST:
        raise Invalid({"from": ["Give days in their order, none of them to come, at most two years apart."]})
    return begin, end


def group_of(request: Request) -> str:
    by = request.query_params.get("by", "severity")
    if by not in spells.GROUPS:
        raise Invalid({"by": [f"“{by[:60]}” is not one of: {', '.join(spells.GROUPS)}."]})
    return by


def places_of(request: Request) -> tuple[Environment | None, list[int] | None]:
    """The environment that is asked for, and the ids to look at: its own, all that the asker may see, or None for the
    whole fleet."""
    if request.query_params.get("environment"):
        environment = environment_of(request)
        return environment, [environment.pk] if environment is not None else None
    ids = cast(User, request.user).environment_ids()
    return None, None if ids is None else sorted(ids)


DAYS = [
    OpenApiParameter("from", date, description="The first day, in UTC; 90 days ago unless said."),
    OpenApiParameter("to", date, description="The last day; today unless said."),
]
BY = OpenApiParameter("by", enum=spells.GROUPS, description="What `groups` are; severity unless said.")
PLACE = OpenApiParameter(
    "environment", str, description="One, by id or slug. Without it: every one that you may see."
)


class TrendView(APIView):
    """Findings and load by day."""

    permissions: ClassVar[dict[str, str]] = {"GET": "fleet.view"}

    @extend_schema(
        operation_id="trends",
        parameters=[
            OpenApiParameter(
                "environment", str, description="One, by id or slug. Without it: the whole fleet."
            ),
            *DAYS,
            BY,
        ],
        responses=serializers.TrendSerializer,
    )
    def get(self, request: Request) -> Response:
        only_known(request, "environment", "from", "to", "by")
        begin, end = days_of(request)
        by = group_of(request)
        environment = environment_of(request)
        days = series.of(environment.pk if environment else None, begin, end, by=by)
        told = serializers.TrendSerializer({"environment": environment, "by": by, "days": days}).data
        return with_etag(request, Response(told))


def moment_of(request: Request, name: str) -> datetime | None:
    try:
        return parse_moment(request.query_params.get(name))
    except Invalid as error:
        raise Invalid({name: cast(dict, error.detail)["as_of"]}) from error


def span_of(request: Request) -> tuple[datetime, datetime, list[int] | None]:
    """From when, until when, and in which environment (None: in every one that the asker may see)."""
    begin = moment_of(request, "from")
    end = moment_of(request, "to") or timezone.now()
    if begin is None:
        raise Invalid({"from": ["Give a moment as in 2026-01-31T12:00:00Z."]})
    if begin > end:
        raise Invalid({"from": ["It comes after “to”."]})
    named = environment_of(request) if request.query_params.get("environment") else None
    return begin, end, [named.pk] if named is not None else None


SPAN = [
    OpenApiParameter("from", datetime, required=True),
    OpenApiParameter("to", datetime, description="Now unless said."),
    OpenApiParameter("environment", str, description="One, by id or slug."),
]


class ChangesView(APIView):
    """What changed between two moments."""

    permissions: ClassVar[dict[str, str]] = {"GET": "fleet.view"}

    @extend_schema(operation_id="changes", parameters=SPAN, responses=serializers.ChangesSerializer)
    def get(self, request: Request) -> Response:
        only_known(request, "from", "to", "environment")
        begin, end, ids = span_of(request)
        told = changes.between(cast(User, request.user), begin, end, ids)
        return with_etag(request, Response({"begin": begin, "end": end, **told}))


class RemediationView(APIView):
    """How long it took to resolve what was resolved, and whether that was in time."""

    permissions: ClassVar[dict[str, str]] = {"GET": "fleet.view"}

    @extend_schema(
        operation_id="remediation",
        parameters=[PLACE, *DAYS, BY],
        responses=serializers.RemediationSerializer,
    )
    def get(self, request: Request) -> Response:
        only_known(request, "environment", "from", "to", "by")
        begin, end = days_of(request)
        by = group_of(request)
        environment, ids = places_of(request)
        told = remediation.of(*moments(begin, end), ids, by=by)
        return with_etag(
            request,
            Response(
                serializers.RemediationSerializer(
                    {"environment": environment, "by": by, "begin": begin, "end": end, **told}
                ).data
            ),
        )


class BurnDownView(APIView):
    """What is left, day by day, of the findings that were on the worklist at the beginning."""

    permissions: ClassVar[dict[str, str]] = {"GET": "fleet.view"}

    @extend_schema(
        operation_id="burn_down",
        parameters=[
            PLACE,
            *DAYS,
            OpenApiParameter("severity", enum=SEVERITY_NAMES, many=True, explode=False),
            OpenApiParameter("kind", enum=FindingKind.values, many=True, explode=False),
            OpenApiParameter("team", str, description=f"The id of a team, or {spells.NOBODY}."),
        ],
        responses=serializers.BurnDownSerializer,
    )
    def get(self, request: Request) -> Response:
        only_known(request, "environment", "from", "to", "severity", "kind", "team")
        begin, end = days_of(request)
        environment, ids = places_of(request)
        severities = chosen(request, "severity", SEVERITY_NAMES)
        asked = burn_down.Asked(
            environment_ids=None if ids is None else tuple(ids),
            severities=tuple(int(Severity[name.upper()]) for name in severities),
            kinds=tuple(chosen(request, "kind", FindingKind.values)),
            team=team_of(request),
        )
        told = burn_down.of(begin, end, timezone.now(), asked)
        return with_etag(
            request,
            Response(serializers.BurnDownSerializer({"environment": environment, "end": end, **told}).data),
        )


def chosen(request: Request, name: str, known: Sequence[str]) -> list[str]:
    values = [value for value in request.query_params.get(name, "").split(",") if value]
    for value in values:
        if value not in known:
            raise Invalid({name: [f"“{value[:60]}” is not one of: {', '.join(known)}."]})
    return values


def team_of(request: Request) -> str:
    text = request.query_params.get("team", "")
    if text in ("", spells.NOBODY):
        return text
    if not (text.isascii() and text.isdigit() and len(text) < 19 and Team.objects.filter(pk=text).exists()):
        raise Invalid({"team": ["There is no such team."]})
    return str(int(text))


def moments(begin: date, end: date) -> tuple[datetime, datetime]:
    """From the beginning of one day until before this moment: the end of the other, or now."""
    last = start_of(end + timedelta(days=1))
    return start_of(begin), min(last, timezone.now() + timedelta(microseconds=1))


class AnnotationsView(APIView):
    """Decisions that began or ended, to be marked in charts."""

    permissions: ClassVar[dict[str, str]] = {"GET": "fleet.view"}

    @extend_schema(
        operation_id="annotations", parameters=[PLACE, *DAYS], responses=serializers.AnnotationsSerializer
    )
    def get(self, request: Request) -> Response:
        only_known(request, "environment", "from", "to")
        environment, _ = places_of(request)
        told = events.of(
            cast(User, request.user),
            *moments(*days_of(request)),
            environment.pk if environment is not None else None,
        )
        return with_etag(request, Response(serializers.AnnotationsSerializer(told).data))


class NoFilters(FilterSet):
    """What is asked for is in the path and the span."""


WAY = OpenApiParameter("what", enum=changes.WHAT, location=OpenApiParameter.PATH)


@extend_schema_view(
    list=extend_schema(
        operation_id="changes_list", summary="Everything that changed in one way", parameters=[WAY, *SPAN]
    ),
    export=extend_schema(
        operation_id="changes_export", summary="Export what changed in one way", parameters=[WAY, *SPAN]
    ),
)
class ChangedViewSet(ResourceViewSet):
    """All that changed in one way between two moments, page by page. Name `to` to have every page end at one moment."""

    serializer_class = serializers.ChangedRowSerializer
    filterset_class = NoFilters
    extra_parameters = ("from", "to", "environment")
    orderings = {"usual": ()}
    default_ordering = "usual"

    @property
    def what(self) -> str:
        if self.kwargs["what"] not in changes.WHAT:
            raise Http404
        return self.kwargs["what"]

    def get_queryset(self) -> QuerySet[Any]:
        return changes.of(self.what, self.user, *span_of(self.request))

    def keys(self, name: str) -> Ordering:
        return changes.ORDER[self.what]

    def rows(self, ids: Sequence[Any]) -> list[Any]:
        model: Any = changes.model_of(self.what)
        return list(changes.detailed(model.objects.filter(pk__in=ids)))

    def hydrate(self, ids: Sequence[Any]) -> list[Any]:
        return [changes.row_of(row) for row in super().hydrate(ids)]
