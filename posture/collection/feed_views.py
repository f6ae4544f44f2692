"""Feeds of vulnerability intelligence: how old each is, turned on and off, read now, loaded from a file."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, ClassVar

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from posture.base.ordering import Orderings, by, only
from posture.base.views import ResourceViewSet
from posture.collection import feeds, tasks
from posture.collection.filtersets import FeedFilterSet
from posture.collection.serializers import (
    FeedChangeSerializer,
    FeedFileSerializer,
    FeedItemSerializer,
    FeedSerializer,
)
from posture.fleet.write_views import WriteMixin
from posture.vulnerabilities.models import Feed


class FeedViewSet(WriteMixin, ResourceViewSet):
    """Where advisories, and what is known of their use, come from."""

    http_method_names = ["get", "head", "options", "post", "patch"]
    permissions: ClassVar[dict[str, str]] = {
        "GET": "fleet.view",
        "PATCH": "feeds.change",
        "POST": "feeds.change",
    }
    queryset = Feed.objects.all()
    serializer_class = FeedSerializer
    item_serializer_class = FeedItemSerializer
    filterset_class = FeedFilterSet
    orderings: ClassVar[Orderings] = {
        "name": only("name"),
        "-name": only("name", descending=True),
        "-last_success_at": by("last_success_at", descending=True, nullable=True),
    }
    default_ordering = "name"

    def attach(self, rows: list[Any]) -> None:
        being_read = feeds.being_read()
        for row in rows:
            row.is_being_read = row.pk in being_read

    def get_queryset(self) -> Any:
        return self.queryset.all()  # feeds are of the installation, not of an environment

    @extend_schema(request=FeedChangeSerializer, responses=FeedSerializer)
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        """Turn a feed on or off, fetch it from elsewhere or more often. What is turned on is fetched at once."""
        data = self.valid(FeedChangeSerializer(data=request.data))
        feed = feeds.change(feed=self.get_object(), by=self.by(), **data)
        transaction.on_commit(lambda: feeds.claim_due(tasks.enqueue_feed))
        return self.written(feed.pk)

    @extend_schema(operation_id="feeds_fetch", request=None, responses={202: FeedSerializer})
    @action(detail=True, methods=["post"])
    def fetch(self, request: Request, pk: str | None = None) -> Response:
        """Fetch the feed now."""
        feed = feeds.fetch_now(feed=self.get_object(), by=self.by(), enqueue=tasks.enqueue_feed)
        return self.written(feed.pk, 202)

    @extend_schema(
        operation_id="feeds_load",
        request={"multipart/form-data": FeedFileSerializer},
        responses={200: FeedSerializer},
    )
    @action(detail=True, methods=["post"], parser_classes=[MultiPartParser, JSONParser])
    def load(self, request: Request, pk: str | None = None) -> Response:
        """Read the feed from a file in the form's field `file`, as where nothing can be fetched."""
        file = self.valid(FeedFileSerializer(data=request.data))["file"]
        with tempfile.TemporaryDirectory(prefix="plimsoll-") as folder:
            path = Path(folder) / "feed"
            with path.open("wb") as into:
                for chunk in file.chunks():
                    into.write(chunk)
            feed = feeds.load(self.get_object(), path, by=self.by())
        return self.written(feed.pk)
