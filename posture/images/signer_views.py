"""Trusted signers, and what they make of an image's signatures."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from posture.accounts.models import User
from posture.base.moments import parse_moment
from posture.base.ordering import Orderings, only
from posture.base.problems import Invalid, NotAllowed
from posture.base.views import ResourceViewSet, with_etag
from posture.fleet.models import Environment, Node
from posture.fleet.write_views import WriteMixin
from posture.images import actions
from posture.images.choices import SignatureOutcome
from posture.images.filtersets import TrustedSignerFilterSet
from posture.images.models import ImageEvidence, ImageSignature, TrustedSigner
from posture.images.of_image import OfImageView
from posture.images.signer_serializers import (
    ImageSignaturesSerializer,
    TrustedSignerSerializer,
    TrustedSignerWriteSerializer,
)

_ORDER = [outcome.value for outcome in SignatureOutcome]  # the best first
_NOT_MEASURED = "no registry node has looked for signatures of it"


class TrustedSignerViewSet(WriteMixin, ResourceViewSet):
    """Whom to believe when images are signed: in one environment, or in every one."""

    http_method_names = ["get", "head", "options", "post", "patch", "delete"]
    permissions: ClassVar[dict[str, str]] = {
        "GET": "fleet.view",
        "POST": "environments.change",
        "PATCH": "environments.change",
        "DELETE": "environments.change",
    }
    queryset = TrustedSigner.objects.all()
    serializer_class = TrustedSignerSerializer
    filterset_class = TrustedSignerFilterSet
    orderings: ClassVar[Orderings] = {"name": only("name"), "-name": only("name", descending=True)}
    default_ordering = "name"

    def judge_images(self) -> None:
        """Verdicts on images follow whom we trust: `collection.actions.judge_images`."""
        raise NotImplementedError

    def detailed(self, queryset: QuerySet) -> QuerySet:
        return queryset.select_related("environment")

    @extend_schema(request=TrustedSignerWriteSerializer, responses={201: TrustedSignerSerializer})
    def create(self, request: Request) -> Response:
        """Trust somebody. Images are judged again at once, without being pulled."""
        data = self.valid(TrustedSignerWriteSerializer(data=request.data))
        self._check_reach(data.get("environment"))
        signer = actions.create_signer(**data, by=self.by())
        self.judge_images()
        return self.written(signer.pk, 201)

    @extend_schema(request=TrustedSignerWriteSerializer, responses=TrustedSignerSerializer)
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        signer = cast(TrustedSigner, self.get_object())
        self._check_own(signer)
        data = self.valid(TrustedSignerWriteSerializer(data=request.data, partial=True))
        if "environment" in data:
            self._check_reach(data["environment"])
        actions.update_signer(signer=signer, **data, by=self.by())
        self.judge_images()
        return self.written(signer.pk)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        """Trust it no longer."""
        signer = cast(TrustedSigner, self.get_object())
        self._check_own(signer)
        actions.delete_signer(signer=signer, by=self.by())
        self.judge_images()
        return Response(status=204)

    def _check_own(self, signer: TrustedSigner) -> None:
        if signer.environment_id is None and self.by().environment_ids() is not None:
            raise NotAllowed("Who is trusted in every environment is decided by those who see every one.")

    def _check_reach(self, environment: Environment | None) -> None:
        """Nobody decides whom other people's environments trust."""
        ids = self.by().environment_ids()
        if ids is None or (environment is not None and environment.pk in ids):
            return
        said = "There is no such environment, or none that you may see."
        if environment is None:
            said = "Choose an environment that you may see."
        raise Invalid("Not accepted: environment.", errors={"environment": said})


class ImageSignaturesView(OfImageView):
    """Who signed an image, whether that is trusted, and how it is said to have been built."""

    @extend_schema(
        parameters=[OpenApiParameter("as_of", str, description="Show what was true at this past moment.")],
        responses=ImageSignaturesSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        self.image(request, pk, "as_of")
        user = cast(User, request.user)
        moment = parse_moment(request.query_params.get("as_of"))
        rows = list(
            ImageSignature.objects.as_of(moment)
            .visible_to(user)
            .filter(image=pk)
            .select_related("environment")
            .order_by("environment__name", "pk")
        )
        sources = self._sources(user, ImageEvidence.objects.as_of(moment).filter(image=pk).order_by("pk"))
        # Where some environment holds the image, what holds everywhere else is beside the point.
        deciding = [row for row in rows if row.environment_id is not None] or rows
        worst = max(deciding, key=lambda row: _ORDER.index(row.outcome), default=None)
        answer = {
            "outcome": worst.outcome if worst else SignatureOutcome.NOT_MEASURED,
            "reason": worst.reason if worst else _NOT_MEASURED,
            "environments": rows,
            "sources": sources,
        }
        return with_etag(request, Response(ImageSignaturesSerializer(answer).data))

    @staticmethod
    def _sources(user: User, evidence: QuerySet[ImageEvidence]) -> list[dict[str, Any]]:
        rows = list(evidence)
        ids = [row.node_id for row in rows if row.node_id is not None]
        read = dict(Node.objects.filter(pk__in=ids).values_list("pk", "last_success_at"))
        nodes = Node.objects.visible_to(user).only("pk", "name").in_bulk(ids)
        return [
            {
                "node": nodes.get(row.node_id or 0),
                "known_as": row.known_as,
                "problem": row.problem,
                "opened_at": row.opened_at,
                "checked_at": read.get(row.node_id or 0),
            }
            for row in rows
        ]
