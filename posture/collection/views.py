"""Nodes, pulls and environments with what people do to them: the resources that the API serves."""

from __future__ import annotations

import logging
from typing import Any, ClassVar, cast

from django.db import transaction
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError as Invalid
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from posture.accounts import attempts
from posture.base import context
from posture.base.permissions import PUBLIC
from posture.base.problems import MEDIA_TYPE as PROBLEM
from posture.base.problems import Problem
from posture.base.serializers import ProblemSerializer
from posture.collection import actions
from posture.collection.serializers import (
    MAX_BULK,
    AddressSerializer,
    BulkAnswerSerializer,
    BulkSerializer,
    ConnectionSerializer,
    ConnectionTestSerializer,
    ScannedHostKeySerializer,
)
from posture.fleet import actions as fleet_actions
from posture.fleet import views as fleet
from posture.fleet.choices import PullTrigger
from posture.fleet.filtersets import NodeFilterSet
from posture.fleet.models import Environment, Node, Pull
from posture.fleet.serializers import EnrolledSerializer, NodeRefSerializer, PullItemSerializer
from posture.fleet.serializers_write import EnrolSerializer
from posture.fleet.write_views import EnvironmentWriteMixin, NodeWriteMixin, WriteMixin
from posture.images import signer_views as images
from posture.risk import views as risk
from scanners.records import Credential, NodeError

log = logging.getLogger(__name__)

ENROL_BYTES = 64 * 1024


class EnvironmentViewSet(EnvironmentWriteMixin, risk.EnvironmentViewSet):
    """Environments: what is under one owner's tolerance, and how loaded it is."""

    def reweigh(self, environment: Environment) -> None:
        actions.reweigh_environment(environment=environment)

    def judge_images(self) -> None:
        actions.judge_images()


