"""What is known of an image's packages, as other tools read it, and what tools told of the image."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
from django.conf import settings
from django.http import Http404
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError as Invalid
from rest_framework.request import Request
from rest_framework.response import Response

from posture.base.moments import parse_moment
from posture.base.parameters import AS_OF
from posture.base.views import with_etag
from posture.images.models import Image
from posture.images.of_image import OfImageView
from posture.images.views import ImageViewSet as PlainImageViewSet
from posture.vulnerabilities import scans, serializers
from posture.vulnerabilities.models import Package, PackageList
from scanners.exports import cyclonedx, spdx
from scanners.reported import ReportedImage, ReportedPackage

_FORMATS = ("cyclonedx", "spdx")
# The same packages always give the same document: its number is made of them, not by chance.
_NAMESPACE = uuid.UUID("6c0f6d5a-6c7e-5f0e-8f5e-9d2f3a6f1b54")


class ImageViewSet(PlainImageViewSet):
    """Images, each once for the whole fleet; its hosts and counts are those that the asker may see."""

    serializer_class = serializers.ImageSerializer
    item_serializer_class = serializers.ImageItemSerializer

    def attach(self, rows: list[Any]) -> None:
        super().attach(rows)
        states = scans.states([row.pk for row in rows]) if self.moment is None else {}
        for row in rows:
            row.scan_state, row.scan_reason = states.get(row.pk, (None, ""))


class ScansView(OfImageView):
    """What each tool last told of the image, and how our own tools stand with it: why one could not, when it tries again."""

    @extend_schema(responses=serializers.ScanSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        rows = scans.of_image(self.image(request, pk).pk)
        return with_etag(request, Response(serializers.ScanSerializer(rows, many=True).data))


class SbomView(OfImageView):
    """The packages of an image as a software bill of materials: CycloneDX 1.6 or SPDX 2.3, of all tools that listed any."""

    @extend_schema(
        parameters=[
            OpenApiParameter("format", str, enum=list(_FORMATS), description="cyclonedx unless given."),
            AS_OF,
        ],
        responses={(200, "application/json"): dict},
        examples=[
            OpenApiExample(
                "CycloneDX",
                value={"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []},
                response_only=True,
            )
        ],
    )
    def get(self, request: Request, pk: int) -> Response:
        image = self.image(request, pk, "format", "as_of")
        kind = request.query_params.get("format", "cyclonedx")
        if kind not in _FORMATS:
            raise Invalid({"format": [f"“{kind[:60]}” is not one of: {', '.join(_FORMATS)}."]})
        moment = parse_moment(request.query_params.get("as_of"))
        lists = list(PackageList.objects.as_of(moment).filter(asset=image.pk).order_by("tool"))
        if not lists:
            raise Http404
        packages = _packages(image, lists)
        serial = str(uuid.uuid5(_NAMESPACE, " ".join([image.digest, *(str(one.pk) for one in lists)])))
        created_at = max(one.opened_at for one in lists)
        of, version = _reported(image), settings.VERSION
        document = (
            cyclonedx.sbom(of, packages, serial=serial, created_at=created_at, version=version)
            if kind == "cyclonedx"
            else spdx.sbom(
                of, packages, namespace=f"urn:uuid:{serial}", created_at=created_at, version=version
            )
        )
        response = with_etag(request, Response(document))
        name = image.digest.removeprefix("sha256:")[:12] or str(image.pk)
        response.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}.json"'
        return response


def _reported(image: Image) -> ReportedImage:
    return ReportedImage(
        name=image.asset.name,
        digest=image.digest,
        architecture=image.architecture,
        created_at=image.created_at,
        layers=tuple(image.layer_digests),
    )


def _packages(image: Image, lists: list[PackageList]) -> list[ReportedPackage]:
    places: dict[int, int] = {}
    for one in lists:
        for package, layer in zip(one.packages, one.layers, strict=True):
            places[package] = max(layer, places.get(package, -1))
    layers = image.layer_digests
    rows: Any = Package.objects.filter(pk__in=list(places)).order_by("ecosystem", "namespace", "name", "pk")
    return [
        msgspec.structs.replace(
            row.reported, layer=layers[places[row.pk]] if 0 <= places[row.pk] < len(layers) else ""
        )
        for row in rows
    ]
