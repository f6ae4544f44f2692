"""Environments with their loads, ledgers, and findings with their share of a load."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, cast

from django.db.models import Q
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from posture.accounts.models import User
from posture.base.filtersets import FilterSet
from posture.base.moments import parse_moment
from posture.base.ordering import only
from posture.base.parameters import AS_OF, only_known
from posture.base.views import ResourceViewSet, with_etag
from posture.findings import views as findings
from posture.findings.models import Finding
from posture.fleet import figures, filtersets
from posture.fleet.choices import AssetKind
from posture.fleet.models import Asset, Environment
from posture.fleet.serializers import EnvironmentSerializer
from posture.risk import ledger
from posture.risk.environments import environment_figures
from posture.risk.serializers import EnvironmentLedgerSerializer, LedgerSerializer


class EnvironmentViewSet(ResourceViewSet):
    """Environments: what is under one owner's tolerance, and how loaded it is."""

    queryset = Environment.objects.all()
    serializer_class = EnvironmentSerializer
    filterset_class: ClassVar[type[FilterSet]] = filtersets.EnvironmentFilterSet
    supports_as_of = True
    orderings = {"name": only("name"), "-name": only("name", descending=True)}
    default_ordering = "name"

    def attach(self, rows: list[Any]) -> None:
        told = environment_figures(rows, self.moment)
        then = figures.settings_then([row.pk for row in rows], self.moment) if self.moment else {}
        for row in rows:
            for name, value in (then.get(row.pk, {}) | told[row.pk]).items():
                setattr(row, name, value)


class FindingViewSet(findings.FindingViewSet):
    def factors_of(self, row: Finding) -> list[dict[str, Any]]:
        return ledger.factors_of(row)

    def share_of(self, row: Finding) -> dict[str, Any] | None:
        """Shares are of the present: what is resolved, or asked as of a past moment, has none."""
        if self.moment is not None or row.closed_at is not None:
            return None
        of = row.asset.host if row.asset.kind == AssetKind.CONTAINER and row.asset.host else row.asset
        return {"of": of, "load": of.load, "share": ledger.share_of(row, of)}


class LedgerView(APIView):
    """The lines that a load is the sum of, worst first, and the evidence that is missing."""

    permissions: ClassVar[dict[str, str]] = {"GET": "fleet.view"}

    def moment(self, request: Request) -> datetime | None:
        only_known(request, "as_of")
        return parse_moment(request.query_params.get("as_of"))


class AssetLedgerView(LedgerView):
    """Of a host, container or image; `kind` is given by the route."""

    kind: AssetKind = AssetKind.HOST

    @extend_schema(parameters=[AS_OF], responses=LedgerSerializer)
    def get(self, request: Request, pk: int) -> Response:
        moment = self.moment(request)
        visible = Asset.objects.visible_to(cast(User, request.user)).filter(Q(pk=pk, kind=self.kind))
        asset = visible.select_related("environment").first()
        if asset is None:
            raise Http404
        return with_etag(request, Response(ledger.of_asset(asset, moment)))


class EnvironmentLedgerView(LedgerView):
    @extend_schema(parameters=[AS_OF], responses=EnvironmentLedgerSerializer)
    def get(self, request: Request, pk: int) -> Response:
        moment = self.moment(request)
        environment = Environment.objects.visible_to(cast(User, request.user)).filter(pk=pk).first()
        if environment is None:
            raise Http404
        return with_etag(request, Response(ledger.of_environment(environment, moment)))
