"""Findings: list, item, groups."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db.models import (
    BigIntegerField,
    DateTimeField,
    ExpressionWrapper,
    F,
    FloatField,
    IntegerField,
    Q,
    QuerySet,
)
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError as Invalid
from rest_framework.request import Request
from rest_framework.response import Response

from posture.base.ordering import Key, Ordering, by
from posture.base.pagination import bounded, count_each
from posture.base.views import ResourceViewSet, with_etag
from posture.findings import advice, agreement, filtersets, groups, reported, serializers, vex, weights
from posture.findings.choices import FindingKind
from posture.findings.combinations.registry import rules
from posture.findings.models import Finding, OpenInterval
from posture.findings.states import state_of
from posture.fleet.filtersets import environment_ids
from posture.fleet.models import Asset
from posture.vulnerabilities import in_use
from posture.vulnerabilities.choices import Use

# Filters that leave a small part, and the columns of orderings as no index has them.
SELECTIVE = frozenset(("mended_by", "package", "vulnerability"))
UNINDEXED: dict[str, Any] = {
    "read_points": ExpressionWrapper(F("points") + 0.0, FloatField()),
    "read_severity": ExpressionWrapper(F("severity") + 0, IntegerField()),
    "read_opened_at": ExpressionWrapper(F("opened_at") + timedelta(0), DateTimeField()),
    "read_asset_id": ExpressionWrapper(F("asset_id") + 0, BigIntegerField()),
}


def title_of(finding: Finding) -> str:
    """What the problem is, for people. Reads the rows that it refers to."""
    if finding.check_definition is not None:
        return finding.check_definition.title
    if finding.vulnerability is not None and finding.package is not None:
        return f"{finding.vulnerability.key} in {finding.package.name} {finding.package.version}"
    if finding.kind == FindingKind.COMBINATION and (combination := rules().get(finding.key)) is not None:
        return combination.title
    return finding.evidence[0] if finding.evidence else finding.key


def deadline_of(finding: Finding, now: datetime) -> dict[str, Any] | None:
    """When it is or was due, and whether that is met: what is open is due or overdue, what was resolved was in time or
    late. None without a deadline, and of what is decided, whose clock stands."""
    if finding.due_at is None or (finding.closed_at is None and finding.decided is not None):
        return None
    if finding.closed_at is not None:
        word = "met" if finding.closed_at <= finding.due_at else "missed"
    else:
        word = "overdue" if finding.due_at < now else "due"
    return {"at": finding.due_at, "state": word}


class FindingViewSet(ResourceViewSet):
    """Findings: one problem on one asset. The list shows the open ones until `state` says otherwise."""

    queryset = Finding.objects.all()
    serializer_class = serializers.FindingSerializer
    item_serializer_class = serializers.FindingItemSerializer
    filterset_class = filtersets.FindingFilterSet
    supports_as_of = True
    orderings = {
        "-points": by("points", descending=True),
        "-severity": (Key("severity", True), Key("points", True), Key("pk", True)),
        "-opened_at": by("opened_at", descending=True),
        "opened_at": by("opened_at"),
        "asset": (Key("asset_id"), Key("pk")),
        "due_at": (Key("due_at", nullable=True), Key("pk")),
    }
    default_ordering = "-points"

    def base_queryset(self) -> QuerySet:
        known = self.queryset.known(self.moment)
        return known.annotate(**UNINDEXED) if self.is_selective else known

    @property
    def is_selective(self) -> bool:
        """Whether only the findings of a package or vulnerability are asked for: a small part of all, and alike in
        severity. They are read and sorted; the planner, who does not know how alike they are, would look for the first of
        them along the index of all findings, and may find them last."""
        return self.action in ("list", "export") and bool(SELECTIVE.intersection(self.request.query_params))

    def keys(self, name: str) -> Ordering:
        first, *others = self.orderings[name]
        if not self.is_selective:
            return first, *others
        return msgspec.structs.replace(first, path=f"read_{first.path}"), *others

    def detailed(self, queryset: QuerySet) -> QuerySet:
        queryset = queryset.select_related(
            "check_definition",
            "asset__host",
            "asset__environment",
            "environment",
            "vulnerability",
            "package",
            "assignee",
            "team",
        ).defer("vulnerability__description", "vulnerability__references", "vulnerability__scores")
        return queryset if self.action == "retrieve" else queryset.defer("factors")

    def attach(self, rows: list[Any]) -> None:
        words = reported.words_by_tool(
            [row.pk for row in rows if row.check_definition_id is None], self.moment
        )
        then, outcomes, weighed = {}, {}, {}
        if self.moment is not None:
            ids = [row.pk for row in rows]
            then, outcomes = self.intervals_then(ids), self.outcomes_then(ids)
            weighed = weights.then(ids, self.moment)
        for row in rows:
            check = row.check_definition
            row.check_slug = check.slug if check else None
            row.title = title_of(row)
            row.words = words.get(row.pk, [])
            said = [word.word for word in row.words]
            row.fixed_versions = agreement.fixed_versions(said) if row.package_id is not None else []
            row.use_word = Use(row.use).word if row.kind == FindingKind.VULNERABILITY else None
            if self.moment is not None:
                self.back_to(row, then.get(row.pk))
                if row.pk in weighed:
                    row.points, row.factors = weighed[row.pk]
                row.decided = outcomes.get(row.pk)
            row.state = state_of(
                is_closed=row.closed_at is not None,
                decided=row.decided,
                work=row.work if self.moment is None else None,
                times_opened=row.times_opened if self.moment is None else 1,
            )
            row.assignee_name = row.assignee.username if row.assignee is not None else None
            row.team_name = row.team.name if row.team is not None else None
            row.deadline = deadline_of(row, self.moment or timezone.now())
            if self.action == "retrieve":
                self.attach_item(row)

    def intervals_then(self, ids: list[int]) -> dict[int, OpenInterval]:
        """The newest interval of each that had begun at the moment, opening where the finding did: an interval that begins
        where another ends only changed what was said."""
        begun = OpenInterval.objects.filter(finding__in=ids, opened_at__lte=self.moment)
        found: dict[int, OpenInterval] = {}
        for interval in begun.order_by("finding", "opened_at"):
            before = found.get(interval.finding_id)
            if before is not None and before.closed_at == interval.opened_at:
                interval.opened_at = before.opened_at
            found[interval.finding_id] = interval
        return found

    def outcomes_then(self, ids: list[int]) -> dict[int, int]:
        """What was decided of each at the moment, as numbers."""
        verdicts: Any = Finding._meta.get_field("verdicts").related_model
        found = verdicts.objects.as_of(self.moment).filter(finding__in=ids)
        return dict(found.values_list("finding", "outcome"))

    def back_to(self, row: Finding, interval: OpenInterval | None) -> None:
        """Show the finding as it was: its interval of that time, and open unless that had ended."""
        if interval is None or self.moment is None:
            return
        ended = interval.closed_at
        row.opened_at = interval.opened_at
        row.closed_at = ended if ended is not None and ended <= self.moment else None
        row.severity = interval.severity
        row.evidence = interval.evidence

    def attach_item(self, row: Any) -> None:
        check = row.check_definition
        said = check or (rules().get(row.key) if row.kind == FindingKind.COMBINATION else None)
        row.rationale = said.rationale if said else row.vulnerability.title if row.vulnerability else ""
        row.remediation = said.remediation if said else advice.of(row, [word.word for word in row.words])
        row.requirements = check.requirements if check else {}
        row.factor_figures = self.factors_of(row)
        begun = Q() if self.moment is None else Q(opened_at__lte=self.moment)
        row.interval_figures = list(
            row.intervals.filter(begun).order_by("-opened_at").values("opened_at", "closed_at", "evidence")
        )
        row.statements = vex.statements_on(row, self.moment)
        row.use_evidence = self.use_of(row)
        row.share_figures = self.share_of(row)
        row.decision_figures = self.decision_of(row)
        row.activity_figures = self.activity_of(row)
        row.related = self.related_to(row)

    def use_of(self, row: Finding) -> dict[str, Any] | None:
        """Where the package was seen loaded, if the asker may see that container; or since when it is watched for."""
        if row.package_id is None:
            return None
        seen, watched_since = in_use.evidence(row.asset_id, row.package_id)
        if seen is None and watched_since is None:
            return None
        container = seen.container if seen is not None else None
        is_visible = (
            container is not None and Asset.objects.visible_to(self.user).filter(pk=container.pk).exists()
        )
        return {
            "since": seen.since if seen is not None else None,
            "container": container if is_visible else None,
            "path": seen.path if seen is not None else "",
            "watched_since": watched_since,
        }

    def related_to(self, row: Finding) -> dict[str, Any]:
        """How many other findings of the same problem are on the worklist, as far as the asker may see them."""
        others = Finding.objects.on_the_worklist().visible_to(self.user).exclude(pk=row.pk)
        if row.vulnerability_id is not None:
            same = others.filter(vulnerability=row.vulnerability_id)
        elif row.check_definition_id is not None:
            same = others.filter(check_definition=row.check_definition_id)
        else:
            same = others.filter(asset=row.asset_id, kind=row.kind)
        return count_each([[same]])[0].as_dict()

    def factors_of(self, row: Finding) -> list[dict[str, Any]]:
        """What the points are the product of; `risk`, which knows the base of a severity, says it."""
        return []

    def decision_of(self, row: Finding) -> dict[str, Any] | None:
        """What hides the finding; `decisions` says it."""
        return None

    def activity_of(self, row: Finding) -> list[dict[str, Any]]:
        """What people and decisions did about it; `decisions` says it."""
        return []

    def share_of(self, row: Finding) -> dict[str, Any] | None:
        """The finding's part of its asset's load; `risk`, which knows the formula, says it."""
        return None

    @extend_schema(
        operation_id="findings_groups",
        parameters=[
            OpenApiParameter("by", required=True, enum=list(groups.BY), description="What to fold by.")
        ],
        responses=serializers.FindingGroupSerializer(many=True),
    )
    @action(detail=False)
    def groups(self, request: Request) -> Response:
        """Findings folded by what they have in common: "X of Y assets". At most 200 groups, worst first."""
        self.check_parameters("by", "cursor", "limit", "ordering")
        name = request.query_params.get("by", "check")
        if name not in groups.BY:
            raise Invalid({"by": [f"“{name[:60]}” is not one of: {', '.join(groups.BY)}."]})
        chosen = self.filterset.given("environment")
        limits = self.user.environment_ids()
        ids = limits
        if chosen is not None:
            ids = environment_ids(chosen)
            ids = ids if limits is None else sorted(set(ids) & set(limits))
        found = groups.BY[name](self.filterset.apply(), ids)
        return with_etag(
            request, Response({"results": found, "next": None, "count": bounded(len(found)).as_dict()})
        )
