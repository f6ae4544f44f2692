"""/api/v1/: one line per resource."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from posture.accounts.saved_views import SavedViewViewSet
from posture.accounts.views import MeView, MyPasswordView, SessionView, TokenViewSet, UserViewSet
from posture.api_docs import DocsView, SchemaView
from posture.collection.overview_views import FreshnessView, MetaView, SearchView
from posture.collection.scan_views import ScanNowView
from posture.collection.views import EnrolView, EnvironmentViewSet, NodeViewSet, PullViewSet
from posture.compliance.views import CheckResultViewSet, CheckViewSet
from posture.defences.views import (
    ContainerMatrixViewSet,
    DefenceViewSet,
    HostMatrixViewSet,
    MechanismsView,
)
from posture.fleet.choices import AssetKind
from posture.fleet.enrolment_views import EnrolmentTokenViewSet
from posture.fleet.probe_views import ContainerProbeView, HostPackagesView, HostProbeView
from posture.fleet.views import ContainerViewSet, HostViewSet
from posture.history.views import HistoryViewSet
from posture.risk.views import AssetLedgerView, EnvironmentLedgerView, FindingViewSet
from posture.vulnerabilities.views import ImageViewSet, SbomView, ScansView

router = SimpleRouter(trailing_slash=False)
router.register("environments", EnvironmentViewSet, basename="environments")
router.register("nodes", NodeViewSet, basename="nodes")
router.register("enrolment-tokens", EnrolmentTokenViewSet, basename="enrolment-tokens")
router.register("pulls", PullViewSet, basename="pulls")
router.register("hosts", HostViewSet, basename="hosts")
router.register("containers", ContainerViewSet, basename="containers")
router.register("images", ImageViewSet, basename="images")
router.register("defences", DefenceViewSet, basename="defences")
router.register("host-defences", HostMatrixViewSet, basename="host-defences")
router.register("container-defences", ContainerMatrixViewSet, basename="container-defences")
router.register("checks", CheckViewSet, basename="checks")
router.register("check-results", CheckResultViewSet, basename="check-results")
router.register("findings", FindingViewSet, basename="findings")
router.register("tokens", TokenViewSet, basename="tokens")
router.register("users", UserViewSet, basename="users")
router.register("views", SavedViewViewSet, basename="views")
router.register("history", HistoryViewSet, basename="history")

urlpatterns = [
    path("session", SessionView.as_view()),
    path("me", MeView.as_view()),
    path("me/password", MyPasswordView.as_view()),
    path("enrol", EnrolView.as_view()),
    path("meta", MetaView.as_view()),
    path("freshness", FreshnessView.as_view()),
    path("search", SearchView.as_view()),
    path("hosts/<int:pk>/ledger", AssetLedgerView.as_view(kind=AssetKind.HOST)),
    path("containers/<int:pk>/ledger", AssetLedgerView.as_view(kind=AssetKind.CONTAINER)),
    path("images/<int:pk>/ledger", AssetLedgerView.as_view(kind=AssetKind.IMAGE)),
    path("images/<int:pk>/scan", ScanNowView.as_view()),
    path("images/<int:pk>/scans", ScansView.as_view()),
    path("images/<int:pk>/sbom", SbomView.as_view()),
    path("environments/<int:pk>/ledger", EnvironmentLedgerView.as_view()),
    path("hosts/<int:pk>/probe", HostProbeView.as_view()),
    path("hosts/<int:pk>/packages", HostPackagesView.as_view()),
    path("containers/<int:pk>/probe", ContainerProbeView.as_view()),
    path("mechanisms", MechanismsView.as_view()),
    path("schema", SchemaView.as_view()),
    path("docs", DocsView.as_view()),
    *router.urls,
]
