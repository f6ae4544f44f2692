"""`/meta`, `/freshness`, `/search`."""

from __future__ import annotations

from typing import ClassVar, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError as Invalid
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from posture.accounts.models import User
from posture.base.parameters import only_known
from posture.base.permissions import SIGNED_IN
from posture.base.views import with_etag
from posture.collection import overviews
from posture.collection.serializers import FreshnessSerializer, MetaSerializer, SearchSerializer

LONGEST_TERM = 200


class MetaView(APIView):
    """The version, and every enumeration with its order and labels."""

    permissions = SIGNED_IN

    @extend_schema(operation_id="meta", responses=MetaSerializer)
    def get(self, request: Request) -> Response:
        return with_etag(request, Response(overviews.meta()))


class FreshnessView(APIView):
    """How fresh the evidence of the nodes is."""

    permissions: ClassVar[dict[str, str]] = {"GET": "fleet.view"}

    @extend_schema(operation_id="freshness", responses=FreshnessSerializer)
    def get(self, request: Request) -> Response:
        return Response(
            overviews.freshness(cast(User, request.user)), headers={"Cache-Control": "private, no-cache"}
        )


class SearchView(APIView):
    """Hosts, containers, images, checks, nodes and findings by name, digest or number; at most 8 of each."""

    permissions: ClassVar[dict[str, str]] = {"GET": "fleet.view"}

    @extend_schema(
        operation_id="search",
        parameters=[OpenApiParameter("q", required=True, description="At least two characters.")],
        responses=SearchSerializer,
    )
    def get(self, request: Request) -> Response:
        only_known(request, "q")
        term = request.query_params.get("q", "").strip()
        if not 2 <= len(term) <= LONGEST_TERM or "\x00" in term:
            raise Invalid({"q": [f"Give from 2 to {LONGEST_TERM} characters."]})
        return with_etag(request, Response({"results": overviews.search(cast(User, request.user), term)}))
