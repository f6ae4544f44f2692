"""Filters of findings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from posture.accounts.models import Team, User
from posture.base.filtersets import Choice, Choices, Flag, Ids, Search, Values, from_enum
from posture.base.ordering import Ordering
from posture.compliance.filtersets import FRAMEWORK_CHOICES, SEVERITIES, AssetEnvironments, AssetRowFilterSet
from posture.findings.agreement import FIXED
from posture.findings.choices import AGREEMENT_NUMBER, Agreement, FindingKind, FindingState
from posture.findings.mending import mended_by
from posture.findings.models import Attribution
from posture.findings.states import DECIDED, LIVE
from posture.fleet import membership
from posture.fleet.choices import AssetKind
from posture.fleet.filtersets import environment_ids, host_ids_of_nodes
from posture.vulnerabilities.choices import FIX_LABELS, FIX_NUMBER, Use
from posture.vulnerabilities.models import Alias, Scan

AGREEMENT_CHOICES: Choices = tuple(
    Choice(agreement.value, agreement.label, AGREEMENT_NUMBER[agreement]) for agreement in Agreement
)
FIX_STATUS_CHOICES: Choices = tuple(
    Choice(status.value, label, FIX_NUMBER[status]) for status, label in FIX_LABELS.items()
)

HIDDEN: Choices = (
    Choice("hide", "Leave out", "hide"),
    Choice("include", "Show too", "include"),
    Choice("only", "Show alone", "only"),
)
DUE: Choices = (
    Choice("overdue", "Overdue", "overdue"),
    Choice("week", "Within a week", "week"),
    Choice("later", "Later", "later"),
    Choice("none", "No deadline", "none"),
)
FEW = ("asset", "host", "image", "node")  # what these leave is read by its asset and sorted
USES: Choices = tuple(Choice(use.word, str(use.label), use.value) for use in reversed(Use))


class OneOf(Values):
    one = True


class FindingFilterSet(AssetRowFilterSet):
    state = Values(
        "closed_at",
        label="State",
        choices=from_enum(FindingState),
        facet=True,
        help_text="Without it: what is on the worklist (open, reopened, in progress, awaiting approval).",
        method="filter_state",
    )
    hidden = OneOf(
        "decided",
        label="Decided",
        choices=HIDDEN,
        help_text="Whether what a decision hides is left out (hide), shown too (include) or alone (only). Without it: hide, "
        "unless `state` names such a state.",
        method="filter_hidden",
    )
    owner = Values(
        "assignee",
        label="Owner",
        help_text="Names of people, of teams as team:name, me, or nobody.",
        method="filter_owner",
    )
    due = Values("due_at", label="Due", choices=DUE, facet=True, method="filter_due")
    mended_by = Values(
        "package",
        label="Mended by",
        help_text="What mends it, as groups by fix name it: upgrade:deb:openssl, or setting: and a check.",
        method="filter_mended_by",
    )
    severity = Values("severity", label="Severity", choices=SEVERITIES, facet=True)
    kind = Values("kind", label="Kind", choices=from_enum(FindingKind), facet=True)
    check = Values("check_definition", label="Check", facet=True, method="filter_check")
    asset_kind = Values(
        "asset", label="Asset kind", choices=from_enum(AssetKind), facet=True, method="filter_asset_kind"
    )
    vulnerability = Values(
        "vulnerability__key",
        label="Vulnerability",
        help_text="Keys such as CVE-2024-21626, or aliases.",
        method="filter_vulnerability",
    )
    package = Ids("package", label="Package")
    agreement = Values(
        "agreement",
        label="Agreement",
        choices=AGREEMENT_CHOICES,
        facet=True,
        help_text="Whether the tools that looked for it say the same, now.",
    )
    sources = Values(
        "attributions",
        label="Reported by",
        facet=True,
        help_text="Tools: findings that one of them reports.",
        method="filter_sources",
    )
    fix = Values("fix", label="Fix", choices=FIX_STATUS_CHOICES, facet=True, help_text="What is said now.")
    fixable = Flag("fix", label="Fixable", facet=True, method="filter_fixable")
    use = Values(
        "use",
        label="In use",
        choices=USES,
        help_text="Whether the vulnerability's package was seen loaded in a running container, as known now.",
        method="filter_use",
    )
    asset = Ids("asset", label="Asset")
    host = Ids("asset", label="Host", method="filter_host")
    node = Ids("asset", label="Node", method="filter_node")
    image = Ids("asset", label="Image", method="filter_image")
    environment = AssetEnvironments("asset", method="filter_environment")
    framework = Values(
        "check_definition",
        label="Framework",
        choices=FRAMEWORK_CHOICES,
        facet=True,
        method="filter_framework",
    )
    reopened = Flag("times_opened", label="Reopened", facet=True, method="filter_reopened")
    search = Search("asset", method="filter_search")

    facet_choices = {**AssetRowFilterSet.facet_choices, "sources": "source_choices"}

    def source_choices(self) -> Choices:
        tools = Scan.objects.order_by("tool").values_list("tool", flat=True).distinct()
        return tuple(Choice(tool, tool, tool) for tool in tools)

    def branches(self, keys: Ordering) -> list[Any]:
        """Ranges that are merged: open and resolved ones, which have their indexes apart; a severity each, where several
        are asked for or an index begins with them, as that of points and that of a check do; images apart from the rest
        of an environment, because they have none of their own."""
        severities = self.given("severity")
        every = [choice.stored for choice in SEVERITIES]
        by_points = keys[0].path == "points" and not any(map(self.given, FEW))
        wanted = severities or (every if by_points or self.given("check") else [])
        queryset = self.apply("environment")
        environments = self.given("environment")
        parts = self.in_environments(queryset, environments) if environments else [queryset]
        if self.moment is None:
            parts = [part for whole in parts for part in self.by_index(whole)]
        if len(wanted) < 2:
            return parts
        return [part.filter(severity=severity) for part in parts for severity in wanted]

    def by_index(self, queryset: Any) -> list[Any]:
        """What is on the worklist, what is decided and what is resolved have their indexes apart."""
        states = self.states
        of = (LIVE, DECIDED, (FindingState.RESOLVED,))
        present = [group for group in of if states.intersection(group)]
        if len(present) < 2:
            return [queryset]
        return [queryset.in_states(states.intersection(group)) for group in present]

    @property
    def states(self) -> set[FindingState]:
        """The states that are asked for, by `state` and `hidden` together."""
        given = self.given("state")
        states = set(map(FindingState, given)) if given else {*LIVE, *DECIDED}
        hidden = (self.given("hidden") or [None])[0]
        if hidden == "only":
            return states.intersection(DECIDED)
        if hidden == "hide" or (hidden is None and not given):
            return states.difference(DECIDED)
        return states

    def apply(self, *without: str) -> Any:
        """Which states are asked for is said once, by both filters: so that it reads as the indexes do."""
        queryset: Any = super().apply("state", *without)
        return queryset if "state" in without else queryset.in_states(self.states, self.moment)

    def parts(self, name: str, base: Any, value: Any) -> list[Any]:
        return (
            self.in_environments(base, [value]) if name == "environment" else super().parts(name, base, value)
        )

    def in_environments(self, queryset: Any, environments: Sequence[int | str]) -> list[Any]:
        """Those of hosts and containers there, and those of images that the hosts hold."""
        ids = environment_ids(environments)
        images = membership.images_in_environments(ids, self.moment)
        own = queryset.filter(environment__in=ids)
        return [own, queryset.filter(asset__in=images)] if images else [own]

    def filter_vulnerability(self, queryset: Any, name: str, value: list[str]) -> Any:
        """By any of its names: each leads to one vulnerability."""
        named = Alias.objects.filter(name__in=value).values("vulnerability")
        return queryset.filter(vulnerability__in=named)

    def filter_sources(self, queryset: Any, name: str, value: Sequence[str]) -> Any:
        words = Attribution.objects.as_of(self.moment).filter(tool__in=list(value), finding=OuterRef("pk"))
        # A tool that saw few images is found by them, not by asking every finding for its words.
        seen = Scan.objects.filter(tool__in=list(value)).values("asset")
        return queryset.filter(Exists(words), asset__in=seen)

    def filter_fixable(self, queryset: Any, name: str, value: Sequence[bool]) -> Any:
        """Fixable: some version mends it. The others are those of which tools say something else; checks are neither."""
        if value[0]:
            return queryset.filter(fix=FIXED)
        return queryset.filter(fix__in=[n for n in FIX_NUMBER.values() if n != FIXED])

    def filter_use(self, queryset: Any, name: str, value: list[int]) -> Any:
        """Of vulnerabilities only: of other findings it says nothing."""
        # That it is measured is said apart, because the index of what was measured holds nothing else.
        measured = queryset.filter(use__gt=0) if Use.NOT_MEASURED not in value else queryset
        return measured.filter(kind=FindingKind.VULNERABILITY, use__in=value)

    def filter_asset_kind(self, queryset: Any, name: str, value: Sequence[str]) -> Any:
        """A check is of one kind of asset; what tools report without a check of ours is of images."""
        ids = [check.pk for check in self.checks if check.asset_kind in value]
        if AssetKind.IMAGE not in value:
            own = self.of_checks(queryset, ids)
            if AssetKind.CONTAINER not in value:
                return own
            return queryset.filter(Q(check_definition__in=ids) | Q(kind=FindingKind.COMBINATION))
        return queryset.filter(
            Q(check_definition__in=ids) | Q(check_definition__isnull=True) & ~Q(kind=FindingKind.COMBINATION)
        )

    def filter_state(self, queryset: Any, name: str, value: Sequence[str]) -> Any:
        return queryset.in_states(map(FindingState, value), self.moment)

    def filter_hidden(self, queryset: Any, name: str, value: Sequence[str]) -> Any:
        """Is said with the states: see `states`."""
        return queryset

    def filter_owner(self, queryset: Any, name: str, value: Sequence[str]) -> Any:
        condition = Q()
        for owner in value:
            kind, _, team = owner.partition(":")
            if owner == "nobody":
                condition |= Q(assignee__isnull=True, team__isnull=True)
            elif owner == "me":
                condition |= Q(assignee=self.user) | Q(
                    team__in=list(self.user.teams.values_list("pk", flat=True))
                )
            elif kind == "team":
                condition |= Q(team__in=list(Team.objects.filter(name=team).values_list("pk", flat=True)))
            else:
                condition |= Q(
                    assignee__in=list(User.objects.filter(username=owner).values_list("pk", flat=True))
                )
        return queryset.filter(condition)

    def filter_due(self, queryset: Any, name: str, value: Sequence[str]) -> Any:
        """Against the moment that is looked at; by the deadline that holds now."""
        moment = self.moment or timezone.now()
        means = {
            "overdue": Q(due_at__lt=moment),
            "week": Q(due_at__gte=moment, due_at__lt=moment + timedelta(days=7)),
            "later": Q(due_at__gte=moment + timedelta(days=7)),
            "none": Q(due_at__isnull=True),
        }
        condition = Q()
        for due in value:
            condition |= means[due]
        return queryset.filter(condition)

    def filter_mended_by(self, queryset: Any, name: str, value: Sequence[str]) -> Any:
        return queryset.filter(mended_by(value))

    def filter_node(self, queryset: Any, name: str, value: Sequence[int]) -> Any:
        return self.filter_host(queryset, name, host_ids_of_nodes(value))

    def filter_image(self, queryset: Any, name: str, value: Sequence[int]) -> Any:
        """Findings of the image itself; what its containers do wrong is theirs."""
        return queryset.filter(asset__in=list(value), asset__kind=AssetKind.IMAGE)

    def filter_environment(self, queryset: Any, name: str, value: Sequence[int | str]) -> Any:
        ids = environment_ids(value)
        images = membership.images_in_environments(ids, self.moment)
        return queryset.filter(
            Q(environment__in=ids) | Q(asset__in=images) if images else Q(environment__in=ids)
        )

    def filter_reopened(self, queryset: Any, name: str, value: Sequence[bool]) -> Any:
        return queryset.filter(times_opened__gt=1) if value[0] else queryset.filter(times_opened=1)
