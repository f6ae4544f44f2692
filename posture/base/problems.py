"""Every error of the API as problem details (RFC 9457): what is wrong, where, and what to do about it.

Members: type, title, status, detail, code (stable, for programs), request_id; where they help also errors
([{"field", "message"}]), hint and retry_after (seconds).
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import redis.exceptions
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions

from posture.base import context

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "No such representation",
    409: "Conflict",
    412: "Changed meanwhile",
    413: "Too large",
    415: "Unsupported media type",
    422: "Not possible",
    429: "Too many requests",
    500: "Internal error",
    503: "Not available",
}


class Problem(exceptions.APIException):
    """An error that its reader can act on. `errors`: {"address": "…"} or [{"field", "message"}]."""

    status_code = 400
    default_code = "bad_request"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        title: str | None = None,
        hint: str = "",
        errors: Mapping[str, str | Sequence[str]] | Sequence[Mapping[str, str]] = (),
        status: int | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail, code or self.default_code)
        self.message = detail
        self.code = code or self.default_code
        self.title = title
        self.hint = hint
        self.errors = list(_field_errors(errors))
        self.retry_after = retry_after
        if status is not None:
            self.status_code = status

    def __str__(self) -> str:
        fields = (f"{e['field']}: {e['message']}" if e["field"] else e["message"] for e in self.errors)
        return " ".join((self.message, *fields))


class Invalid(Problem):
    """The request cannot be understood or breaks a rule; `errors` says which field breaks it."""

    default_code = "invalid"


class NotAllowed(Problem):
    """The sender is known but may not do this."""

    status_code = 403
    default_code = "not_allowed"


class Conflict(Problem):
    """The request is right, but the present state does not admit it."""

    status_code = 409
    default_code = "conflict"


class TooMany(Problem):
    """Too many attempts; `retry_after` says when the next one counts."""

    status_code = 429
    default_code = "too_many_attempts"


def handle(error: Exception, call: Mapping[str, Any]) -> HttpResponse:
    """REST framework's exception handler: every exception of every API view becomes a problem document."""
    return response_for(error)


def response_for(error: BaseException) -> HttpResponse:
    """The problem document for any exception; an unexpected one is logged and shows only a request id."""
    if isinstance(error, Problem):
        return _answer(
            error.status_code,
            error.message,
            error.code,
            title=error.title,
            errors=error.errors,
            hint=error.hint,
            retry_after=error.retry_after,
        )
    if isinstance(error, exceptions.ValidationError):
        return _invalid(list(_field_errors(error.detail)))
    if isinstance(error, DjangoValidationError):
        messages = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        return _invalid(list(_field_errors(messages)))
    if isinstance(error, Http404 | exceptions.NotFound):
        return _answer(404, "There is nothing here, or nothing that you may see.", "not_found")
    if isinstance(error, PermissionDenied):
        return _answer(403, "Your role does not allow this.", "permission_denied")
    if isinstance(error, exceptions.APIException):
        return _from_framework(error)
    if isinstance(error, SuspiciousOperation):
        return _answer(400, "The request cannot be understood.", "bad_request")
    if isinstance(error, OperationalError | InterfaceError):
        log.error("The database does not answer: %s", type(error).__name__, exc_info=error)
        return _answer(503, "The database does not answer just now.", "database_unavailable", retry_after=5)
    if isinstance(error, redis.exceptions.ConnectionError | redis.exceptions.TimeoutError):
        log.error("Redis does not answer: %s", type(error).__name__, exc_info=error)
        return _answer(503, "The queue does not answer just now.", "queue_unavailable", retry_after=5)
    log.error("Unexpected error in request %s", context.current().request_id, exc_info=error)
    return _answer(
        500,
        "Something went wrong on our side.",
        "internal_error",
        hint="Give the request id to whoever runs this server: the log has the cause under it.",
    )


