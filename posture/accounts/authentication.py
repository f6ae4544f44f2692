"""How a request proves who sends it: a browser's session with its CSRF proof, or a program's bearer token."""

from __future__ import annotations

import time
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from rest_framework import authentication, exceptions
from rest_framework.authentication import CSRFCheck
from rest_framework.request import Request

from posture.accounts.models import ApiToken, User
from posture.base import context
from posture.base.context import Actor
from posture.base.problems import csrf_problem

# What a page fetches by itself, without its person, says so in this header and does not keep the session alive.
BACKGROUND_HEADER = "X-Plimsoll-Background"

_SEEN = "seen_at"
_LAST_USED_EVERY = timedelta(minutes=1)
_CHALLENGE = 'Bearer realm="plimsoll"'


class SessionAuthentication(authentication.BaseAuthentication):
    """The session cookie; unsafe methods also need the CSRF cookie's value in the header X-CSRFToken.

    A session ends when it was idle for SESSION_COOKIE_AGE seconds, in the database too.
    """

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        if request.META.get("HTTP_AUTHORIZATION"):
            return None  # a token speaks for itself, also from a browser that is signed in
        user: User | None = getattr(request._request, "user", None)
        if user is None or not user.is_authenticated or not user.is_active:
            return None
        enforce_csrf(request._request)
        _stay_alive(request)
        context.set_actor(Actor("user", user.pk, user.username))
        return user, None

    def authenticate_header(self, request: Request) -> str:
        return _CHALLENGE


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer plm_…`."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        scheme, _, text = header.partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise exceptions.AuthenticationFailed(
                "Send the token as “Authorization: Bearer plm_…”.", "bad_scheme"
            )
        token = _live_token(text.strip())
        context.set_actor(Actor("token", token.user_id, f"{token.user.username} ({token.name})"))
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return _CHALLENGE


def enforce_csrf(request: HttpRequest) -> None:
    """Raises the 403 problem `csrf_failed` when an unsafe request lacks the proof. REST framework skips Django's."""
    check = CSRFCheck(lambda _: HttpResponse())
    check.process_request(request)
    if reason := check.process_view(request, lambda: HttpResponse(), (), {}):
        raise csrf_problem(str(reason))


def _live_token(text: str) -> ApiToken:
    token = ApiToken.objects.select_related("user").filter(digest=ApiToken.digest_of(text)).first()
    if token is None or not token.user.is_active:
        raise exceptions.AuthenticationFailed("This token is not known.", "token_unknown")
    if token.revoked_at is not None:
        raise exceptions.AuthenticationFailed("This token was revoked.", "token_revoked")
    if not token.is_live:
        raise exceptions.AuthenticationFailed("This token has expired.", "token_expired")
    _note_use(token)
    return token


def _note_use(token: ApiToken) -> None:
    """At most one write a minute, whatever the program's rate; the condition holds between processes too."""
    now = timezone.now()
    before = now - _LAST_USED_EVERY
    if token.last_used_at is None or token.last_used_at < before:
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=before)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)


def _stay_alive(request: Request) -> None:
    """Moves the session's end, at most once a minute so that reading a page does not write a row each time."""
    if BACKGROUND_HEADER in request.headers:
        return
    now = int(time.time())
    every = min(60, settings.SESSION_COOKIE_AGE // 10)
    if now - request.session.get(_SEEN, 0) >= every:
        request.session[_SEEN] = now
