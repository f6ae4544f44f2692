"""Teams: people who look after the same things."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, cast

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from posture.accounts.models import Team, User
from posture.base.filtersets import FilterSet, Search
from posture.base.ordering import Orderings, by
from posture.base.problems import Invalid
from posture.base.serializers import Serializer
from posture.base.views import ResourceViewSet
from posture.history.actions import differences, record


class TeamSerializer(Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    members = serializers.SerializerMethodField()
    manager = serializers.SerializerMethodField()

    def get_manager(self, team: Team) -> str | None:
        return None if team.manager is None else team.manager.username

    def get_members(self, team: Team) -> list[str]:
        return sorted(member.username for member in team.members.all())


class TeamWriteSerializer(serializers.Serializer):
    """`members` are names of people; `manager` is told of what is overdue."""

    name = serializers.CharField(max_length=100)
    members = serializers.SlugRelatedField(
        slug_field="username", queryset=User.objects.all(), many=True, required=False
    )
    manager = serializers.SlugRelatedField(
        slug_field="username", queryset=User.objects.all(), required=False, allow_null=True
    )


class TeamFilterSet(FilterSet):
    search = Search("name", method="filter_search")

    def filter_search(self, queryset: QuerySet, name: str, value: Sequence[str]) -> QuerySet:
        return queryset.filter(name__icontains=value[0])


def save_team(*, team: Team, by: User, **fields: Any) -> Team:
    """Make or change a team. Raises Invalid when the name is taken."""
    members = fields.pop("members", None)
    is_new = team.pk is None
    before = {} if is_new else _seen(team)
    with transaction.atomic():
        for name, value in fields.items():
            setattr(team, name, value)
        try:
            with transaction.atomic():
                team.save()
        except IntegrityError:
            raise Invalid("Not accepted: name.", errors={"name": "There is a team with this name."}) from None
        if members is not None:
            team.members.set(members)
        if changes := differences(before, _seen(team)):
            record(
                verb="created" if is_new else "changed",
                obj=team,
                object_kind="team",
                object_name=team.name,
                changes=changes,
                actor=by,
            )
    return team


def delete_team(*, team: Team, by: User) -> None:
    """Its findings are nobody's then, and rules that name it go with it."""
    with transaction.atomic():
        seen, pk = _seen(team), team.pk
        team.delete()
        record(
            verb="deleted",
            obj=pk,
            object_kind="team",
            object_name=team.name,
            changes=differences(seen, dict.fromkeys(seen)),
            actor=by,
        )


def _seen(team: Team) -> dict[str, Any]:
    return {
        "name": team.name,
        "members": sorted(team.members.values_list("username", flat=True)),
        "manager": None if team.manager is None else team.manager.username,
    }


class TeamViewSet(ResourceViewSet):
    """Teams, that findings are given to."""

    http_method_names = ["get", "head", "options", "post", "patch", "delete"]
    permissions: ClassVar[dict[str, str]] = {
        "GET": "fleet.view",
        "POST": "users.change",
        "PATCH": "users.change",
        "DELETE": "users.change",
    }
    queryset = Team.objects.all()
    serializer_class = TeamSerializer
    filterset_class = TeamFilterSet
    orderings: ClassVar[Orderings] = {"name": by("name"), "-name": by("name", descending=True)}
    default_ordering = "name"

    def get_queryset(self) -> QuerySet[Team]:
        return cast("QuerySet[Team]", self.base_queryset())

    def detailed(self, queryset: QuerySet[Team]) -> QuerySet[Team]:
        return queryset.select_related("manager").prefetch_related("members")

    @extend_schema(request=TeamWriteSerializer, responses={201: TeamSerializer})
    def create(self, request: Request) -> Response:
        team = save_team(team=Team(), by=self.user, **_valid(TeamWriteSerializer(data=request.data)))
        return Response(TeamSerializer(team).data, status=201)

    @extend_schema(request=TeamWriteSerializer, responses=TeamSerializer)
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        data = _valid(TeamWriteSerializer(data=request.data, partial=True))
        return Response(TeamSerializer(save_team(team=self.get_object(), by=self.user, **data)).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        delete_team(team=self.get_object(), by=self.user)
        return Response(status=204)


def _valid(serializer: Any) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return cast(dict[str, Any], serializer.validated_data)
