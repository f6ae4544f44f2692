"""Writing nodes and environments: mixed into the resources that read them.

What reaches past the fleet (findings and loads follow a node or an environment) is left to three methods, which the
resource answers with `collection.actions`: lower apps do not know higher ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from posture.accounts.models import User
from posture.fleet import actions
from posture.fleet.models import Environment, Node
from posture.fleet.serializers_write import (
    CredentialSerializer,
    EnvironmentWriteSerializer,
    NodeChangeSerializer,
    NodeWriteSerializer,
)
from scanners.records import Credential

if TYPE_CHECKING:
    from rest_framework.viewsets import GenericViewSet as _View
else:
    _View = object


class WriteMixin(_View):
    """Answers a write with the row as reading it would show it."""

    http_method_names = ["get", "head", "options", "post", "put", "patch", "delete"]

    def by(self) -> User:
        return cast(User, self.request.user)

    def written(self, pk: int, status: int = 200) -> Response:
        self.kwargs[self.lookup_url_kwarg or self.lookup_field] = str(pk)
        return Response(self.get_serializer(self.get_object()).data, status=status)

    @staticmethod
    def valid(serializer: Any) -> dict[str, Any]:
        serializer.is_valid(raise_exception=True)
        return cast(dict[str, Any], serializer.validated_data)


class NodeWriteMixin(WriteMixin):
    """Create, change and remove nodes; pause, resume; replace the credential."""

    permissions: ClassVar[dict[str, str]] = {
        "GET": "fleet.view",
        "POST": "nodes.change",
        "PUT": "nodes.change",
        "PATCH": "nodes.change",
        "DELETE": "nodes.change",
        "pause": "pulls.control",
        "resume": "pulls.control",
    }

    def move(self, node: Node, environment: Environment) -> None:
        """The node's assets, findings and loads follow it: `collection.actions.move_node`."""
        raise NotImplementedError

    def stop_reading_host(self, node: Node) -> None:
        """What only this node read of its host ends: `collection.actions.stop_reading_host`."""
        raise NotImplementedError

    def forget(self, node: Node) -> None:
        """The node goes, with the present of what only it measured: `collection.actions.delete_node`."""
        raise NotImplementedError

    def begin(self, node: Node) -> None:
        """Queues the first pull of a new node: `collection.actions.pull_now`."""
        raise NotImplementedError

    @extend_schema(request=NodeWriteSerializer)
    def create(self, request: Request) -> Response:
        """Register a node. Its first pull is queued at once and is the answer's `last_pull`."""
        data = self.valid(NodeWriteSerializer(data=request.data))
        if "credential" in data:
            data["credential"] = Credential(**data["credential"])
        with transaction.atomic():
            node = actions.create_node(**data, by=self.by())
            self.begin(node)
        return self.written(node.pk, 201)

    @extend_schema(request=NodeChangeSerializer)
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        node = cast(Node, self.get_object())
        data = self.valid(NodeChangeSerializer(data=request.data, partial=True))
        with transaction.atomic():
            # First what is on the host, because a pull locks in this order too, then the node.
            if node.reads_host and data.get("reads_host") is False:
                self.stop_reading_host(node)
            environment = data.get("environment")
            if environment is not None and environment.pk != node.environment_id:
                self.move(node, environment)
            actions.update_node(node=node, **data, by=self.by())
        return self.written(node.pk)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        self.forget(cast(Node, self.get_object()))
        return Response(status=204)

    @extend_schema(request=CredentialSerializer)
    @action(detail=True, methods=["put"])
    def credential(self, request: Request, pk: str | None = None) -> Response:
        """Parts that are not sent stay; a part sent as "" is removed. The node is tried at once."""
        data = self.valid(CredentialSerializer(data=request.data))
        node = actions.rotate_credential(node=cast(Node, self.get_object()), credential=data, by=self.by())
        return self.written(node.pk)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str | None = None) -> Response:
        """No more pulls by schedule, until it is resumed."""
        return self.written(actions.pause_node(node=cast(Node, self.get_object()), by=self.by()).pk)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str | None = None) -> Response:
        """Pulled by schedule again, from now on."""
        return self.written(actions.resume_node(node=cast(Node, self.get_object()), by=self.by()).pk)


class EnvironmentWriteMixin(WriteMixin):
    """Create, change and remove environments."""

    permissions: ClassVar[dict[str, str]] = {
        "GET": "fleet.view",
        "POST": "environments.change",
        "PATCH": "environments.change",
        "DELETE": "environments.change",
    }

    def reweigh(self, environment: Environment) -> None:
        """Points follow the data classes: `collection.actions.reweigh_environment`."""
        raise NotImplementedError

    def judge_images(self) -> None:
        """Verdicts on images follow what is demanded of them: `collection.actions.judge_images`."""
        raise NotImplementedError

    @extend_schema(request=EnvironmentWriteSerializer)
    def create(self, request: Request) -> Response:
        data = self.valid(EnvironmentWriteSerializer(data=request.data))
        return self.written(actions.create_environment(**data, by=self.by()).pk, 201)

    @extend_schema(request=EnvironmentWriteSerializer)
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        environment = Environment.objects.visible_to(self.by()).get(pk=self.get_object().pk)
        data = self.valid(EnvironmentWriteSerializer(data=request.data, partial=True))
        with transaction.atomic():
            changed = actions.update_environment(environment=environment, **data, by=self.by())
            if changed.data_classes != environment.data_classes:
                self.reweigh(changed)
            self.judge_images()
        return self.written(environment.pk)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        actions.delete_environment(environment=self.get_object(), by=self.by())
        return Response(status=204)
