"""Decisions, what people do with findings, deadlines of environments."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, cast

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError as Invalid
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from posture.accounts.models import User
from posture.base.ordering import Orderings, by, only
from posture.base.pagination import count_each
from posture.base.views import ResourceViewSet
from posture.decisions import actions, deadline_actions, preview, serializers, subjects, worklist
from posture.decisions.choices import DecisionState, Layer
from posture.decisions.filtersets import ChangeFilterSet, DecisionFilterSet
from posture.decisions.models import Change, Deadline, Decision, Verdict
from posture.findings.filtersets import FindingFilterSet
from posture.findings.models import Finding
from posture.fleet.models import Environment
from posture.fleet.write_views import WriteMixin
from posture.risk import views as risk


class DecisionViewSet(WriteMixin, ResourceViewSet):
    """Decisions about findings: those that are in force, wait, or were suspended, until `state` says otherwise. As of a
    past moment: in the state of then, with what each hid."""

    supports_as_of = True
    http_method_names = ["get", "head", "options", "post"]
    permissions: ClassVar[dict[str, str]] = {"GET": "fleet.view", "POST": "decisions.make"}
    queryset = Decision.objects.all()
    serializer_class = serializers.DecisionSerializer
    filterset_class = DecisionFilterSet
    orderings: ClassVar[Orderings] = {
        "-created_at": only("pk", descending=True),
        "expires_at": by("expires_at", nullable=True),
    }
    default_ordering = "-created_at"

    def base_queryset(self) -> Any:
        return self.queryset.as_of(self.moment)

    def detailed(self, queryset: QuerySet) -> QuerySet:
        return queryset.select_related(
            "vulnerability",
            "check_definition",
            "asset",
            "environment",
            "created_by",
            "approved_by",
            "statement",
        )

    def attach(self, rows: list[Any]) -> None:
        seen = Finding.objects.open(self.moment).visible_to(self.user)
        hiding = Verdict.objects.as_of(self.moment)
        hidden = [[seen.filter(pk__in=hiding.filter(decision=row.pk).values("finding"))] for row in rows]
        for row, count in zip(rows, count_each(hidden), strict=True):
            row.hides = count.as_dict()
            if self.moment is not None:
                self.back_to(row, self.moment)
            row.is_stale = row.state == DecisionState.ACTIVE and not count.value
            row.check_slug = row.check_definition.slug if row.check_definition is not None else None
            row.product = row.statement.product if row.statement is not None else None
            row.approver = row.approved_by.username if row.approved_by is not None else None
            row.author = (
                row.created_by.username
                if row.created_by is not None
                else row.statement.author
                if row.statement is not None
                else None
            )

    @staticmethod
    def back_to(row: Any, moment: datetime) -> None:
        """Show the decision as it was, without what came later."""
        row.state = row.state_then
        if row.state == DecisionState.AWAITING_APPROVAL:
            row.active_from = row.approved_by = None
        if row.ended_at is not None and row.ended_at > moment:
            was_suspended = row.state == DecisionState.SUSPENDED
            row.ended_at = row.suspended_at if was_suspended else None
            row.ended_because = row.suspended_because if was_suspended else ""
        if row.suspended_at is not None and row.suspended_at > moment:
            row.suspended_at, row.suspended_because = None, ""

    def _fields(self, request: Request) -> dict[str, Any]:
        fields = self.valid(
            serializers.DecisionWriteSerializer(data=request.data, context={"request": request})
        )
        if fields.get("layer") == Layer.STATEMENT:
            raise Invalid({"layer": ["What VEX documents state is uploaded, not written here."]})
        return fields

    @extend_schema(
        request=serializers.DecisionWriteSerializer, responses={201: serializers.DecisionSerializer}
    )
    def create(self, request: Request) -> Response:
        """Make a decision. It waits for a second person where an environment that it reaches asks for one."""
        return self.written(actions.make(by=self.by(), **self._fields(request)).pk, 201)

    @extend_schema(
        operation_id="decisions_preview",
        request=serializers.DecisionWriteSerializer,
        responses=serializers.DecisionPreviewSerializer,
    )
    @action(detail=False, methods=["post"], url_path="preview", pagination_class=None)
    def preview(self, request: Request) -> Response:
        """What a decision would hide, had it been made now or twelve weeks ago. Nothing is kept."""
        at = timezone.now()
        decision = actions.draft(by=self.by(), at=at, **self._fields(request))
        told = preview.preview(decision, self.by(), at)
        return Response(serializers.DecisionPreviewSerializer(told).data)

    @extend_schema(
        operation_id="decisions_suggestion",
        parameters=[OpenApiParameter("finding", int, required=True)],
        responses=serializers.SuggestionSerializer,
    )
    @action(detail=False, url_path="suggestion", pagination_class=None)
    def suggestion(self, request: Request) -> Response:
        """The scope of a finding that outlives rebuilds, and what it can be narrowed to."""
        text = request.query_params.get("finding", "")
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise Invalid({"finding": ["Give the id of a finding."]})
        found = Finding.objects.visible_to(self.user).filter(pk=int(text))
        finding = found.select_related("asset", "package", "check_definition", "vulnerability").first()
        if finding is None:
            raise Http404
        return Response(suggestion_for(finding, self.user))

    @extend_schema(request=None, responses=serializers.DecisionSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str | None = None) -> Response:
        """A second person agrees: it is in force from now."""
        return self.written(actions.approve(decision=self.get_object(), by=self.by()).pk)

    @extend_schema(request=serializers.WhySerializer, responses=serializers.DecisionSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str | None = None) -> Response:
        """A second person does not agree."""
        why = self.valid(serializers.WhySerializer(data=request.data))["why"]
        return self.written(actions.reject(decision=self.get_object(), why=why, by=self.by()).pk)

    @extend_schema(request=serializers.WhySerializer, responses=serializers.DecisionSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str | None = None) -> Response:
        """Take it back: what it hid comes back, or is hidden by the next layer."""
        why = self.valid(serializers.WhySerializer(data=request.data))["why"]
        return self.written(actions.withdraw(decision=self.get_object(), why=why, by=self.by()).pk)

    @extend_schema(request=serializers.RenewSerializer, responses=serializers.DecisionSerializer)
    @action(detail=True, methods=["post"])
    def renew(self, request: Request, pk: str | None = None) -> Response:
        """Decide the same again as things stand now, with another end. Answers with the new decision."""
        until = self.valid(serializers.RenewSerializer(data=request.data))["expires_at"]
        renewed = actions.renew(decision=self.get_object(), expires_at=until, by=self.by())
        return self.written(renewed.pk)


def suggestion_for(finding: Finding, user: User) -> dict[str, Any]:
    subject = subjects.read([finding.asset_id], user.environment_ids())[finding.asset_id]
    fields = actions.subject_fields(finding, subject.repositories, None)
    asset = fields.get("asset")
    places = {place.environment_id for place in subject.places if place.environment_id is not None}
    environments = Environment.objects.visible_to(user).filter(pk__in=places).order_by("name")
    return {
        "vulnerability": finding.vulnerability.key if finding.vulnerability is not None else None,
        "check": finding.check_definition.slug if finding.check_definition is not None else None,
        "finding_kind": fields.get("finding_kind", ""),
        "finding_key": fields.get("finding_key", ""),
        "ecosystem": fields.get("ecosystem", ""),
        "package": fields.get("package", ""),
        "repository": fields.get("repository", ""),
        "asset": None if asset is None else {"kind": asset.kind, "id": asset.pk, "name": asset.name},
        "repositories": sorted(subject.repositories),
        "tags": sorted(
            {name.rpartition(":")[2] for name in subject.references if "/" not in name.rpartition(":")[2]}
        ),
        "digests": sorted(subject.digests),
        "environments": [{"id": e.pk, "slug": e.slug, "name": e.name} for e in environments],
    }


class FindingViewSet(risk.FindingViewSet):
    """Findings: one problem on one asset. The list shows the worklist until `state` or `hidden` says otherwise."""

    def decision_of(self, row: Finding) -> dict[str, Any] | None:
        verdict = (
            Verdict.objects.as_of(self.moment)
            .filter(finding=row)
            .select_related("decision__created_by", "decision__statement")
            .first()
        )
        if verdict is None:
            return None
        decision = verdict.decision
        who = decision.created_by.username if decision.created_by is not None else None
        return {
            "id": decision.pk,
            "outcome": decision.outcome,
            "layer": Layer(decision.layer).word,
            "reason": decision.get_reason_display(),
            "note": decision.note,
            "by": who or (decision.statement.author if decision.statement is not None else None),
            "since": verdict.opened_at,
            "expires_at": decision.expires_at,
        }

    def activity_of(self, row: Finding) -> list[dict[str, Any]]:
        return worklist.activity_of(row)


class ChangeViewSet(WriteMixin, ResourceViewSet):
    """What people did with findings, one or many at once; one's own, and everybody's for who sees the trail."""

    http_method_names = ["get", "head", "options", "post"]
    permissions: ClassVar[dict[str, str]] = {"GET": "fleet.view", "POST": "findings.work"}
    queryset = Change.objects.all()
    serializer_class = serializers.ChangeSerializer
    filterset_class = ChangeFilterSet
    orderings: ClassVar[Orderings] = {"-at": only("pk", descending=True), "at": only("pk")}
    default_ordering = "-at"

    def detailed(self, queryset: QuerySet) -> QuerySet:
        return queryset.select_related("by")

    def attach(self, rows: list[Any]) -> None:
        for row in rows:
            row.who = row.by.username if row.by is not None else None

    @extend_schema(
        request=serializers.ChangeWriteSerializer,
        responses={200: serializers.ChangePreviewSerializer, 201: serializers.ChangeSerializer},
    )
    def create(self, request: Request) -> Response:
        """Do something with findings, or with `preview` only tell what it would touch (200)."""
        data = self.valid(serializers.ChangeWriteSerializer(data=request.data, context={"request": request}))
        verb = data.pop("verb")
        if verb == "decide" and not self.by().may("decisions.make"):
            self.permission_denied(request)
        is_preview = data.pop("preview")
        chosen = self._chosen(request, data)
        details = {**data.pop("terms", {}), **data}
        if is_preview:
            selected = worklist.Selected(chosen, verb)
            told = selected.summary()
            told["decisions"] = (
                len(worklist.scopes_of(selected.ids, details.get("environment"), self.by()))
                if verb == "decide"
                else None
            )
            return Response(told)
        made = worklist.change(queryset=chosen, verb=verb, details=details, by=self.by())
        return self.written(made.pk, 201)

    def _chosen(self, request: Request, data: dict[str, Any]) -> QuerySet[Finding]:
        seen = Finding.objects.visible_to(self.by())
        if (ids := data.pop("ids", None)) is not None:
            known = set(seen.filter(pk__in=ids).values_list("pk", flat=True))
            if missing := sorted(set(ids) - known):
                raise Invalid({"ids": [f"There is no finding {missing[0]}, or none that you may see."]})
            return cast("QuerySet[Finding]", Finding.objects.filter(pk__in=known))
        filters = data.pop("filters")
        for name in filters:
            if name not in FindingFilterSet.known():
                known_names = ", ".join(FindingFilterSet.known())
                raise Invalid({f"filters.{name}": [f"Unknown filter. Known here: {known_names}."]})
        matching = FindingFilterSet(filters, seen, request=request).apply()
        return cast("QuerySet[Finding]", Finding.objects.filter(pk__in=matching.order_by().values("pk")))

    @extend_schema(request=None, responses=serializers.ChangeSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str | None = None) -> Response:
        """Bring back what was before, but where somebody else changed it since."""
        return self.written(worklist.undo(change=self.get_object(), by=self.by()).pk)


class DeadlinesView(APIView):
    """Within how many days an environment wants its findings mended."""

    permissions: ClassVar[dict[str, str]] = {"GET": "fleet.view", "PUT": "deadlines.change"}

    def _environment(self, request: Request, pk: int) -> Environment:
        found = Environment.objects.visible_to(cast(User, request.user)).filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    @extend_schema(operation_id="environments_deadlines", responses=serializers.DeadlinesSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return self._shown(self._environment(request, pk))

    @extend_schema(
        operation_id="environments_set_deadlines",
        request=serializers.DeadlinesSerializer,
        responses=serializers.DeadlinesSerializer,
    )
    def put(self, request: Request, pk: int) -> Response:
        """Replace them all. What is open is due by the new ones at once."""
        environment = self._environment(request, pk)
        given = serializers.DeadlinesSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        with transaction.atomic():
            deadline_actions.set_deadlines(
                environment=environment,
                deadlines=given.validated_data["deadlines"],
                by=cast(User, request.user),
            )
        return self._shown(environment)

    def _shown(self, environment: Environment) -> Response:
        rows = Deadline.objects.filter(environment=environment)
        return Response(serializers.DeadlinesSerializer({"deadlines": rows}).data)
