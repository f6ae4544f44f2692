"""Webhooks, digests, reminders, and what was told."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.conf import settings
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from posture.accounts.models import User
from posture.base.ordering import Orderings, by, only
from posture.base.parameters import only_known
from posture.base.views import ResourceViewSet, with_etag
from posture.fleet.write_views import WriteMixin
from posture.integrations import actions, ladder, outbox, serializers
from posture.integrations.choices import MessageState
from posture.integrations.filtersets import DigestFilterSet, MessageFilterSet, WebhookFilterSet
from posture.integrations.models import Digest, Ladder, Message, Webhook


class WebhookViewSet(WriteMixin, ResourceViewSet):
    """Programs that are told by themselves."""

    http_method_names = ["get", "head", "options", "post", "patch", "delete"]
    permissions = "notifications.change"
    queryset = Webhook.objects.all()
    serializer_class = serializers.WebhookSerializer
    filterset_class = WebhookFilterSet
    orderings: ClassVar[Orderings] = {"name": by("name"), "-name": by("name", descending=True)}
    default_ordering = "name"

    def detailed(self, queryset: QuerySet) -> QuerySet:
        newest = Message.objects.filter(webhook=OuterRef("pk")).exclude(attempts=0).order_by("-pk")
        sent = Message.objects.filter(webhook=OuterRef("pk"), sent_at__isnull=False).order_by("-sent_at")
        return queryset.select_related("environment").annotate(
            last_error=Subquery(newest.values("error")[:1]), last_sent_at=Subquery(sent.values("sent_at")[:1])
        )

    def attach(self, rows: list[Any]) -> None:
        for row in rows:
            row.last_error = row.last_error or ""

    def given(self, partial: bool = False) -> dict[str, Any]:
        return self.valid(
            serializers.WebhookWriteSerializer(
                data=self.request.data, partial=partial, context={"user": self.user}
            )
        )

    @extend_schema(
        request=serializers.WebhookWriteSerializer, responses={201: serializers.WebhookCreatedSerializer}
    )
    def create(self, request: Request) -> Response:
        webhook, key = actions.create_webhook(**self.given(), by=self.by())
        told = self.written(webhook.pk, 201)
        return Response({**told.data, "key": key}, status=201)

    @extend_schema(request=serializers.WebhookWriteSerializer, responses=serializers.WebhookSerializer)
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        webhook = actions.change_webhook(webhook=self.get_object(), **self.given(partial=True), by=self.by())
        return self.written(webhook.pk)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        """Its digests, and what waits for it, go with it."""
        actions.delete_webhook(webhook=self.get_object(), by=self.by())
        return Response(status=204)

    @extend_schema(
        operation_id="webhooks_key", request=None, responses={200: serializers.WebhookKeySerializer}
    )
    @action(detail=True, methods=["post"])
    def key(self, request: Request, pk: str | None = None) -> Response:
        """Make a new key, which holds from now on."""
        return Response({"key": actions.renew_key(webhook=self.get_object(), by=self.by())})

    @extend_schema(
        operation_id="webhooks_test", request=None, responses={202: serializers.MessageItemSerializer}
    )
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str | None = None) -> Response:
        """Send it a message that means nothing."""
        message = actions.send_test(by=self.by(), at=timezone.now(), webhook=self.get_object())
        return Response(serializers.MessageItemSerializer(message).data, status=202)


class DigestViewSet(WriteMixin, ResourceViewSet):
    """Today, sent at set times: one's own digests, and everybody's for who manages notifications."""

    http_method_names = ["get", "head", "options", "post", "patch", "delete"]
    permissions = "fleet.view"
    queryset = Digest.objects.all()
    serializer_class = serializers.DigestSerializer
    filterset_class = DigestFilterSet
    orderings: ClassVar[Orderings] = {"id": only("pk"), "-id": only("pk", descending=True)}
    default_ordering = "id"

    def detailed(self, queryset: QuerySet) -> QuerySet:
        return queryset.select_related("owner", "webhook", "environment")

    def given(self, partial: bool = False) -> dict[str, Any]:
        return self.valid(
            serializers.DigestWriteSerializer(
                data=self.request.data, partial=partial, context={"user": self.user}
            )
        )

    @extend_schema(request=serializers.DigestWriteSerializer, responses={201: serializers.DigestSerializer})
    def create(self, request: Request) -> Response:
        digest = actions.save_digest(
            digest=Digest(owner=self.by()), **self.given(), by=self.by(), at=timezone.now()
        )
        return self.written(digest.pk, 201)

    @extend_schema(request=serializers.DigestWriteSerializer, responses=serializers.DigestSerializer)
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        """The owner's alone."""
        digest = actions.save_digest(
            digest=self.get_object(), **self.given(partial=True), by=self.by(), at=timezone.now()
        )
        return self.written(digest.pk)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        actions.delete_digest(digest=self.get_object(), by=self.by())
        return Response(status=204)


