"""Policies of the gate, what it answered, and a policy tried before it holds. The gate itself: `collection.gate_views`."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from posture.accounts.models import User
from posture.base.ordering import Orderings, only
from posture.base.problems import Problem
from posture.base.views import ResourceViewSet
from posture.fleet.models import Environment
from posture.fleet.write_views import WriteMixin
from posture.gate import actions, serializers, trial
from posture.gate.decide import Rules
from posture.gate.filtersets import GateDecisionFilterSet, GatePolicyFilterSet
from posture.gate.models import GateDecision, GatePolicy


def environment_named(user: User, slug: str) -> Environment | None:
    """The environment of this slug; None for none. Raises Problem for one that the person may not see."""
    if not slug:
        return None
    found = Environment.objects.visible_to(user).filter(slug=slug).first()
    if found is None:
        raise Problem(
            "There is no such environment, or none that you may see.", errors={"environment": slug[:60]}
        )
    return found


class GatePolicyViewSet(WriteMixin, ResourceViewSet):
    """What environments demand of an image before it is deployed."""

    http_method_names = ["get", "head", "options", "post", "delete"]
    permissions: ClassVar[dict[str, str]] = {
        "GET": "fleet.view",
        "POST": "environments.change",
        "DELETE": "environments.change",
        "trial": "fleet.view",
    }
    queryset = GatePolicy.objects.all()
    serializer_class = serializers.GatePolicySerializer
    filterset_class = GatePolicyFilterSet
    orderings: ClassVar[Orderings] = {"id": only("pk"), "-id": only("pk", descending=True)}
    default_ordering = "id"

    def detailed(self, queryset: QuerySet) -> QuerySet:
        return queryset.select_related("environment")

    @extend_schema(
        request=serializers.GatePolicyWriteSerializer, responses={200: serializers.GatePolicySerializer}
    )
    def create(self, request: Request) -> Response:
        """Set the policy of an environment, or of every one; what is not named stays as it is."""
        data = self.valid(serializers.GatePolicyWriteSerializer(data=request.data))
        environment = data.pop("environment")
        limits = self.user.environment_ids()
        if limits is not None and (environment is None or environment.pk not in limits):
            raise Problem(
                "You may set the policies of your environments only.",
                errors={"environment": "There is no such environment, or none that you may see."},
            )
        policy = actions.set_policy(environment=environment, by=self.by(), **data)
        return self.written(policy.pk)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        """The environment goes by the policy for every one again."""
        policy = self.get_object()
        if policy.environment_id is None and self.user.environment_ids() is not None:
            raise Problem("The policy for every environment is not yours to remove.", status=403)
        actions.remove_policy(policy=policy, by=self.by())
        return Response(status=204)

    @extend_schema(operation_id="gate_policies_default", responses=serializers.GateRulesSerializer)
    @action(detail=False, methods=["get"], pagination_class=None)
    def default(self, request: Request) -> Response:
        """What is demanded where no policy was set: neither of the environment nor for every one."""
        self.check_parameters()
        return Response(serializers.GateRulesSerializer(Rules()).data)

    @extend_schema(
        operation_id="gate_policies_trial",
        request=serializers.TrialSerializer,
        responses={200: serializers.TrialAnswerSerializer},
    )
    @action(detail=False, methods=["post"])
    def trial(self, request: Request) -> Response:
        """What a policy would say to the newest images. Nothing is kept."""
        data = self.valid(serializers.TrialSerializer(data=request.data))
        environment = environment_named(self.user, data.pop("environment"))
        images = data.pop("images")
        answer = trial.of_newest(actions.rules_of(data), environment, images, self.user, timezone.now())
        return Response(answer)


class GateDecisionViewSet(ResourceViewSet):
    """What the gate answered, newest first."""

    queryset = GateDecision.objects.all()
    serializer_class = serializers.GateDecisionSerializer
    item_serializer_class = serializers.GateDecisionItemSerializer
    filterset_class = GateDecisionFilterSet
    orderings: ClassVar[Orderings] = {"-asked_at": only("pk", descending=True), "asked_at": only("pk")}
    default_ordering = "-asked_at"

    def detailed(self, queryset: QuerySet) -> QuerySet:
        return queryset.select_related("environment", "asked_by")
