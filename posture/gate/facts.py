"""What is known of stored images, as the gate asks for it: a few queries for any number of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from posture.findings.choices import FindingKind
from posture.findings.models import Attribution, Finding
from posture.gate.decide import Facts, Present
from posture.images.choices import SignatureOutcome
from posture.images.models import Image, ImageSignature
from posture.vulnerabilities.choices import Use
from scanners.records import Severity


def of_images(asset_ids: Sequence[int], environment_id: int | None) -> dict[int, Facts]:
    """By asset id; ids of no image are left out."""
    images = Image.objects.select_related("asset").filter(asset__in=list(asset_ids)).defer("history")
    vulnerabilities = _vulnerabilities(asset_ids)
    secrets = _secrets(asset_ids)
    signatures = _signatures(asset_ids, environment_id)
    return {
        image.pk: Facts(
            name=image.asset.name,
            digest=image.digest,
            created_at=image.created_at,
            is_scanned="vulnerability_scan" in image.asset.evidence,
            vulnerabilities=tuple(vulnerabilities.get(image.pk, ())),
            secrets=tuple(secrets.get(image.pk, ())),
            signature=signatures.get(image.pk, SignatureOutcome.NOT_MEASURED),
        )
        for image in images
    }


def _vulnerabilities(asset_ids: Sequence[int]) -> dict[int, list[Present]]:
    found = (
        Finding.objects.on_the_worklist()
        .filter(asset__in=list(asset_ids), kind=FindingKind.VULNERABILITY)
        .values_list(
            "pk",
            "asset",
            "severity",
            "first_opened_at",
            "vulnerability__key",
            "vulnerability__epss",
            "vulnerability__exploited_since",
            "vulnerability__published_at",
            "package__name",
            "package__version",
            "use",
        )
    )
    rows = list(found)
    fixes: dict[int, set[str]] = defaultdict(set)
    words = Attribution.objects.current().filter(finding__in=[row[0] for row in rows])
    for finding_id, versions in words.values_list("finding", "fixed_versions"):
        fixes[finding_id].update(versions)
    by_asset: dict[int, list[Present]] = defaultdict(list)
    for pk, asset_id, severity, opened_at, key, epss, exploited, published_at, name, version, use in rows:
        by_asset[asset_id].append(
            Present(
                key=key,
                package=f"{name} {version}",
                severity=Severity(severity),
                fixed_versions=tuple(sorted(fixes[pk])),
                is_exploited=exploited is not None,
                epss=epss,
                is_unused=use == Use.NOT_SEEN,
                known_since=published_at or opened_at,
            )
        )
    return by_asset


def _signatures(asset_ids: Sequence[int], environment_id: int | None) -> dict[int, str]:
    """The verdict by the environment's trusted signers; an image that is not used there yet has none."""
    found = ImageSignature.objects.current().filter(image__in=list(asset_ids), environment=environment_id)
    return dict(found.values_list("image", "outcome"))


def _secrets(asset_ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    rows = Finding.objects.on_the_worklist().filter(asset__in=list(asset_ids), kind=FindingKind.SECRET)
    for asset_id, evidence, key in rows.values_list("asset", "evidence", "key"):
        found[asset_id].append(evidence[0] if evidence else key)
    return found
