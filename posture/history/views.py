"""Who changed what, and the proof that it is still what was written."""

from __future__ import annotations

from dataclasses import asdict
from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from posture.base.ordering import Orderings, only
from posture.base.views import ResourceViewSet
from posture.history.actions import verify
from posture.history.filtersets import EntryFilterSet
from posture.history.models import Entry
from posture.history.serializers import EntrySerializer, VerificationSerializer


class HistoryViewSet(ResourceViewSet):
    """The history: append-only and hash-chained, for administrators and auditors."""

    queryset = Entry.objects.all()
    serializer_class = EntrySerializer
    filterset_class = EntryFilterSet
    # By id, which rises with time because entries are written one after the other, and has the index.
    orderings: ClassVar[Orderings] = {"-at": only("pk", descending=True), "at": only("pk")}
    default_ordering = "-at"
    permissions = {"GET": "history.view"}

    @extend_schema(responses=VerificationSerializer)
    @action(detail=False, pagination_class=None)
    def verify(self, request: Request) -> Response:
        """Recomputes the whole chain. Reads every entry."""
        return Response(asdict(verify()))
