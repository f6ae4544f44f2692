"""Reports that are sent to us: taken in, listed, cancelled."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from posture.base.ordering import Orderings, by, only
from posture.base.parameters import only_known
from posture.base.problems import MEDIA_TYPE, Problem
from posture.base.serializers import ProblemSerializer
from posture.base.views import ResourceViewSet
from posture.collection import tasks, uploads
from posture.collection.choices import UploadSource
from posture.collection.filtersets import UploadFilterSet
from posture.collection.models import Upload
from posture.collection.serializers import UploadFileSerializer, UploadItemSerializer, UploadSerializer
from posture.fleet.write_views import WriteMixin

_KNOWN = ("name", "image", "host")


class UploadViewSet(WriteMixin, ResourceViewSet):
    """Reports of other tools that were sent to us, with what came of each."""

    http_method_names = ["get", "head", "options", "post"]
    permissions: ClassVar[dict[str, str]] = {"GET": "fleet.view", "POST": "reports.send"}
    parser_classes = (MultiPartParser,)
    queryset = Upload.objects.all()
    serializer_class = UploadSerializer
    item_serializer_class = UploadItemSerializer
    filterset_class = UploadFilterSet
    orderings: ClassVar[Orderings] = {
        "-uploaded_at": only("pk", descending=True),
        "uploaded_at": only("pk"),
        "-size_bytes": by("size_bytes", descending=True),
    }
    default_ordering = "-uploaded_at"

    def detailed(self, queryset: QuerySet) -> QuerySet:
        queryset = queryset.select_related("uploaded_by", "about")
        return queryset if self.action in ("retrieve", "create", "cancel") else queryset.defer("skipped")

    def attach(self, rows: list[Any]) -> None:
        for row in rows:
            row.uploaded_by_name = None if row.uploaded_by is None else row.uploaded_by.username

    @extend_schema(
        request={
            "multipart/form-data": UploadFileSerializer,
            "application/octet-stream": {"type": "string", "format": "binary"},
        },
        parameters=[
            OpenApiParameter("name", str, description="Name of the file, when the body is the file itself."),
            OpenApiParameter("image", str, description="Digest or name of the image that it is about."),
            OpenApiParameter("host", int, description="Id of the host that it is about."),
        ],
        responses={
            202: UploadItemSerializer,
            (400, MEDIA_TYPE): OpenApiResponse(
                ProblemSerializer, "The file is empty, or there is no such image."
            ),
            (413, MEDIA_TYPE): OpenApiResponse(ProblemSerializer, "The file is too large."),
        },
    )
    def create(self, request: Request) -> Response:
        """Send a report: as the field `file` of a form, or as the body itself, of any other media type. It is read by a
        worker afterwards; the answer is the upload, to be asked for again until its state says how it ended."""
        only_known(request, *_KNOWN)
        if (request.content_type or "").startswith("multipart/"):
            data = self.valid(UploadFileSerializer(data=request.data))
            file = data["file"]
            chunks, name = file.chunks(), file.name
        else:
            data = {"image": request.query_params.get("image", ""), "host": _number(request, "host")}
            chunks, name = uploads.chunks_of(request._request), request.query_params.get("name", "")
        about = uploads.about_named(self.by(), image=data["image"], host=data["host"])
        with transaction.atomic():
            upload = uploads.accept(chunks, name=name, source=UploadSource.UPLOAD, by=self.by(), about=about)
            transaction.on_commit(lambda: uploads.send(upload, tasks.enqueue_upload))
        return self._shown(upload, 202)

    @extend_schema(operation_id="uploads_cancel", request=None, responses={200: UploadItemSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str | None = None) -> Response:
        """A queued upload ends now, a running one after the image that it reads."""
        return self._shown(uploads.cancel(upload=self.get_object(), by=self.by()), 200)

    def _shown(self, upload: Upload, status: int) -> Response:
        row = self.hydrate([upload.pk])[0]
        return Response(UploadItemSerializer(row).data, status=status)


def _number(request: Request, name: str) -> int | None:
    text = request.query_params.get(name, "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 18):
        raise Problem("This is no id.", errors={name: "A whole number."})
    return int(text) if text else None
