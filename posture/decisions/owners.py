"""Whose findings are: rules over where an asset lies give new ones their team."""

from __future__ import annotations

from collections.abc import Iterable

from posture.decisions import subjects
from posture.decisions.models import OwnerRule
from posture.decisions.scope import Problem, Scope, Subject, is_about
from posture.findings import settle as findings
from posture.findings.models import Finding

_ANY = Problem(kind="any", key="any")


def review(asset_ids: Iterable[int]) -> None:
    """Give the open findings of these assets that have neither person nor team the team that the rules name. The caller
    holds the rows of the assets."""
    rules = list(OwnerRule.objects.all())
    if not rules:
        return
    nobodys = Finding.objects.open().filter(
        asset__in=list(asset_ids), team__isnull=True, assignee__isnull=True
    )
    found = list(nobodys.order_by("pk").values_list("pk", "asset"))
    if not found:
        return
    known = subjects.read({asset_id for _, asset_id in found}, names_alone=True)
    teams = {pk: team for pk, subject in known.items() if (team := team_of(rules, subject)) is not None}
    by_team: dict[int, list[int]] = {}
    for pk, asset_id in found:
        if asset_id in teams:
            by_team.setdefault(teams[asset_id], []).append(pk)
    for team_id, ids in sorted(by_team.items()):
        findings.set_owner(ids, team_id=team_id)


def team_of(rules: Iterable[OwnerRule], subject: Subject) -> int | None:
    """The team (id) of the first rule that fits; None where none does."""
    for rule in rules:
        scope = Scope(
            kind=_ANY.kind,
            key=_ANY.key,
            repository=rule.repository,
            environment_id=rule.environment_id,
            labels=tuple(sorted(rule.labels.items())),
        )
        if is_about(scope, _ANY, subject):
            return rule.team_id
    return None
