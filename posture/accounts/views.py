"""Signing in and out, the person who asks, people, and tokens."""

from __future__ import annotations

import logging
from typing import Any, ClassVar, cast

from django.conf import settings
from django.contrib import auth
from django.db import transaction
from django.db.models import QuerySet
from django.middleware.csrf import get_token
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from posture.accounts import actions, attempts
from posture.accounts.authentication import enforce_csrf
from posture.accounts.filtersets import TokenFilterSet, UserFilterSet
from posture.accounts.models import ApiToken, User
from posture.accounts.serializers import (
    MeSerializer,
    MeWriteSerializer,
    NewTokenSerializer,
    PasswordChangeSerializer,
    PasswordSerializer,
    SessionSerializer,
    SignInSerializer,
    TokenCreateSerializer,
    TokenSerializer,
    UserChangeSerializer,
    UserCreateSerializer,
    UserSerializer,
)
from posture.base import context
from posture.base.ordering import Orderings, only
from posture.base.permissions import PUBLIC, SIGNED_IN
from posture.base.problems import Invalid, NotAllowed
from posture.base.views import ResourceViewSet

log = logging.getLogger(__name__)


def _valid(serializer: Any) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return cast(dict[str, Any], serializer.validated_data)


def _me(request: Request) -> User:
    return cast(User, request.user)


class SessionView(APIView):
    """A browser's sign-in. Programs use tokens instead."""

    permissions = PUBLIC
    before_password_change = True

    @extend_schema(operation_id="session_retrieve", responses=SessionSerializer)
    def get(self, request: Request) -> Response:
        get_token(request._request)  # the page needs the CSRF cookie before it can sign in
        return self._answer(_me(request) if request.user.is_authenticated else None)

    @extend_schema(operation_id="session_create", request=SignInSerializer, responses=SessionSerializer)
    def post(self, request: Request) -> Response:
        """Rate limited by name and address. The answer does not tell whether the name exists."""
        enforce_csrf(request._request)  # else another site could sign a person in as somebody else
        data = _valid(SignInSerializer(data=request.data))
        ip = context.current().ip
        attempts.count(purpose="sign-in", username=data["username"], ip=ip)
        user = auth.authenticate(request._request, username=data["username"], password=data["password"])
        if user is None:
            log.warning("Refused sign-in from %s", ip)
            actions.record_refused_sign_in(username=data["username"])
            raise AuthenticationFailed("The name or the password is not right.", "invalid_credentials")
        attempts.forget(purpose="sign-in", username=data["username"], ip=ip)
        with transaction.atomic():
            auth.login(request._request, user)  # a new session key: one fixed beforehand is worth nothing
            actions.record_sign_in(user=user)
        return self._answer(user)

    @extend_schema(operation_id="session_destroy", responses={204: None})
    def delete(self, request: Request) -> Response:
        if request.user.is_authenticated and request.auth is None:
            actions.record_sign_out(user=_me(request))
            auth.logout(request._request)
        return Response(status=204)

    def get_authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="plimsoll"'

    def _answer(self, user: User | None) -> Response:
        return Response(
            {
                "authenticated": user is not None,
                "user": None if user is None else MeSerializer(user).data,
                "idle_timeout_seconds": settings.SESSION_COOKIE_AGE,
            },
            headers={"Cache-Control": "no-store"},
        )


