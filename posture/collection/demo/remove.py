"""Takes the demo fleet away, and nothing else."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import connection, transaction

from posture.accounts.models import Team
from posture.collection.demo.story import FLAWS, PLACES, PROJECTS
from posture.decisions.models import Decision, OwnerRule
from posture.findings import tallies
from posture.fleet.models import Asset, Environment, Node
from posture.history.actions import record
from posture.images.models import Presence
from posture.trends import counting
from posture.vulnerabilities import advisories
from posture.vulnerabilities.choices import FeedKind
from posture.vulnerabilities.models import Feed


def remove() -> dict[str, int]:
    """Remove the demo's nodes with all that only they told of: hosts, containers, images, findings, environments, teams,
    decisions. What it says of vulnerabilities stays: they are real ones, and touch nothing any more. Returns how many of
    each; all or nothing."""
    gone: dict[str, int] = {}
    with transaction.atomic():
        nodes = Node.objects.filter(is_demo=True)
        hosts = list(nodes.filter(host__isnull=False).values_list("host", flat=True))
        real = Presence.objects.exclude(host__in=hosts).values("image")
        images = list(
            Presence.objects.filter(host__in=hosts)
            .exclude(image__in=real)
            .values_list("image", flat=True)
            .distinct()
        )
        containers = list(Asset.objects.filter(host__in=hosts).values_list("pk", flat=True))
        assets = [*containers, *images, *hosts]
        gone["nodes"] = nodes.count()
        gone["assets"] = len(assets)
        keys = [flaw.key for flaw in FLAWS]
        nodes.delete()
        _delete_of(assets)
        decisions = Decision.objects.filter(
            vulnerability__key__in=keys, created_by__isnull=True, statement__isnull=True
        )
        gone["decisions"] = decisions.count()
        decisions.delete()
        repositories = [project.repository for project in PROJECTS]
        OwnerRule.objects.filter(repository__in=repositories, environment__isnull=True).delete()
        Team.objects.filter(
            name__in={project.team for project in PROJECTS}, members__isnull=True, owner_rules__isnull=True
        ).delete()
        for environment in Environment.objects.filter(
            slug__in=[place.environment for place in PLACES], description="Demo data"
        ):
            if not environment.assets.exists() and not environment.nodes.exists():
                environment.delete()
                gone["environments"] = gone.get("environments", 0) + 1
        if not Feed.objects.filter(kind=FeedKind.KEV, last_success_at__isnull=False).exists():
            # No real list was ever loaded: those of the story are all there are.
            advisories.store_exploited(())
        tallies.recount()
        # Days are counted anew from what is left.
        counting.forget(date.min)
        record(verb="removed", obj=None, object_kind="demo", object_name=f"{gone['nodes']} nodes", changes={})
    return gone


# Every table that hangs on an asset, the deepest first; a cascade row by row would take hours at ten thousand hosts.
_TABLES = (
    ("findings_attribution", "finding_id IN (SELECT id FROM findings_finding WHERE asset_id = ANY(%s))"),
    ("decisions_verdict", "finding_id IN (SELECT id FROM findings_finding WHERE asset_id = ANY(%s))"),
    ("decisions_activity", "finding_id IN (SELECT id FROM findings_finding WHERE asset_id = ANY(%s))"),
    ("findings_pastweight", "finding_id IN (SELECT id FROM findings_finding WHERE asset_id = ANY(%s))"),
    ("findings_openinterval", "finding_id IN (SELECT id FROM findings_finding WHERE asset_id = ANY(%s))"),
    ("findings_finding", "asset_id = ANY(%s)"),
    ("risk_load", "asset_id = ANY(%s)"),
)


def _delete_of(asset_ids: list[Any]) -> None:
    with connection.cursor() as cursor:
        for table, condition in _TABLES:
            cursor.execute(f"DELETE FROM {table} WHERE {condition}", [asset_ids])
    for start in range(0, len(asset_ids), 2000):
        Asset.objects.filter(pk__in=asset_ids[start : start + 2000]).delete()