def _from_framework(error: exceptions.APIException) -> HttpResponse:
    """What REST framework itself refuses: authentication, method, media type, unreadable JSON, throttling."""
    codes = error.get_codes()
    code = codes if isinstance(codes, str) else error.default_code
    detail = str(error.detail)
    if isinstance(error, exceptions.NotAuthenticated):
        detail = "Sign in, or send a token in the Authorization header."
    elif isinstance(error, exceptions.PermissionDenied) and code == "permission_denied":
        detail = "Your role does not allow this."
    headers = {}
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    wait = getattr(error, "wait", None)
    return _answer(
        error.status_code, detail, code, headers=headers, retry_after=None if wait is None else int(wait) + 1
    )


def _invalid(errors: list[dict[str, str]]) -> HttpResponse:
    fields = [e["field"] for e in errors if e["field"]]
    if fields:
        detail = f"Not accepted: {', '.join(dict.fromkeys(fields))}."
    else:
        detail = " ".join(e["message"] for e in errors) or "The request is not valid."
    return _answer(400, detail, "invalid", title="Some values are not valid", errors=errors)


def _field_errors(errors: Any, path: str = "") -> Iterator[dict[str, str]]:
    """Flattens nested errors: one entry per message; `field` is a dotted path, "" for the whole request."""
    if isinstance(errors, str):
        yield {"field": path, "message": str(errors)}
    elif isinstance(errors, Mapping):
        if "field" in errors and "message" in errors and not path:
            yield {"field": str(errors["field"]), "message": str(errors["message"])}
            return
        for name, inner in errors.items():
            part = "" if name in ("non_field_errors", "__all__") else str(name)
            yield from _field_errors(inner, ".".join(p for p in (path, part) if p))
    else:
        for position, inner in enumerate(errors):
            # A list of messages belongs to its field; a list of objects has one set of errors per position.
            nested = isinstance(inner, Mapping) and not {"field", "message"} <= set(inner)
            if nested and not inner:
                continue
            yield from _field_errors(inner, f"{path}.{position}" if nested and path else path)


def _answer(
    status: int,
    detail: str,
    code: str,
    *,
    title: str | None = None,
    errors: Sequence[Mapping[str, str]] = (),
    hint: str = "",
    retry_after: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    body: dict[str, Any] = {
        "type": f"urn:plimsoll:problem:{code}",
        "title": title or TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
    }
    if errors:
        body["errors"] = list(errors)
    if hint:
        body["hint"] = hint
    if retry_after is not None:
        body["retry_after"] = retry_after
    if request_id := context.current().request_id:
        body["request_id"] = request_id
    response = HttpResponse(json.dumps(body), status=status, content_type=MEDIA_TYPE)
    for name, value in (headers or {}).items():
        response.headers[name] = value
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    response.headers["Cache-Control"] = "no-store"
    return response


# -- what Django calls outside of the API's views (see ROOT_URLCONF and CSRF_FAILURE_VIEW)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return response_for(csrf_problem(reason))


def csrf_problem(reason: str) -> NotAllowed:
    """403: an unsafe request came with the session cookie but without the proof that our own page sent it."""
    return NotAllowed(
        f"The request lacks the proof that this site's own page sent it ({reason.rstrip('.')}).",
        code="csrf_failed",
        hint="Send the value of the cookie plimsoll_csrf in the header X-CSRFToken, or use a token.",
    )


def unknown_path(request: HttpRequest, path: str = "") -> HttpResponse:
    """For every path under /api/ that no resource answers."""
    return _answer(
        404, f"The API has nothing at {request.path}.", "not_found", hint="/api/v1/docs lists what there is."
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(400, "The request cannot be understood.", "bad_request")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return response_for(PermissionDenied())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return unknown_path(request) if request.path.startswith("/api/") else response_for(Http404())


def server_error(request: HttpRequest) -> HttpResponse:
    """The last resort, also for errors in middleware: a session cannot be written without its database."""
    return response_for(sys.exc_info()[1] or RuntimeError("unknown error"))
