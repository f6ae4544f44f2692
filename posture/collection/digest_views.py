"""Digests, with one more verb: sent now. It is here because what a digest says is gathered here."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from posture.base.problems import NotAllowed
from posture.collection import digests
from posture.integrations import serializers, views
from posture.integrations.digests import is_allowed
from posture.integrations.models import Digest


class DigestViewSet(views.DigestViewSet):
    """Today, sent at set times: one's own digests, and everybody's for who manages notifications."""

    @extend_schema(
        operation_id="digests_send", request=None, responses={202: serializers.MessageItemSerializer}
    )
    @action(detail=True, methods=["post"])
    def send(self, request: Request, pk: str | None = None) -> Response:
        """Send it now, beside its times: the owner's alone, because it says what the owner may see."""
        digest: Digest = self.get_object()
        if digest.owner_id != self.user.pk:
            raise NotAllowed("This digest is somebody else's.", code="not_yours")
        if not is_allowed(digest):
            raise NotAllowed(
                "This digest may not be sent any more: its webhook is off, or you may not have it.",
                code="digest_refused",
                hint="Turn the webhook on, remove the digest, or ask for the role.",
            )
        message = digests.write(digest, timezone.now())
        return Response(serializers.MessageItemSerializer(message).data, status=202)
