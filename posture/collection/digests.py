"""What a digest says: the page Today of its owner, in words and as data. Here, because it asks every app."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from posture.accounts.models import User
from posture.collection.overviews import freshness
from posture.compliance.models import Check
from posture.decisions.choices import DecisionState
from posture.decisions.models import Decision
from posture.findings.models import Finding
from posture.findings.vulnerability_views import vulnerabilities_within
from posture.fleet.models import Environment
from posture.fleet.querysets import within
from posture.integrations import digests, outbox
from posture.integrations.choices import Cause
from posture.integrations.models import Digest, Message
from posture.integrations.wording import link, plural
from posture.risk import fixes
from posture.risk.action_views import scope_of, shown
from posture.risk.environments import environment_figures
from posture.trends import changes

logger = logging.getLogger(__name__)

SOON = timedelta(days=7)
BUSY_SECONDS = 30.0
ENVIRONMENTS_SHOWN = 20
ROWS_SHOWN = 5


def send_due(at: datetime) -> int:
    """Write the digests whose time has come, for `BUSY_SECONDS`; returns how many. What people see alike is gathered once."""
    number, began = 0, time.monotonic()
    alike: dict[Any, dict[str, Any]] = {}
    for pk in digests.due(at):
        if time.monotonic() - began > BUSY_SECONDS:
            break  # the rest waits for the next tick, so that pulls have their turn
        with transaction.atomic():
            digest = digests.take(pk, at)
            if digest is None:
                continue
            if digests.is_allowed(digest):
                limits = digest.owner.environment_ids()
                sees = None if limits is None else tuple(sorted(limits))
                key = (sees, digest.environment_id, digests.since(digest, at))
                if key not in alike:
                    alike[key] = gathered(digest, at)
                write(digest, at, alike[key])
                number += 1
            else:
                logger.warning("Digest %s of %s is not sent: it may not be any more.", pk, digest.owner)
            digests.went_out(digest, at)
    return number


def write(digest: Digest, at: datetime, told: dict[str, Any] | None = None) -> Message:
    """Put a digest into the outbox, with what is new since the one before; `told` when that was gathered already."""
    told = told or gathered(digest, at)
    is_to_person = digest.webhook_id is None
    return outbox.put(
        cause=Cause.DIGEST,
        subject=_subject(told),
        text="\n".join(_words(told)),
        data=told,
        at=at,
        person=digest.owner if is_to_person else None,
        webhook=digest.webhook,
    )


def gathered(digest: Digest, at: datetime) -> dict[str, Any]:
    """The numbers and rows of Today, as the owner sees them, narrowed to the digest's environment."""
    user, only = digest.owner, digest.environment
    visible = Environment.objects.visible_to(user)
    environments = list(visible if only is None else visible.filter(pk=only.pk))
    ids = None if only is None else [environment.pk for environment in environments]
    findings = Finding.objects.visible_to(user).on_the_worklist()
    if ids is not None:
        findings = findings.filter(within(ids, "asset__"))
    since = digests.since(digest, at)
    changed = changes.between(user, since, at, ids)
    decisions = Decision.objects.visible_to(user)
    scope = {} if only is None else {"environment": only.slug}
    return {
        "environment": None if only is None else {"id": only.pk, "slug": only.slug, "name": only.name},
        "from": since.isoformat(),
        "to": at.isoformat(),
        "environments": _environments(environments),
        "findings": {
            what: {"total": changed[what]["total"], "rows": changed[what]["rows"][:ROWS_SHOWN]}
            for what in ("opened", "reopened", "resolved")
        },
        "overdue": findings.filter(due_at__lt=at).count(),
        "due_within_a_week": findings.filter(due_at__gte=at, due_at__lt=at + SOON).count(),
        "decisions_suspended": decisions.filter(state=DecisionState.SUSPENDED).count(),
        "decisions_to_agree_to": decisions.filter(state=DecisionState.AWAITING_APPROVAL).count(),
        "actions": _actions(user, only),
        "exploited": _exploited(user, ids),
        "nodes": {name: number for name, number in freshness(user).items() if name in _OF_NODES},
        "url": link("/today", **scope),
    }


_OF_NODES = ("nodes", "stale", "failing", "waiting")


