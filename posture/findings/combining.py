"""Toxic combinations as findings of the containers in which they come together: opened and resolved in the transaction of
what makes or breaks them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import Q

from posture.findings import settle
from posture.findings.choices import FindingKind
from posture.findings.combinations.registry import rules
from posture.findings.combinations.rule import SECRETS_IN_IMAGE, Facts, Flaw
from posture.findings.models import Finding
from posture.findings.settle import Factor, Problem
from posture.fleet.choices import ALIVE
from posture.fleet.models import Asset, ContainerState
from posture.vulnerabilities.choices import Use
from scanners.records import AssetKind, Severity

AT_ONCE = 2_000
EVERYWHERE = ("0.0.0.0:", ":::", "[::]:", ":")

Weigh = Callable[
    [Severity], float
]  # severity -> points: the formula is `risk`'s, which stands above this app
_NO_FACTORS: tuple[Factor, ...] = ()


def review(asset_ids: Iterable[int], weigh: Weigh, at: datetime) -> set[int]:
    """Judge the containers among these assets, and those that run the images among them; returns the containers whose
    findings changed. The caller holds the rows of `asset_ids`."""
    ids = sorted(_containers(asset_ids))
    changed: set[int] = set()
    for start in range(0, len(ids), AT_ONCE):
        changed |= _review(ids[start : start + AT_ONCE], weigh, at)
    return changed


def _containers(asset_ids: Iterable[int]) -> set[int]:
    ids = list(asset_ids)
    own = Asset.objects.filter(pk__in=ids, kind=AssetKind.CONTAINER).values_list("pk", flat=True)
    running = ContainerState.objects.current().filter(image__in=ids, status__in=ALIVE)
    return {*own, *running.values_list("asset", flat=True)}


def _review(container_ids: Sequence[int], weigh: Weigh, at: datetime) -> set[int]:
    known = facts_of(container_ids)
    there: dict[int, list[Problem]] = {
        pk: [
            Problem(
                key=rule.id,
                check_id=None,
                severity=rule.severity,
                points=weigh(rule.severity),
                factors=_NO_FACTORS,
                evidence=evidence,
            )
            for rule in rules().values()
            if (evidence := rule.judge(facts)) is not None
        ]
        for pk, facts in known.items()
    }
    held = set(
        Finding.objects.open()
        .filter(asset__in=container_ids, kind=FindingKind.COMBINATION)
        .values_list("asset", flat=True)
    )
    problems = {pk: there.get(pk, []) for pk in container_ids if there.get(pk) or pk in held}
    if not problems:
        return set()
    environments = dict(Asset.objects.filter(pk__in=problems).values_list("pk", "environment"))
    settled = settle.settle(
        problems,
        kind=FindingKind.COMBINATION,
        scope=None,
        environments=environments,
        node_id=None,
        at=at,
    )
    moved = settled.opened + settled.reopened + settled.resolved + settled.revised
    return set(problems) if moved else set()


def facts_of(container_ids: Sequence[int]) -> dict[int, Facts]:
    """What rules ask of these containers, of those that run. Five queries for any number of them."""
    states = list(
        ContainerState.objects.current()
        .filter(asset__in=container_ids, status__in=ALIVE, asset__gone_at__isnull=True)
        .values_list(
            "asset", "name", "host__name", "image", "image_reference", "published", "exposed", "privileged"
        )
    )
    images = {image_id for _, _, _, image_id, *_ in states if image_id is not None}
    failing = _failing([asset_id for asset_id, *_ in states])
    flaws, secrets = _flaws(images), _secrets(images)
    return {
        asset_id: Facts(
            container=name,
            host=host,
            image=reference,
            published=tuple(port for port in published if port.startswith(EVERYWHERE)) if exposed else (),
            is_privileged=privileged,
            failing=frozenset(failing.get(asset_id, ())),
            flaws=tuple(flaws.get(image_id or 0, ())),
            secrets=tuple(secrets.get(image_id or 0, ())),
        )
        for asset_id, name, host, image_id, reference, published, exposed, privileged in states
    }


def _failing(asset_ids: Iterable[int]) -> Mapping[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    rows = Finding.objects.weighing().filter(asset__in=list(asset_ids), kind=FindingKind.FAILED_CHECK)
    for asset_id, slug in rows.values_list("asset", "check_definition__slug"):
        found[asset_id].append(slug)
    return found


def _flaws(image_ids: Iterable[int]) -> Mapping[int, list[Flaw]]:
    """Exploited and critical ones, those in use first, then by name: so that evidence stays while nothing changes."""
    found: dict[int, list[Flaw]] = defaultdict(list)
    rows = (
        Finding.objects.weighing()
        .filter(asset__in=list(image_ids), kind=FindingKind.VULNERABILITY)
        .filter(Q(vulnerability__exploited_since__isnull=False) | Q(severity=Severity.CRITICAL, use=Use.SEEN))
        .order_by("asset", "-use", "vulnerability__key", "pk")
    )
    for asset_id, key, name, version, severity, exploited, use in rows.values_list(
        "asset",
        "vulnerability__key",
        "package__name",
        "package__version",
        "severity",
        "vulnerability__exploited_since",
        "use",
    ):
        found[asset_id].append(
            Flaw(
                key=key,
                package=f"{name} {version}",
                severity=Severity(severity),
                is_exploited=exploited is not None,
                is_in_use=use == Use.SEEN,
            )
        )
    return found


def _secrets(image_ids: Iterable[int]) -> Mapping[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    rows = Finding.objects.weighing().filter(asset__in=list(image_ids))
    of_secrets = rows.filter(Q(kind=FindingKind.SECRET) | Q(check_definition__slug=SECRETS_IN_IMAGE))
    for asset_id, evidence, key in of_secrets.order_by("asset", "pk").values_list("asset", "evidence", "key"):
        found[asset_id].append(evidence[0] if evidence else key)
    return found
