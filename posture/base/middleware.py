"""Gives every request an id, and keeps its sender's address for the history."""

from __future__ import annotations

import ipaddress
import re
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from posture.base import context

_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{8,40}")


class RequestIdMiddleware:
    """`X-Request-Id` on every answer, in every error and in the history. A trusted proxy's own id is kept."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = _request_id(request)
        with context.entered(context.Context(request_id=request_id, ip=client_address(request))):
            response = self.get_response(request)
        response.headers["X-Request-Id"] = request_id
        return response


def client_address(request: HttpRequest) -> str | None:
    """The caller's IP address; behind a proxy the last in X-Forwarded-For, which only the proxy writes."""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER is not None:
        address = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip() or address
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return None  # a unix socket has no address


def _request_id(request: HttpRequest) -> str:
    given = request.META.get("HTTP_X_REQUEST_ID", "")
    if settings.SECURE_PROXY_SSL_HEADER is not None and _ACCEPTABLE_ID.fullmatch(given):
        return given
    return uuid.uuid4().hex