class MessageViewSet(WriteMixin, ResourceViewSet):
    """What was told, or could not be, in the last 30 days: to the asker, or to everybody for who may know."""

    http_method_names = ["get", "head", "options", "post"]
    permissions: ClassVar[dict[str, str]] = {
        "GET": "fleet.view",
        "POST": "notifications.change",
        "test": "fleet.view",
    }
    queryset = Message.objects.all()
    serializer_class = serializers.MessageSerializer
    item_serializer_class = serializers.MessageItemSerializer
    filterset_class = MessageFilterSet
    orderings: ClassVar[Orderings] = {
        "-created_at": by("created_at", descending=True),
        "created_at": by("created_at"),
    }
    default_ordering = "-created_at"

    def detailed(self, queryset: QuerySet) -> QuerySet:
        rows = queryset.select_related("person", "webhook").defer("data")
        return rows if self.action == "retrieve" else rows.defer("text")

    @extend_schema(
        operation_id="messages_retry", request=None, responses={200: serializers.MessageSerializer}
    )
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str | None = None) -> Response:
        """Send it now, also when it was given up."""
        message = self.get_object()
        outbox.retry(message=message, by=self.by(), at=timezone.now())
        return self.written(message.pk)

    @extend_schema(
        operation_id="messages_test", request=None, responses={202: serializers.MessageItemSerializer}
    )
    @action(detail=False, methods=["post"])
    def test(self, request: Request) -> Response:
        """Send the asker a message that means nothing."""
        message = actions.send_test(by=self.by(), at=timezone.now())
        return Response(serializers.MessageItemSerializer(message).data, status=202)


class RemindersView(APIView):
    """When whom is reminded of findings that are due."""

    permissions: ClassVar[dict[str, str]] = {"GET": "fleet.view", "PUT": "notifications.change"}

    @extend_schema(operation_id="reminders", responses=serializers.RemindersSerializer)
    def get(self, request: Request) -> Response:
        only_known(request)
        return with_etag(request, Response(shown(actions.ladder())))

    @extend_schema(
        operation_id="reminders_set",
        request=serializers.RemindersWriteSerializer,
        responses=serializers.RemindersSerializer,
    )
    def put(self, request: Request) -> Response:
        """What is not named stays as it is."""
        given = serializers.RemindersWriteSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        changed = actions.set_ladder(
            by=cast(User, request.user), at=timezone.now(), **cast(dict[str, Any], given.validated_data)
        )
        return Response(shown(changed))


def shown(of: Ladder) -> Any:
    of.next_at = ladder.next_walk(of)  # type: ignore[attr-defined]
    return serializers.RemindersSerializer(of).data


class NotificationsView(APIView):
    """Whether anything can be told, and what could not be."""

    permissions: ClassVar[dict[str, str]] = {"GET": "fleet.view"}

    @extend_schema(operation_id="notifications", responses=serializers.NotificationsSerializer)
    def get(self, request: Request) -> Response:
        only_known(request)
        user, server = cast(User, request.user), settings.MAIL_SERVER
        numbers = Message.objects.visible_to(user).aggregate(
            waiting=Count("pk", filter=Q(state=MessageState.WAITING)),
            failed=Count("pk", filter=Q(state=MessageState.FAILED)),
        )
        unreached = User.objects.filter(is_active=True, email="")
        return with_etag(
            request,
            Response(
                {
                    "mail_server": None
                    if server is None
                    else {
                        "host": server.host,
                        "sender": server.sender,
                        "is_encrypted": server.security != "none",
                    },
                    "url": settings.PUBLIC_URL,
                    "people_without_address": unreached.count() if user.may("users.view") else None,
                    **numbers,
                }
            ),
        )
