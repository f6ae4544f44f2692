"""Saved views of lists: a person's own, and what others share."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from posture.accounts import view_actions
from posture.accounts.filtersets import SavedViewFilterSet
from posture.accounts.models import SavedView
from posture.accounts.serializers import (
    SavedViewChangeSerializer,
    SavedViewCreateSerializer,
    SavedViewSerializer,
)
from posture.base.ordering import Orderings, by, only
from posture.base.permissions import SIGNED_IN
from posture.base.views import ResourceViewSet


class SavedViewViewSet(ResourceViewSet):
    """One's own saved views and the shared ones. Sharing needs `views.share`."""

    http_method_names = ["get", "head", "options", "post", "patch", "delete"]
    permissions = SIGNED_IN
    queryset = SavedView.objects.all()
    serializer_class = SavedViewSerializer
    filterset_class = SavedViewFilterSet
    orderings: ClassVar[Orderings] = {
        "name": by("name"),
        "-created_at": only("pk", descending=True),
    }
    default_ordering = "name"

    def detailed(self, queryset: QuerySet[SavedView]) -> QuerySet[SavedView]:
        return queryset.select_related("owner")

    @extend_schema(request=SavedViewCreateSerializer, responses={201: SavedViewSerializer})
    def create(self, request: Request) -> Response:
        data = self._valid(SavedViewCreateSerializer(data=request.data))
        view = view_actions.save_view(**data, by=self.user)
        return Response(SavedViewSerializer(view).data, status=201)

    @extend_schema(request=SavedViewChangeSerializer, responses=SavedViewSerializer)
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        """The owner's alone."""
        view = self.get_object()
        data = self._valid(SavedViewChangeSerializer(data=request.data, partial=True))
        return Response(SavedViewSerializer(view_actions.change_view(view=view, **data, by=self.user)).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        """The owner's, and an administrator's for a shared one."""
        view_actions.delete_view(view=self.get_object(), by=self.user)
        return Response(status=204)

    @staticmethod
    def _valid(serializer: Any) -> dict[str, Any]:
        serializer.is_valid(raise_exception=True)
        return cast(dict[str, Any], serializer.validated_data)
