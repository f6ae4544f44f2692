"""Toxic combinations as findings of the containers in which they come together: opened and resolved in the transaction of
what makes or breaks them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from posture.compliance.models import Check
from posture.findings import settle
from posture.findings.choices import WEIGHS, FindingKind
from posture.findings.combinations.registry import rules
from posture.findings.combinations.rule import ASKED, POWERS, SECRETS_IN_IMAGE, Facts, Flaw
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
    return _review_all(_containers(asset_ids), weigh, at)


def review_flaws(image_ids: Iterable[int], weigh: Weigh, at: datetime) -> set[int]:
    """`review`, when nothing but what is known of vulnerabilities in these images has changed: flaws make a combination only
    with an entrance or with power, which few containers have."""
    ids = list(image_ids)
    open_ = Finding.objects.filter(asset=OuterRef("asset"), closed_at__isnull=True)
    powers = Check.objects.filter(slug__in=POWERS).values("pk")
    concerned = (
        ContainerState.objects.current()
        .filter(image__in=ids, status__in=ALIVE)
        .filter(
            Q(exposed=True)
            | Q(privileged=True)
            | Exists(open_.filter(kind=FindingKind.FAILED_CHECK, check_definition__in=powers))
            | Exists(open_.filter(kind=FindingKind.COMBINATION))
        )
    )
    return _review_all(list(concerned.order_by("image", "asset").values_list("asset", flat=True)), weigh, at)


def _review_all(container_ids: Sequence[int], weigh: Weigh, at: datetime) -> set[int]:
    images = _Images()
    changed: set[int] = set()
    for start in range(0, len(container_ids), AT_ONCE):
        changed |= _review(container_ids[start : start + AT_ONCE], images, weigh, at)
    return changed


def _containers(asset_ids: Iterable[int]) -> list[int]:
    """Those that run one image follow each other, so that few images are read for some of them."""
    ids = list(asset_ids)
    own = (
        Asset.objects.filter(pk__in=ids, kind=AssetKind.CONTAINER).order_by("pk").values_list("pk", flat=True)
    )
    running = ContainerState.objects.current().filter(image__in=ids, status__in=ALIVE)
    return list(dict.fromkeys([*running.order_by("image", "asset").values_list("asset", flat=True), *own]))


def _review(container_ids: Sequence[int], images: _Images, weigh: Weigh, at: datetime) -> set[int]:
    known = _facts_of(container_ids, images)
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


def _facts_of(container_ids: Sequence[int], images: _Images) -> dict[int, Facts]:
    """What rules ask of these containers, of those that run. Five queries for any number of them."""
    states = list(
        ContainerState.objects.current()
        .filter(asset__in=container_ids, status__in=ALIVE, asset__gone_at__isnull=True)
        .values_list(
            "asset", "name", "host__name", "image", "image_reference", "published", "exposed", "privileged"
        )
    )
    images.read({image_id for _, _, _, image_id, *_ in states if image_id is not None})
    failing = _failing([asset_id for asset_id, *_ in states])
    return {
        asset_id: Facts(
            container=name,
            host=host,
            image=reference,
            published=tuple(port for port in published if port.startswith(EVERYWHERE)) if exposed else (),
            is_privileged=privileged,
            failing=frozenset(failing.get(asset_id, ())),
            flaws=tuple(images.flaws.get(image_id or 0, ())),
            secrets=tuple(images.secrets.get(image_id or 0, ())),
        )
        for asset_id, name, host, image_id, reference, published, exposed, privileged in states
    }


def _failing(asset_ids: Iterable[int]) -> Mapping[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    checks = dict(Check.objects.filter(slug__in=ASKED).values_list("pk", "slug"))
    rows = Finding.objects.weighing().filter(asset__in=list(asset_ids), kind=FindingKind.FAILED_CHECK)
    for asset_id, check_id in rows.filter(check_definition__in=checks).values_list(
        "asset", "check_definition"
    ):
        found[asset_id].append(checks[check_id])
    return found


class _Images:
    """What rules ask of images: each is read once, however many containers run it."""

    def __init__(self) -> None:
        self.flaws: dict[int, list[Flaw]] = {}
        self.secrets: dict[int, list[str]] = {}

    def read(self, image_ids: set[int]) -> None:
        if missing := image_ids - self.flaws.keys():
            flaws, secrets = _flaws(missing), _secrets(missing)
            self.flaws |= {pk: flaws.get(pk, []) for pk in missing}
            self.secrets |= secrets


_FIRST_FLAWS = f"""
SELECT DISTINCT ON (f.asset_id, f.use, v.exploited_since IS NULL, f.severity = %(critical)s)
    f.asset_id, v.key, coalesce(p.name, 'an unnamed package'), coalesce(p.version, ''), f.severity,
    v.exploited_since IS NOT NULL, f.use
FROM findings_finding f JOIN vulnerabilities_vulnerability v ON v.id = f.vulnerability_id
LEFT JOIN vulnerabilities_package p ON p.id = f.package_id
WHERE f.asset_id = ANY(%(images)s) AND f.kind = %(kind)s AND f.closed_at IS NULL
    AND (f.decided IS NULL OR f.decided = {WEIGHS})
    AND (v.exploited_since IS NOT NULL OR f.severity = %(critical)s AND f.use = %(seen)s)
ORDER BY f.asset_id, f.use, v.exploited_since IS NULL, f.severity = %(critical)s, v.key, f.id
"""


def _flaws(image_ids: Iterable[int]) -> Mapping[int, list[Flaw]]:
    """Exploited and critical ones, of each kind the first by name, those in use first: so that evidence stays while nothing
    changes."""
    with connection.cursor() as cursor:
        cursor.execute(
            _FIRST_FLAWS,
            {
                "images": list(image_ids),
                "kind": FindingKind.VULNERABILITY,
                "critical": int(Severity.CRITICAL),
                "seen": int(Use.SEEN),
            },
        )
        rows = sorted(cursor.fetchall(), key=lambda row: (row[0], -row[6], row[1]))
    found: dict[int, list[Flaw]] = defaultdict(list)
    for asset_id, key, name, version, severity, exploited, use in rows:
        found[asset_id].append(
            Flaw(
                key=key,
                package=f"{name} {version}".strip(),
                severity=Severity(severity),
                is_exploited=exploited,
                is_in_use=use == Use.SEEN,
            )
        )
    return found


def _secrets(image_ids: Iterable[int]) -> Mapping[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    # Kinds first: with them the index leaves out vulnerabilities, which are most of what an image has.
    kinds = (FindingKind.SECRET, FindingKind.FAILED_CHECK)
    rows = Finding.objects.weighing().filter(asset__in=list(image_ids), kind__in=kinds)
    of_secrets = rows.filter(Q(kind=FindingKind.SECRET) | Q(check_definition__slug=SECRETS_IN_IMAGE))
    for asset_id, evidence, key in of_secrets.order_by("asset", "pk").values_list("asset", "evidence", "key"):
        found[asset_id].append(evidence[0] if evidence else key)
    return found
