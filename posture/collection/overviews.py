"""Answers about the whole: how fresh the evidence is, which enumerations there are, and the search of the top bar."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import Count, DurationField, ExpressionWrapper, F, Min, Q, QuerySet, Value
from django.db.models.functions import Greatest, Now
from django.utils import timezone

from posture.accounts.choices import Role
from posture.accounts.models import User
from posture.base import trigrams
from posture.compliance.choices import LABELS, OUTCOMES
from posture.compliance.models import Check
from posture.defences.choices import DefenceState
from posture.findings.choices import Agreement, FindingKind, FindingState
from posture.findings.models import Finding
from posture.findings.package_filtersets import visible_packages
from posture.findings.vulnerability_filtersets import named
from posture.findings.vulnerability_views import vulnerabilities_within
from posture.fleet import choices
from posture.fleet.models import Asset, Node, Pull
from posture.images.choices import SignatureOutcome, SignerKind
from posture.images.models import Image
from posture.vulnerabilities.choices import ImageScanState, JobState
from scanners.checks.registry import CATALOGUE
from scanners.records import Severity

PER_KIND = 8
SEVERITY_GLYPHS = {
    Severity.CRITICAL: "◆",
    Severity.HIGH: "▲",
    Severity.MEDIUM: "■",
    Severity.LOW: "●",
    Severity.INFO: "○",
}


def freshness(user: User) -> dict[str, Any]:
    """How many nodes have evidence that still counts (see `Node.stale_after`), and how far the workers are behind."""
    limit = ExpressionWrapper(
        Greatest(F("interval_seconds") * 3, Value(900)) * Value(timedelta(seconds=1)),
        output_field=DurationField(),
    )
    nodes = Node.objects.visible_to(user).annotate(limit=limit)
    active = Q(paused=False)
    waiting = active & Q(last_success_at=None, consecutive_failures=0)
    fresh = active & Q(last_success_at__gte=Now() - F("limit"))
    numbers = nodes.aggregate(
        total=Count("pk"),
        fresh=Count("pk", filter=fresh),
        active=Count("pk", filter=active),
        waiting=Count("pk", filter=waiting),
        failing=Count("pk", filter=Q(state=choices.NodeState.FAILING)),
        oldest=Min("last_success_at", filter=active),
    )
    queued = Pull.objects.visible_to(user).filter(state=choices.PullState.QUEUED)
    oldest = queued.aggregate(oldest=Min("queued_at"))["oldest"]
    return {
        "nodes": numbers["total"],
        "fresh": numbers["fresh"],
        "stale": numbers["active"] - numbers["fresh"] - numbers["waiting"],
        "waiting": numbers["waiting"],
        "failing": numbers["failing"],
        "paused": numbers["total"] - numbers["active"],
        "oldest_success_at": numbers["oldest"],
        "queue_lag_seconds": None if oldest is None else max((timezone.now() - oldest).total_seconds(), 0.0),
    }


@cache
def checks_version() -> str:
    """Changes whenever a check of the catalogue does."""
    text = "\n".join(
        f"{c.id}\t{c.title}\t{int(c.severity)}\t{c.rationale}\t{c.remediation}" for c in CATALOGUE
    )
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _enum(enumeration: Any) -> list[dict[str, Any]]:
    return [
        {"value": value, "label": label, "order": order}
        for order, (value, label) in enumerate(enumeration.choices)
    ]


def meta() -> dict[str, Any]:
    """The version, and every enumeration with its order and labels."""
    return {
        "version": settings.VERSION,
        "enums": {
            "severity": [
                {
                    "value": s.label,
                    "label": s.label.capitalize(),
                    "order": s.value,
                    "glyph": SEVERITY_GLYPHS[s],
                }
                for s in reversed(Severity)
            ],
            "outcome": [
                {"value": o.value, "label": LABELS[o], "order": order} for order, o in enumerate(OUTCOMES)
            ],
            "node_kind": _enum(choices.NodeKind),
            "defence_state": _enum(DefenceState),
            "node_state": _enum(choices.NodeState),
            "enrolment_state": _enum(choices.EnrolmentState),
            "pull_state": _enum(choices.PullState),
            "pull_trigger": _enum(choices.PullTrigger),
            "container_status": _enum(choices.ContainerStatus),
            "asset_kind": _enum(choices.AssetKind),
            "data_class": _enum(choices.DataClass),
            "finding_state": _enum(FindingState),
            "finding_kind": _enum(FindingKind),
            "scan_state": _enum(ImageScanState),
            "scan_job_state": _enum(JobState),
            "agreement": _enum(Agreement),
            "signature_outcome": _enum(SignatureOutcome),
            "signer_kind": _enum(SignerKind),
            "role": _enum(Role),
        },
        "checks_version": checks_version(),
        "upload_max_bytes": settings.UPLOAD_MAX_BYTES,
        "demo": Node.objects.filter(is_demo=True).exists(),
    }


def _named(queryset: QuerySet, column: str, term: str) -> QuerySet:
    annotations, condition = trigrams.matches(column, term)
    return queryset.alias(**annotations).filter(condition)


def search(user: User, term: str) -> list[dict[str, Any]]:
    """At most `PER_KIND` of each kind; digests are found by their first digits, findings by their number."""
    assets = _named(Asset.objects.visible_to(user).present(), "name", term).select_related(
        "environment", "host"
    )
    results = []
    for kind in (choices.AssetKind.HOST, choices.AssetKind.CONTAINER, choices.AssetKind.IMAGE):
        for asset in assets.filter(kind=kind)[:PER_KIND]:
            where = asset.host.name if asset.host else asset.environment.name if asset.environment else ""
            results.append({"kind": kind.value, "id": asset.pk, "name": asset.name, "detail": where})
    digest = term.lower().removeprefix("sha256:")
    if len(digest) >= 6 and all(c in "0123456789abcdef" for c in digest):
        images = Image.objects.visible_to(user).as_of(None).filter(digest__startswith=f"sha256:{digest}")
        for image in images.select_related("asset")[:PER_KIND]:
            results.append(
                {"kind": "image", "id": image.pk, "name": image.asset.name, "detail": image.digest}
            )
    known = vulnerabilities_within(user.environment_ids()).filter(open_total__gt=0)
    for found in known.filter(named(term)).order_by("-worst", "-images", "-pk")[:PER_KIND]:
        results.append({"kind": "vulnerability", "id": found.pk, "name": found.key, "detail": found.title})
    packages = _named(visible_packages(user.environment_ids()), "name", term).order_by("name", "pk")
    for package in packages[:PER_KIND]:
        where = " ".join(filter(None, (package.version, package.distribution or package.ecosystem)))
        results.append({"kind": "package", "id": package.pk, "name": package.name, "detail": where})
    checks = Check.objects.filter(Q(title__icontains=term) | Q(slug__icontains=term), is_retired=False)
    results += [{"kind": "check", "id": c.slug, "name": c.title, "detail": c.slug} for c in checks[:PER_KIND]]
    nodes = Node.objects.visible_to(user).filter(Q(name__icontains=term) | Q(address__icontains=term))
    results += [{"kind": "node", "id": n.pk, "name": n.name, "detail": n.address} for n in nodes[:PER_KIND]]
    if term.isascii() and term.isdigit() and len(term) < 19:
        for finding in (
            Finding.objects.visible_to(user).filter(pk=int(term)).select_related("check_definition", "asset")
        ):
            title = finding.check_definition.title if finding.check_definition else finding.key
            results.append({"kind": "finding", "id": finding.pk, "name": title, "detail": finding.asset.name})
    return results
