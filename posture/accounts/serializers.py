"""People, tokens and saved views as the API shows them. No password and no token text ever comes back out."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from rest_framework import serializers

from posture.accounts.choices import ListPage, Role, Scope
from posture.accounts.models import SavedView, User


def _environments() -> Any:
    # By name: environments belong to the fleet, which is built on accounts.
    return apps.get_model("fleet", "Environment").objects.all()


class EnvironmentReferenceSerializer(serializers.Serializer):
    id = serializers.IntegerField(source="pk")
    slug = serializers.CharField()
    name = serializers.CharField()


class UserReferenceSerializer(serializers.Serializer):
    id = serializers.IntegerField(source="pk")
    username = serializers.CharField()


class MeSerializer(serializers.Serializer):
    """The person who asks. `environments` is null when they see the whole fleet."""

    id = serializers.IntegerField(source="pk")
    username = serializers.CharField()
    email = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices)
    must_change_password = serializers.BooleanField()
    environments = serializers.SerializerMethodField()
    permissions = serializers.SerializerMethodField()
    last_login_at = serializers.DateTimeField(source="last_login", allow_null=True)

    def get_environments(self, user: User) -> list[dict[str, Any]] | None:
        return list(EnvironmentReferenceSerializer(user.environments.all(), many=True).data) or None

    def get_permissions(self, user: User) -> list[str]:
        return sorted(user.permissions)


class MeWriteSerializer(serializers.Serializer):
    email = serializers.EmailField(allow_blank=True)


class SessionSerializer(serializers.Serializer):
    """Whether somebody is signed in. The session ends after `idle_timeout_seconds` without a request."""

    authenticated = serializers.BooleanField()
    user = MeSerializer(allow_null=True)
    idle_timeout_seconds = serializers.IntegerField()


class SignInSerializer(serializers.Serializer):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=1024, trim_whitespace=False)


class PasswordChangeSerializer(serializers.Serializer):
    current_password = serializers.CharField(max_length=1024, trim_whitespace=False)
    new_password = serializers.CharField(max_length=1024, trim_whitespace=False)


class PasswordSerializer(serializers.Serializer):
    password = serializers.CharField(max_length=1024, trim_whitespace=False)
    must_change_password = serializers.BooleanField(default=True)


class UserSerializer(serializers.Serializer):
    """A person, for administrators and auditors."""

    id = serializers.IntegerField(source="pk")
    username = serializers.CharField()
    email = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices)
    environments = serializers.SerializerMethodField()
    is_active = serializers.BooleanField()
    must_change_password = serializers.BooleanField()
    last_login_at = serializers.DateTimeField(source="last_login", allow_null=True)

    def get_environments(self, user: User) -> list[dict[str, Any]] | None:
        return list(EnvironmentReferenceSerializer(user.environments.all(), many=True).data) or None


class UserChangeSerializer(serializers.Serializer):
    """`environments` are ids; empty or null: the whole fleet."""

    email = serializers.EmailField(allow_blank=True, required=False)
    role = serializers.ChoiceField(choices=Role.choices, required=False)
    is_active = serializers.BooleanField(required=False)
    environments = serializers.ListField(
        child=serializers.IntegerField(min_value=1), allow_null=True, required=False, max_length=1000
    )

    def validate_environments(self, ids: list[int] | None) -> list[Any]:
        found = {environment.pk: environment for environment in _environments().filter(pk__in=ids or [])}
        if unknown := [str(pk) for pk in ids or [] if pk not in found]:
            raise serializers.ValidationError(f"No such environment: {', '.join(unknown)}.")
        return list(found.values())


class UserCreateSerializer(UserChangeSerializer):
    is_active = None  # type: ignore[assignment]  # a new person is active
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=1024, trim_whitespace=False)
    role = serializers.ChoiceField(choices=Role.choices)
    must_change_password = serializers.BooleanField(default=True)


class TokenSerializer(serializers.Serializer):
    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    prefix = serializers.CharField()
    scope = serializers.ChoiceField(choices=Scope.choices)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    user = UserReferenceSerializer()


class NewTokenSerializer(TokenSerializer):
    """The answer to a creation, the only one that holds the token's text."""

    token = serializers.CharField()


class TokenCreateSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=100)
    scope = serializers.ChoiceField(choices=Scope.choices, default=Scope.READ)
    expires_at = serializers.DateTimeField(allow_null=True, default=None)


class SavedViewSerializer(serializers.Serializer):
    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    page = serializers.ChoiceField(choices=ListPage.choices)
    query = serializers.CharField(help_text="The query of the list's address, without the question mark.")
    is_shared = serializers.BooleanField()
    owner = UserReferenceSerializer()
    created_at = serializers.DateTimeField()


class SavedViewChangeSerializer(serializers.Serializer):
    """A change of a view: what is not sent stays. Its list cannot change."""

    name = serializers.CharField(max_length=100, required=False)
    query = serializers.RegexField(
        r"^[^\s#]*$",
        max_length=SavedView.LONGEST_QUERY,
        allow_blank=True,
        required=False,
        error_messages={
            "invalid": "The query of an address: no spaces and no #, which are sent percent-encoded."
        },
    )
    is_shared = serializers.BooleanField(required=False)

    def validate_query(self, query: str) -> str:
        return query.removeprefix("?")


class SavedViewCreateSerializer(SavedViewChangeSerializer):
    page = serializers.ChoiceField(choices=ListPage.choices)
    name = serializers.CharField(max_length=100)