class NodeViewSet(NodeWriteMixin, fleet.NodeViewSet):
    """Nodes: what workers pull from. Credentials are written, never read."""

    permissions: ClassVar[dict[str, str]] = {
        **NodeWriteMixin.permissions,
        "pull": "pulls.control",
        "bulk": "pulls.control",
        "test": "pulls.control",
    }

    def move(self, node: Node, environment: Environment) -> None:
        actions.move_node(node=node, environment=environment)

    def stop_reading_host(self, node: Node) -> None:
        actions.stop_reading_host(node=node, by=self.by())

    def begin(self, node: Node) -> None:
        actions.pull_now(node=node, by=self.by(), trigger=PullTrigger.REGISTRATION)

    def forget(self, node: Node) -> None:
        actions.delete_node(node=node, by=self.by())

    @extend_schema(
        operation_id="nodes_test_new", request=ConnectionSerializer, responses={200: ConnectionTestSerializer}
    )
    @action(detail=False, methods=["post"], url_path="test")
    def test_new(self, request: Request) -> Response:
        """Try an address and credential without storing anything."""
        data = self.valid(ConnectionSerializer(data=request.data))
        credential = Credential(**data.get("credential", {}))
        return Response(actions.test_connection(**{**data, "credential": credential}))

    @extend_schema(operation_id="nodes_test", request=None, responses={200: ConnectionTestSerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str | None = None) -> Response:
        """Try the node with its stored credential; nothing is stored."""
        return Response(actions.test_node(node=cast(Node, self.get_object())))

    @extend_schema(
        operation_id="nodes_host_key", request=AddressSerializer, responses={200: ScannedHostKeySerializer}
    )
    @action(detail=False, methods=["post"], url_path="host-key")
    def host_key(self, request: Request) -> Response:
        """The SSH host key that an address shows now, to be compared and pinned by a person."""
        data = self.valid(AddressSerializer(data=request.data))
        try:
            return Response(actions.scan_host_key(address=data["address"]))
        except NodeError as error:
            said = actions.problem_of(error)
            raise Problem(
                said["detail"],
                code=said["code"],
                title=said["title"],
                hint=said["hint"],
                errors={"address": said["detail"]},
                status=422,
            ) from error

    @extend_schema(operation_id="nodes_pull", request=None, responses={202: PullItemSerializer})
    @action(detail=True, methods=["post"])
    def pull(self, request: Request, pk: str | None = None) -> Response:
        """Queue a pull at once; when one is queued or running, that one is the answer."""
        pull = actions.pull_now(node=cast(Node, self.get_object()), by=self.by())
        return Response(shown(pull, self), status=202)

    @extend_schema(operation_id="nodes_bulk", request=BulkSerializer, responses={200: BulkAnswerSerializer})
    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> Response:
        """Pull, pause or resume several nodes; with `preview` only say how many that would touch."""
        data = self.valid(BulkSerializer(data=request.data))
        nodes = self._chosen(request, data)
        if data["action"] == "pause":
            touched = [node for node in nodes if not node.paused]
        elif data["action"] == "resume":
            touched = [node for node in nodes if node.paused]
        else:
            touched = list(Node.objects.filter(pk__in=[node.pk for node in nodes]).idle().order_by("pk"))
        if not data["preview"]:
            with transaction.atomic():
                # All rows first: the history's lock, once taken, must not wait for a row.
                ids = [node.pk for node in touched]
                list(Node.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk"))
                for node in touched:
                    self._act(data["action"], node)
        return Response({"matched": len(nodes), "changed": len(touched), "preview": data["preview"]})

    def _chosen(self, request: Request, data: dict[str, Any]) -> list[Node]:
        if ("ids" in data) == ("filters" in data):
            raise Invalid({"ids": ["Give either ids or filters."]})
        visible = Node.objects.visible_to(self.by()).order_by("pk")
        if "ids" in data:
            nodes = list(visible.filter(pk__in=data["ids"]))
            if missing := sorted(set(data["ids"]) - {node.pk for node in nodes}):
                raise Invalid({"ids": [f"There is no node {missing[0]}, or none that you may see."]})
            return nodes
        for name in data["filters"]:
            if name not in NodeFilterSet.known():
                known = ", ".join(NodeFilterSet.known())
                raise Invalid({f"filters.{name}": [f"Unknown filter. Known here: {known}."]})
        nodes = list(NodeFilterSet(data["filters"], visible, request=request).apply()[: MAX_BULK + 1])
        if len(nodes) > MAX_BULK:
            raise Invalid({"filters": [f"More than {MAX_BULK} nodes match: choose fewer."]})
        return nodes

    def _act(self, verb: str, node: Node) -> None:
        if verb == "pull":
            actions.pull_now(node=node, by=self.by())
        elif verb == "pause":
            fleet_actions.pause_node(node=node, by=self.by())
        else:
            fleet_actions.resume_node(node=node, by=self.by())


class TrustedSignerViewSet(images.TrustedSignerViewSet):
    """Trusted signers: whom to believe when images are signed."""

    def judge_images(self) -> None:
        actions.judge_images()


class EnrolView(APIView):
    """Where `plimsoll-probe enrol` registers its host. The token in the body is all the proof there is: a cookie or an
    Authorization header says nothing here."""

    permissions = PUBLIC
    authentication_classes = ()

    @extend_schema(
        operation_id="enrol",
        request=EnrolSerializer,
        responses={
            201: EnrolledSerializer,
            (403, PROBLEM): OpenApiResponse(ProblemSerializer, "The enrolment token is not known."),
            (409, PROBLEM): OpenApiResponse(ProblemSerializer, "The enrolment token was used already."),
            (410, PROBLEM): OpenApiResponse(ProblemSerializer, "It has expired, or was revoked."),
            (413, PROBLEM): OpenApiResponse(ProblemSerializer, "More than 64 KiB were sent."),
            (429, PROBLEM): OpenApiResponse(ProblemSerializer, "Too many attempts from this address."),
        },
    )
    def post(self, request: Request) -> Response:
        """Spend an enrolment token: the host becomes a node of the token's environment, and is pulled at once."""
        refuse_more_than(ENROL_BYTES, request)
        serializer = EnrolSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = cast(dict[str, str], serializer.validated_data)
        text, ip = data.pop("token"), context.current().ip
        attempts.count(purpose="enrolment", username=text, ip=ip)
        try:
            node = actions.enrol_node(text=text, **data)
        except Problem as problem:
            log.warning("Refused enrolment from %s: %s", ip, problem.code)
            raise
        attempts.forget(purpose="enrolment", username=text, ip=ip)
        return Response(EnrolledSerializer({"node": NodeRefSerializer(node).data}).data, status=201)


def refuse_more_than(limit: int, request: Request) -> None:
    """Raises Problem for a body that announces more bytes."""
    # What announces no length is read as empty.
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()) or int(length) > limit:
        raise Problem(f"At most {limit} bytes are read here.", code="too_large", status=413)


class PullViewSet(WriteMixin, fleet.PullViewSet):
    """Pulls: runs against nodes, with their steps live."""

    http_method_names = ["get", "head", "options", "post"]
    permissions: ClassVar[dict[str, str]] = {"GET": "fleet.view", "POST": "pulls.control"}

    @extend_schema(operation_id="pulls_cancel", request=None, responses={200: PullItemSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str | None = None) -> Response:
        """A queued pull ends now, a running one at its next read; a cancelled pull stores nothing."""
        return Response(shown(actions.cancel_pull(pull=cast(Pull, self.get_object()), by=self.by()), self))

    @extend_schema(operation_id="pulls_retry", request=None, responses={200: PullItemSerializer})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str | None = None) -> Response:
        """Queue another pull of the same node."""
        return Response(shown(actions.retry_pull(pull=cast(Pull, self.get_object()), by=self.by()), self))


def shown(pull: Pull, view: Any) -> dict[str, Any]:
    """A pull as reading it would show it."""
    reader = fleet.PullViewSet(request=view.request, format_kwarg=None, action="retrieve", kwargs={})
    rows = reader.hydrate([pull.pk])
    return cast(dict[str, Any], reader.get_serializer(rows[0]).data)
