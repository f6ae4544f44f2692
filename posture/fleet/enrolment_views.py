"""Enrolment tokens: made, listed and revoked here. What a host does with one is `collection.views.EnrolView`."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from posture.base.ordering import Orderings, only
from posture.base.problems import Invalid
from posture.base.views import ResourceViewSet
from posture.fleet import enrolment
from posture.fleet.filtersets import EnrolmentTokenFilterSet
from posture.fleet.models import EnrolmentToken, Environment, Node
from posture.fleet.serializers import EnrolmentTokenSerializer, NewEnrolmentTokenSerializer
from posture.fleet.serializers_write import EnrolmentTokenWriteSerializer
from posture.fleet.write_views import WriteMixin


class EnrolmentTokenViewSet(WriteMixin, ResourceViewSet):
    """Tokens with which a host registers itself: each for one host and one environment. A removed one is revoked."""

    http_method_names = ["get", "head", "options", "post", "delete"]
    permissions: ClassVar[dict[str, str]] = {
        "GET": "fleet.view",
        "POST": "nodes.change",
        "DELETE": "nodes.change",
    }
    queryset = EnrolmentToken.objects.all()
    serializer_class = EnrolmentTokenSerializer
    filterset_class = EnrolmentTokenFilterSet
    orderings: ClassVar[Orderings] = {"-created_at": only("pk", descending=True), "created_at": only("pk")}
    default_ordering = "-created_at"

    def detailed(self, queryset: QuerySet) -> QuerySet:
        return queryset.select_related("environment", "created_by")

    def attach(self, rows: list[Any]) -> None:
        # A node may have moved since, to where the asker sees nothing.
        made = [row.node_id for row in rows if row.node_id is not None]
        nodes = Node.objects.visible_to(self.user).only("pk", "name").in_bulk(made) if made else {}
        for row in rows:
            row.node_figures = nodes.get(row.node_id)

    @extend_schema(request=EnrolmentTokenWriteSerializer, responses={201: NewEnrolmentTokenSerializer})
    def create(self, request: Request) -> Response:
        """The answer holds the token's text, which is never shown again."""
        data = self.valid(
            EnrolmentTokenWriteSerializer(data=request.data, context=self.get_serializer_context())
        )
        self._check_reach(request, data)
        token, text = enrolment.create_token(**data, by=self.by())
        row = self.hydrate([token.pk])[0]
        row.token = text
        return Response(
            NewEnrolmentTokenSerializer(row).data, status=201, headers={"Cache-Control": "no-store"}
        )

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        """The token is revoked, and stays in the list as such."""
        enrolment.revoke_token(token=self.get_object(), by=self.by())
        return Response(status=204)

    def _check_reach(self, request: Request, data: dict[str, Any]) -> None:
        """Nobody makes a token for what they do not see, and no API token one that outlives it."""
        environment: Environment = data["environment"]
        if not Environment.objects.visible_to(self.user).filter(pk=environment.pk).exists():
            raise Invalid(
                "This enrolment token cannot be created.",
                errors={"environment": "There is no such environment, or none that you may see."},
            )
        end = getattr(request.auth, "expires_at", None)
        if end is not None:
            left = int((end - timezone.now()).total_seconds())
            if data["expires_in_seconds"] > left:
                raise Invalid(
                    "An API token cannot make an enrolment token that outlives it.",
                    errors={"expires_in_seconds": f"At most {max(left, 0)} seconds."},
                )