def _environments(environments: list[Environment]) -> list[dict[str, Any]]:
    """Those that are loaded most against their line first."""
    figures = environment_figures(environments)
    rows = [
        {
            "name": environment.name,
            "load": figures[environment.pk]["load_figures"]["load"],
            "line": environment.line,
            "coverage": figures[environment.pk]["load_figures"]["coverage"],
            "hosts": figures[environment.pk]["hosts_total"],
            "hosts_above_line": figures[environment.pk]["hosts_above"],
        }
        for environment in environments
    ]
    return sorted(rows, key=lambda row: -((row["load"] or -1.0) / row["line"]))


def _actions(user: User, only: Environment | None) -> list[dict[str, Any]]:
    told = fixes.best(scope_of(user, "" if only is None else str(only.pk)), limit=ROWS_SHOWN)["actions"]
    checks = Check.objects.in_bulk([one["check_id"] for one in told if one["check_id"]])
    kept = ("title", "work", "findings", "load_before", "load_after")
    return [{name: row[name] for name in kept} for row in (shown(action, checks) for action in told)]


def _exploited(user: User, ids: list[int] | None) -> list[dict[str, Any]]:
    limits = user.environment_ids() if ids is None else ids
    rows = vulnerabilities_within(limits).filter(exploited_since__isnull=False, open_total__gt=0)
    return [
        {"key": row.key, "title": row.title, "images": row.images}
        for row in rows.order_by("-exploited_since", "-pk")[:ROWS_SHOWN]
    ]


def _subject(told: dict[str, Any]) -> str:
    new = told["findings"]["opened"]["total"]["value"] + told["findings"]["reopened"]["total"]["value"]
    where = "" if told["environment"] is None else f"{told['environment']['name']}: "
    return f"{where}{plural(new, 'new finding', 'new findings')}, {told['overdue']:,} overdue"


def counted(lines: Iterable[str]) -> Iterator[str]:
    """Each line once, with how often it was there: containers of one name run on many hosts."""
    for line, number in Counter(lines).items():
        yield line if number == 1 else f"{line} ({number} times)"


def _words(told: dict[str, Any]) -> Iterator[str]:
    since = told["from"][:16].replace("T", " ")
    findings = {what: of["total"]["value"] for what, of in told["findings"].items()}
    yield f"Since {since} UTC: {findings['opened']:,} opened, {findings['reopened']:,} reopened, " + (
        f"{findings['resolved']:,} resolved."
    )
    yield f"Overdue: {told['overdue']:,}. Due within a week: {told['due_within_a_week']:,}."
    yield (
        f"Decisions suspended: {told['decisions_suspended']:,}. To agree to: {told['decisions_to_agree_to']:,}."
    )
    nodes = told["nodes"]
    yield f"Of {plural(nodes['nodes'], 'node', 'nodes')}, {nodes['stale']:,} stale and {nodes['failing']:,} failing."
    yield "\nLoads against their lines"
    for row in told["environments"][:ENVIRONMENTS_SHOWN]:
        load = "not measured" if row["load"] is None else f"{row['load']:.1f} of {row['line']:g}"
        yield (
            f"- {row['name']}: {load}, coverage {row['coverage']:.0%}, "
            f"{row['hosts_above_line']:,} of {plural(row['hosts'], 'host', 'hosts')} above the line"
        )
    if (more := len(told["environments"]) - ENVIRONMENTS_SHOWN) > 0:
        yield f"- and {more:,} more"
    new = [*told["findings"]["opened"]["rows"], *told["findings"]["reopened"]["rows"]][:ROWS_SHOWN]
    if new:
        yield "\nNew, the worst first"
        yield from counted(f"- {row['severity']}: {row['title']} on {row['asset']['name']}" for row in new)
    if told["actions"]:
        yield "\nNext best actions"
        yield from (
            f"- {row['title']}: the load falls to {row['load_after']:.1f}, "
            f"{plural(row['findings'], 'finding', 'findings')} less"
            for row in told["actions"]
        )
    if told["exploited"]:
        yield "\nExploited, and here"
        yield from (
            f"- {row['key']} {row['title']}".rstrip() + f", in {plural(row['images'], 'image', 'images')}"
            for row in told["exploited"]
        )
    yield f"\n{told['url']}\n"
