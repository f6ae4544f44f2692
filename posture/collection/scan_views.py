"""What a person does to the scans of an image."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from posture.collection import actions
from posture.images.of_image import OfImageView
from posture.vulnerabilities import scans
from posture.vulnerabilities.serializers import ScanSerializer


class ScanNowView(OfImageView):
    """Have all tools look at an image now."""

    permissions: ClassVar[dict[str, str]] = {"POST": "pulls.control"}

    @extend_schema(operation_id="images_scan", request=None, responses={202: ScanSerializer(many=True)})
    def post(self, request: Request, pk: int) -> Response:
        """Put the image before all others, whatever was scanned or failed before; scans that run already go on."""
        image = self.image(request, pk)
        actions.scan_now(image=image.asset)
        return Response(ScanSerializer(scans.of_image(image.pk), many=True).data, status=202)
