"""What every view of something about one image begins with."""

from __future__ import annotations

from typing import ClassVar, cast

from django.http import Http404
from rest_framework.request import Request
from rest_framework.views import APIView

from posture.accounts.models import User
from posture.base.parameters import only_known
from posture.fleet.choices import AssetKind
from posture.fleet.models import Asset
from posture.images.models import Image


class OfImageView(APIView):
    """Something about one image that the asker may see."""

    permissions: ClassVar[dict[str, str]] = {"GET": "fleet.view"}

    def image(self, request: Request, pk: int, *known: str) -> Image:
        only_known(request, *known)
        assets = Asset.objects.visible_to(cast(User, request.user)).filter(pk=pk, kind=AssetKind.IMAGE)
        found = Image.objects.select_related("asset").filter(asset__in=assets).first()
        if found is None:
            raise Http404
        return found