class MeView(APIView):
    """The person who asks."""

    permissions = SIGNED_IN
    before_password_change = True

    @extend_schema(operation_id="me_retrieve", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        return Response(MeSerializer(_me(request)).data)

    @extend_schema(operation_id="me_update", request=MeWriteSerializer, responses=MeSerializer)
    def patch(self, request: Request) -> Response:
        data = _valid(MeWriteSerializer(data=request.data, partial=True))
        user = _me(request)
        if "email" in data:
            user = actions.change_email(user=user, email=data["email"], by=user)
        return Response(MeSerializer(user).data)


class MyPasswordView(APIView):
    """Changing one's own password: needs the current one, and ends the person's other sessions."""

    permissions = SIGNED_IN
    before_password_change = True

    @extend_schema(operation_id="me_password", request=PasswordChangeSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        if request.auth is not None:
            raise NotAllowed("A token cannot change a password.", code="session_required", hint="Sign in.")
        data = _valid(PasswordChangeSerializer(data=request.data))
        username, ip = _me(request).username, context.current().ip
        attempts.count(purpose="password", username=username, ip=ip)
        with transaction.atomic():
            user = actions.change_password(user=_me(request), **data)
            auth.update_session_auth_hash(request._request, user)  # this session goes on, under a new key
        attempts.forget(purpose="password", username=username, ip=ip)
        return Response(status=204)


class UserViewSet(ResourceViewSet):
    """People. Removing one deactivates them: their word in the history stays."""

    http_method_names = ["get", "head", "options", "post", "patch", "delete"]
    permissions = {
        "GET": "users.view",
        "POST": "users.change",
        "PATCH": "users.change",
        "DELETE": "users.change",
    }
    queryset = User.objects.all()
    serializer_class = UserSerializer
    filterset_class = UserFilterSet
    orderings: ClassVar[Orderings] = {
        "username": only("username"),
        "-username": only("username", descending=True),
    }
    default_ordering = "username"

    def get_queryset(self) -> QuerySet[User]:
        return self.base_queryset()

    def detailed(self, queryset: QuerySet[User]) -> QuerySet[User]:
        return queryset.prefetch_related("environments")

    @extend_schema(request=UserCreateSerializer, responses={201: UserSerializer})
    def create(self, request: Request) -> Response:
        data = _valid(UserCreateSerializer(data=request.data))
        user = actions.create_user(**data, by=_me(request))
        return Response(UserSerializer(user).data, status=201)

    @extend_schema(request=UserChangeSerializer, responses=UserSerializer)
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        user, by = self.get_object(), _me(request)
        data = _valid(UserChangeSerializer(data=request.data, partial=True))
        with transaction.atomic():
            if "email" in data:
                actions.change_email(user=user, email=data["email"], by=by)
            # Both orders must be possible: out of an administrator's reach first, into it last.
            if "environments" in data and data.get("role") == "administrator":
                actions.set_environments(user=user, environments=data.pop("environments"), by=by)
            if "role" in data:
                actions.change_role(user=user, role=data["role"], by=by)
            if "environments" in data:
                actions.set_environments(user=user, environments=data["environments"], by=by)
            if data.get("is_active") is True:
                actions.reactivate(user=user, by=by)
            elif data.get("is_active") is False:
                actions.deactivate(user=user, by=by)
        return Response(UserSerializer(self.get_object()).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        actions.deactivate(user=self.get_object(), by=_me(request))
        return Response(status=204)

    @extend_schema(request=PasswordSerializer, responses=UserSerializer)
    @action(detail=True, methods=["post"])
    def password(self, request: Request, pk: str | None = None) -> Response:
        data = _valid(PasswordSerializer(data=request.data))
        user = actions.set_password(
            user=self.get_object(),
            password=data["password"],
            must_change=data["must_change_password"],
            by=_me(request),
        )
        return Response(UserSerializer(user).data)


class TokenViewSet(ResourceViewSet):
    """One's own tokens; an administrator sees and revokes everybody's."""

    http_method_names = ["get", "head", "options", "post", "delete"]
    permissions = "tokens.own"
    queryset = ApiToken.objects.all()
    serializer_class = TokenSerializer
    filterset_class = TokenFilterSet
    orderings: ClassVar[Orderings] = {"-created_at": only("pk", descending=True), "created_at": only("pk")}
    default_ordering = "-created_at"

    def get_queryset(self) -> QuerySet[ApiToken]:
        user = _me(self.request)
        return self.base_queryset() if user.may("tokens.all") else self.base_queryset().filter(user=user)

    def detailed(self, queryset: QuerySet[ApiToken]) -> QuerySet[ApiToken]:
        return queryset.select_related("user")

    @extend_schema(request=TokenCreateSerializer, responses={201: NewTokenSerializer})
    def create(self, request: Request) -> Response:
        data = _valid(TokenCreateSerializer(data=request.data))
        self._check_expiry(request, data)
        token, text = actions.create_token(user=_me(request), **data, by=_me(request))
        token.token = text  # type: ignore[attr-defined]
        return Response(NewTokenSerializer(token).data, status=201, headers={"Cache-Control": "no-store"})

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str | None = None) -> Response:
        actions.revoke_token(token=self.get_object(), by=_me(request))
        return Response(status=204)

    @staticmethod
    def _check_expiry(request: Request, data: dict[str, Any]) -> None:
        """A token that ends must not be able to make one that outlives it."""
        end = getattr(request.auth, "expires_at", None)
        if end is not None and (data["expires_at"] is None or data["expires_at"] > end):
            raise Invalid(
                "A token cannot make one that outlives it.",
                errors={"expires_at": f"At the latest {end.isoformat()}."},
            )
