"""An image's open vulnerabilities as documents for other tools: OpenVEX and SARIF."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from posture.base.problems import Conflict
from posture.base.views import with_etag
from posture.findings import advice, agreement, reported
from posture.findings.models import Finding
from posture.images.models import Image, Presence
from posture.images.of_image import OfImageView
from posture.vulnerabilities.choices import FIX_STATUSES
from posture.vulnerabilities.models import Alias, Vulnerability
from scanners.exports import openvex, sarif
from scanners.exports.identity import package_url
from scanners.records import Record, Severity
from scanners.reported import (
    FixStatus,
    ReportedImage,
    ReportedMatch,
    ReportedVulnerability,
    Score,
    VexStatement,
    VexStatus,
)

# The same findings always give the same document: its number is made of them, not by chance.
_NAMESPACE = uuid.UUID("1b0a3c2e-3f0e-5c6b-9a77-6f1f0a5a4c11")
_VEX = {FixStatus.UNDER_INVESTIGATION: VexStatus.UNDER_INVESTIGATION}


class Decided(Record, frozen=True, kw_only=True):
    """What a decision says of a finding, in the words of VEX. `action` is for what stays affected."""

    status: VexStatus
    justification: str = ""
    detail: str = ""
    action: str = ""
    at: datetime


class OfFindingsView(OfImageView):
    """A document made of what is open in an image."""

    suffix = ""

    def findings(self, image: Image) -> list[Any]:
        """Open vulnerabilities in their packages, with `words`."""
        rows: list[Any] = list(
            Finding.objects.open()
            .filter(asset=image.pk, vulnerability__isnull=False, package__isnull=False)
            .select_related("vulnerability", "package")
            .defer("factors")
            .order_by("vulnerability__key", "package__name", "pk")
        )
        words = reported.words_by_tool([row.pk for row in rows])
        for row in rows:
            row.words = [one.word for one in words.get(row.pk, ())]
        return rows

    def named(self, image: Image) -> ReportedImage:
        """The image by every name under which hosts hold it that the asker may see."""
        limits = self.request.user.environment_ids()  # type: ignore[union-attr]
        held = Presence.objects.current().filter(image=image.pk)
        if limits is not None:
            held = held.filter(host__environment__in=limits)
        presences = list(held.values_list("references", "repo_digests"))
        return ReportedImage(
            name=image.asset.name,
            digest=image.digest,
            references=tuple(sorted({name for names, _ in presences for name in names})),
            repo_digests=tuple(sorted({digest for _, digests in presences for digest in digests})),
        )

    def download(self, request: Request, image: Image, document: Any) -> Response:
        response = with_etag(request, Response(document))
        name = image.digest.removeprefix("sha256:")[:12] or str(image.pk)
        response.headers["Content-Disposition"] = f'attachment; filename="{name}.{self.suffix}"'
        return response


class VexView(OfFindingsView):
    """What is open in the image as an OpenVEX document: each vulnerability affects it, with what to do about it, or what
    was decided of it. 409 when nothing is open: the format knows no document without a statement."""

    suffix = "openvex.json"

    def decided(self, findings: list[Any]) -> dict[int, Decided]:
        """What was decided of which finding (by id); `decisions`, which stands above this app, says it."""
        return {}

    @extend_schema(
        responses={(200, "application/json"): dict},
        examples=[
            OpenApiExample(
                "OpenVEX",
                value={"@context": "https://openvex.dev/ns/v0.2.0", "statements": []},
                response_only=True,
            )
        ],
    )
    def get(self, request: Request, pk: int) -> Response:
        image = self.image(request, pk)
        findings = self.findings(image)
        if not findings:
            raise Conflict(
                "No vulnerability is open in this image, so there is nothing to state.",
                code="nothing_to_state",
            )
        of = self.named(image)
        products = of.repo_digests or of.references or (image.digest or image.asset.name,)
        names = _aliases(findings)
        decided = self.decided(findings)
        statements = [_statement(row, products, names, decided.get(row.pk)) for row in findings]
        marks = " ".join(
            f"{row.pk}:{said.stated_at.timestamp() if said.stated_at else 0}:{said.status}:{row.fix}"
            for row, said in zip(findings, statements, strict=True)
        )
        document = openvex.document(
            statements,
            identifier=f"urn:uuid:{uuid.uuid5(_NAMESPACE, marks)}",
            author="Plimsoll",
            created_at=max(said.stated_at for said in statements if said.stated_at is not None),
            version=settings.VERSION,
        )
        return self.download(request, image, document)


class SarifView(OfFindingsView):
    """What is open in the image as a SARIF 2.1.0 log, as code-scanning services take it."""

    suffix = "sarif"

    @extend_schema(
        responses={(200, "application/json"): dict},
        examples=[OpenApiExample("SARIF", value={"version": "2.1.0", "runs": []}, response_only=True)],
    )
    def get(self, request: Request, pk: int) -> Response:
        image = self.image(request, pk)
        findings = self.findings(image)
        names = _aliases(findings)
        log = sarif.log(self.named(image), [_match(row, names) for row in findings], version=settings.VERSION)
        return self.download(request, image, log)


def _aliases(findings: list[Any]) -> dict[int, list[str]]:
    names: dict[int, list[str]] = {}
    rows = Alias.objects.filter(vulnerability__in={row.vulnerability_id for row in findings})
    for pk, name in rows.order_by("name").values_list("vulnerability", "name"):
        names.setdefault(pk, []).append(name)
    return names


def _statement(
    row: Any, products: tuple[str, ...], names: dict[int, list[str]], decided: Decided | None
) -> VexStatement:
    of: Vulnerability = row.vulnerability
    told = decided or Decided(
        status=_VEX.get(FIX_STATUSES[agreement.fix(row.words)], VexStatus.AFFECTED),
        action=advice.of(row, row.words),
        at=row.opened_at,
    )
    return VexStatement(
        vulnerability=of.key,
        aliases=tuple(name for name in names.get(of.pk, ()) if name != of.key),
        status=told.status,
        products=products,
        subcomponents=(package_url(row.package.reported) or row.package.name,),
        justification=told.justification,
        detail=told.detail,
        action=told.action,
        stated_at=told.at,
    )


def _match(row: Any, names: dict[int, list[str]]) -> ReportedMatch:
    of: Vulnerability = row.vulnerability
    return ReportedMatch(
        vulnerability=ReportedVulnerability(
            id=of.key,
            aliases=tuple(name for name in names.get(of.pk, ()) if name != of.key),
            title=of.title,
            description=of.description,
            severities={source: Severity(number) for source, number in of.severities.items()},
            scores=tuple(
                Score(source=source, vector=vector, score=score) for source, vector, score in of.scores
            ),
            weaknesses=tuple(of.weaknesses),
            references=tuple(of.references),
            published_at=of.published_at,
            modified_at=of.modified_at,
        ),
        package=row.package.reported,
        severity=Severity(row.severity),
        status=FIX_STATUSES[agreement.fix(row.words)],
        fixed_versions=tuple(agreement.fixed_versions(row.words)),
        url=next((link for link in of.references if link.startswith("http")), ""),
    )
