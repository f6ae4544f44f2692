"""Images by what is in them; the packages of one, what each tool says of it, and how it is built."""

from __future__ import annotations

from functools import cached_property
from typing import Any, cast

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from posture.accounts.models import User
from posture.base.moments import parse_moment
from posture.base.ordering import Key
from posture.base.parameters import AS_OF
from posture.base.views import ResourceViewSet, with_etag
from posture.findings import image_build, image_filtersets, reported
from posture.findings import image_serializers as serializers
from posture.findings.choices import FindingKind
from posture.findings.combinations.rule import SECRETS_IN_IMAGE
from posture.findings.models import Finding, Witness
from posture.fleet.figures import severity_counts
from posture.images.models import Image
from posture.images.of_image import OfImageView
from posture.vulnerabilities import views as vulnerabilities
from posture.vulnerabilities.choices import FIX_STATUSES
from posture.vulnerabilities.models import Package, Scan
from scanners.records import Severity


class ImageViewSet(vulnerabilities.ImageViewSet):
    filterset_class = image_filtersets.ImageFilterSet


class ImageBuildView(OfImageView):
    """How the image is built: its layers with what each brought, the image that it rests on, and what its configuration
    says."""

    @extend_schema(parameters=[AS_OF], responses=serializers.ImageBuildSerializer)
    def get(self, request: Request, pk: int) -> Response:
        image = self.image(request, pk, "as_of")
        contents = image_build.contents_of(image, parse_moment(request.query_params.get("as_of")))
        base = image_build.base_of(image, cast(User, request.user))
        secrets = Finding.objects.open().filter(asset=image.pk)
        lines = [
            line
            for evidence in [
                *secrets.filter(check_definition__slug=SECRETS_IN_IMAGE).values_list("evidence", flat=True),
                *secrets.filter(kind=FindingKind.SECRET).order_by("pk").values_list("evidence", flat=True),
            ]
            for line in evidence
        ]
        said = {
            "layers": image_build.layers_of(image, contents),
            "base": None if base is None else image_build.brought_by_base(base, contents),
            "user": image.user,
            "has_healthcheck": image.has_healthcheck,
            "created_at": image.created_at,
            "is_configuration_known": bool(image.fingerprint),
            "secrets": lines,
            "packages": len(contents.places) if contents.tools else None,
        }
        return with_etag(request, Response(serializers.ImageBuildSerializer(said).data))


class InsideImageViewSet(ResourceViewSet):
    """A list of what is inside one image that the asker may see."""

    supports_as_of = True

    @cached_property
    def image(self) -> Image:
        visible = Image.objects.visible_to(self.user).select_related("asset")
        found = visible.filter(pk=self.kwargs["image"]).first()
        if found is None:
            raise Http404
        return found


class ImagePackageViewSet(InsideImageViewSet):
    """The packages of one image, with the layer that brought each and what is open in it."""

    queryset = Package.objects.all()
    serializer_class = serializers.ImagePackageSerializer
    filterset_class = image_filtersets.ImagePackageFilterSet
    orderings = {"name": (Key("name"), Key("pk")), "-name": (Key("name", True), Key("pk", True))}
    default_ordering = "name"

    @cached_property
    def contents(self) -> image_build.Contents:
        return image_build.contents_of(self.image, self.moment)

    def get_queryset(self) -> QuerySet:
        return self.queryset.filter(pk__in=[*self.contents.places, *filter(None, self.contents.findings)])

    def rows(self, ids: Any) -> list[Any]:
        return list(self.queryset.filter(pk__in=ids))

    def attach(self, rows: list[Any]) -> None:
        for row in rows:
            numbers = self.contents.findings.get(row.pk, {})
            row.layer = self.contents.places.get(row.pk, image_build.NOT_PLACED)
            row.tools = list(self.contents.tools.get(row.pk, ()))
            row.worst_open = max(numbers, default=None)
            row.finding_figures = severity_counts(numbers)


class ImageWordViewSet(InsideImageViewSet):
    """What each tool says of each vulnerability in one image, side by side; where they differ first."""

    queryset = Finding.objects.all()
    serializer_class = serializers.ImageWordSerializer
    filterset_class = image_filtersets.ImageWordFilterSet
    orderings = {
        "-differs": (Key("differs", True), Key("points", True), Key("pk", True)),
        "-points": (Key("points", True), Key("pk", True)),
        "-severity": (Key("severity", True), Key("points", True), Key("pk", True)),
    }
    default_ordering = "-differs"

    def base_queryset(self) -> QuerySet:
        return image_filtersets.with_difference(
            self.queryset.open(self.moment).filter(
                asset=self.image.pk, vulnerability__isnull=False, package__isnull=False
            )
        )

    def get_queryset(self) -> QuerySet:
        return self.base_queryset()

    def rows(self, ids: Any) -> list[Any]:
        found = self.queryset.filter(pk__in=ids).select_related("vulnerability", "package")
        return list(found.defer("factors", "vulnerability__description", "vulnerability__references"))

    @cached_property
    def looked(self) -> dict[str, set[str]]:
        """Tool -> ecosystems in which its silence counts; every tool that told of the image."""
        tools: dict[str, set[str]] = {
            tool: set() for tool in Scan.objects.filter(asset=self.image.pk).values_list("tool", flat=True)
        }
        for tool, ecosystems in Witness.objects.filter(asset=self.image.pk).values_list("tool", "ecosystems"):
            tools[tool] = set(ecosystems)
        return tools

    def attach(self, rows: list[Any]) -> None:
        words = reported.words_by_tool([row.pk for row in rows], self.moment)
        for row in rows:
            said = {word.tool: word for word in words.get(row.pk, ())}
            row.cells = [
                self.cell(tool, said.get(tool), row.package.ecosystem)
                for tool in sorted({*self.looked, *said})
            ]

    def cell(self, tool: str, word: Any, ecosystem: str) -> dict[str, Any]:
        if word is None:
            says = "silent" if ecosystem in self.looked.get(tool, ()) else "not_looked"
            return {"tool": tool, "says": says, "severity": None, "status": None, "fixed_versions": []}
        return {
            "tool": tool,
            "says": "affected",
            "severity": None if word.severity is None else Severity(word.severity).label,
            "status": FIX_STATUSES[word.status].value,
            "fixed_versions": list(word.fixed_versions),
        }
