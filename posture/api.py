"""/api/v1/: one line per resource."""

from __future__ import annotations

from django.urls import URLPattern, path
from rest_framework.routers import SimpleRouter

from posture.accounts.saved_views import SavedViewViewSet
from posture.accounts.teams import TeamViewSet
from posture.accounts.views import MeView, MyPasswordView, SessionView, TokenViewSet, UserViewSet
from posture.api_docs import DocsView, SchemaView
from posture.collection.digest_views import DigestViewSet
from posture.collection.feed_views import FeedViewSet
from posture.collection.gate_views import GateView
from posture.collection.overview_views import FreshnessView, MetaView, SearchView
from posture.collection.scan_views import ScanNowView
from posture.collection.upload_views import UploadViewSet
from posture.collection.views import (
    EnrolView,
    EnvironmentViewSet,
    NodeViewSet,
    PullViewSet,
    TrustedSignerViewSet,
)
from posture.compliance.views import CheckResultViewSet, CheckViewSet
from posture.decisions.owner_views import OwnerRuleViewSet
from posture.decisions.vex_views import VexView
from posture.decisions.views import ChangeViewSet, DeadlinesView, DecisionViewSet, FindingViewSet
from posture.defences.views import (
    ContainerMatrixViewSet,
    DefenceViewSet,
    HostMatrixViewSet,
    MechanismsView,
)
from posture.findings.affected_views import AffectedView
from posture.findings.image_documents import SarifView
from posture.findings.image_views import (
    ImageBuildView,
    ImagePackageViewSet,
    ImageViewSet,
    ImageWordViewSet,
    InsideImageViewSet,
)
from posture.findings.package_views import PackageViewSet
from posture.findings.vulnerability_views import VulnerabilityViewSet
from posture.fleet.choices import AssetKind
from posture.fleet.enrolment_views import EnrolmentTokenViewSet
from posture.fleet.probe_views import ContainerProbeView, HostPackagesView, HostProbeView
from posture.fleet.views import ContainerViewSet, HostViewSet
from posture.gate.views import GateDecisionViewSet, GatePolicyViewSet
from posture.history.views import HistoryViewSet
from posture.images.signer_views import ImageSignaturesView
from posture.integrations.views import MessageViewSet, NotificationsView, RemindersView, WebhookViewSet
from posture.risk.action_views import ActionsView, WhatIfView
from posture.risk.views import AssetLedgerView, EnvironmentLedgerView
from posture.trends.views import (
    AnnotationsView,
    BurnDownView,
    ChangedViewSet,
    ChangesView,
    RemediationView,
    TrendView,
)
from posture.vulnerabilities.views import SbomView, ScansView

router = SimpleRouter(trailing_slash=False)
router.register("environments", EnvironmentViewSet, basename="environments")
router.register("nodes", NodeViewSet, basename="nodes")
router.register("enrolment-tokens", EnrolmentTokenViewSet, basename="enrolment-tokens")
router.register("pulls", PullViewSet, basename="pulls")
router.register("hosts", HostViewSet, basename="hosts")
router.register("containers", ContainerViewSet, basename="containers")
router.register("images", ImageViewSet, basename="images")
router.register("trusted-signers", TrustedSignerViewSet, basename="trusted-signers")
router.register("defences", DefenceViewSet, basename="defences")
router.register("host-defences", HostMatrixViewSet, basename="host-defences")
router.register("container-defences", ContainerMatrixViewSet, basename="container-defences")
router.register("checks", CheckViewSet, basename="checks")
router.register("check-results", CheckResultViewSet, basename="check-results")
router.register("packages", PackageViewSet, basename="packages")
router.register("vulnerabilities", VulnerabilityViewSet, basename="vulnerabilities")
router.register("findings", FindingViewSet, basename="findings")
router.register("finding-changes", ChangeViewSet, basename="finding-changes")
router.register("decisions", DecisionViewSet, basename="decisions")
router.register("uploads", UploadViewSet, basename="uploads")
router.register("feeds", FeedViewSet, basename="feeds")
router.register("gate-policies", GatePolicyViewSet, basename="gate-policies")
router.register("gate-decisions", GateDecisionViewSet, basename="gate-decisions")
router.register("tokens", TokenViewSet, basename="tokens")
router.register("users", UserViewSet, basename="users")
router.register("teams", TeamViewSet, basename="teams")
router.register("owner-rules", OwnerRuleViewSet, basename="owner-rules")
router.register("webhooks", WebhookViewSet, basename="webhooks")
router.register("digests", DigestViewSet, basename="digests")
router.register("messages", MessageViewSet, basename="messages")
router.register("views", SavedViewViewSet, basename="views")
router.register("history", HistoryViewSet, basename="history")


def inside_image(name: str, view: type[InsideImageViewSet]) -> list[URLPattern]:
    """A list of what is inside one image, with its facets and export."""
    return [
        path(f"images/<int:image>/{name}{end}", view.as_view({"get": action}))
        for end, action in (("", "list"), ("/facets", "facets"), ("/export", "export"))
    ]


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
    path("images/<int:pk>/signatures", ImageSignaturesView.as_view()),
    path("images/<int:pk>/scan", ScanNowView.as_view()),
    path("images/<int:pk>/scans", ScansView.as_view()),
    path("images/<int:pk>/sbom", SbomView.as_view()),
    path("images/<int:pk>/vex", VexView.as_view()),
    path("images/<int:pk>/sarif", SarifView.as_view()),
    path("images/<int:pk>/build", ImageBuildView.as_view()),
    *inside_image("packages", ImagePackageViewSet),
    *inside_image("words", ImageWordViewSet),
    path("environments/<int:pk>/ledger", EnvironmentLedgerView.as_view()),
    path("environments/<int:pk>/deadlines", DeadlinesView.as_view()),
    path("hosts/<int:pk>/probe", HostProbeView.as_view()),
    path("hosts/<int:pk>/packages", HostPackagesView.as_view()),
    path("containers/<int:pk>/probe", ContainerProbeView.as_view()),
    path("gate", GateView.as_view()),
    path("affected", AffectedView.as_view()),
    path("actions", ActionsView.as_view()),
    path("what-if", WhatIfView.as_view()),
    path("trends", TrendView.as_view()),
    path("remediation", RemediationView.as_view()),
    path("burn-down", BurnDownView.as_view()),
    path("annotations", AnnotationsView.as_view()),
    path("changes", ChangesView.as_view()),
    path("changes/<str:what>", ChangedViewSet.as_view({"get": "list"}, basename="changes")),
    path("changes/<str:what>/export", ChangedViewSet.as_view({"get": "export"}, basename="changes")),
    path("notifications", NotificationsView.as_view()),
    path("reminders", RemindersView.as_view()),
    path("mechanisms", MechanismsView.as_view()),
    path("schema", SchemaView.as_view()),
    path("docs", DocsView.as_view()),
    *router.urls,
]
