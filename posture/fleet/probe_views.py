"""What the host probe said of one host or container, at any moment: evidence, read part by part."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from posture.accounts.models import User
from posture.base.moments import parse_moment
from posture.base.parameters import AS_OF, only_known
from posture.base.views import with_etag
from posture.fleet import ingest, serializers
from posture.fleet.models import ContainerProbe, HostProbe, LoadedFiles


class ProbeView(APIView):
    """The newest word of the probe, or the one that was true at `as_of`; 404 when no probe reads the asset."""

    permissions: ClassVar[dict[str, str]] = {"GET": "fleet.view"}
    model: ClassVar[Any]
    related: ClassVar[tuple[str, ...]]

    def found(self, request: Request, pk: int) -> Any:
        only_known(request, "as_of")
        moment = parse_moment(request.query_params.get("as_of"))
        rows = self.model.objects.visible_to(cast(User, request.user)).as_of(moment).filter(asset=pk)
        row = rows.select_related(*self.related).first()
        if row is None:
            raise Http404
        row.document = ingest.read_document(row.fingerprint)
        reasons = (row.document or {}).get("not_measured") or {}
        row.reasons = [{"pointer": at, "reason": reasons[at]} for at in sorted(reasons)]
        return row


class HostProbeView(ProbeView):
    """What the probe said of a host: its kernel, its services and files; without its packages and containers."""

    model = HostProbe
    related = ("node",)

    @extend_schema(parameters=[AS_OF], responses=serializers.HostProbeSerializer)
    def get(self, request: Request, pk: int) -> Response:
        row = self.found(request, pk)
        row.skipped = (row.document or {}).get("skipped") or []
        packages = (row.document or {}).get("packages") or {}
        row.package_figures = {"manager": packages.get("manager"), "count": packages.get("count")}
        return with_etag(request, Response(serializers.HostProbeSerializer(row).data))


class HostPackagesView(ProbeView):
    """The operating system's packages on a host."""

    model = HostProbe
    related = ()

    @extend_schema(parameters=[AS_OF], responses=serializers.HostPackageSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        row = self.found(request, pk)
        document = ingest.read_document(row.packages_fingerprint) or {}
        names = ("name", "version", "architecture", "source")
        rows = [dict(zip(names, package, strict=False)) for package in document.get("installed") or ()]
        return with_etag(request, Response(serializers.HostPackageSerializer(rows, many=True).data))


class ContainerProbeView(ProbeView):
    """What the probe said of a container: its process as the kernel confines it, its bundle, what it has loaded."""

    model = ContainerProbe
    related = ("host",)

    @extend_schema(parameters=[AS_OF], responses=serializers.ContainerProbeSerializer)
    def get(self, request: Request, pk: int) -> Response:
        row = self.found(request, pk)
        row.loaded = LoadedFiles.objects.filter(pk=pk).first()
        return with_etag(request, Response(serializers.ContainerProbeSerializer(row).data))
