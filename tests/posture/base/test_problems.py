"""Every error is a problem document that says what, where and what to do, and never more."""

from __future__ import annotations

import json
import logging

import pytest
import redis
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from django.test import Client, RequestFactory
from rest_framework import exceptions

from posture.accounts.models import ApiToken
from posture.base import problems
from posture.base.context import current
from posture.base.middleware import RequestIdMiddleware
from tests.posture.people import person, program, send

REQUIRED = {"type", "title", "status", "detail", "code"}


def body(answer: HttpResponse) -> dict:
    assert answer.headers["Content-Type"] == "application/problem+json"
    document = json.loads(answer.content)
    assert document.keys() >= REQUIRED
    assert document["status"] == answer.status_code
    return document


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (problems.Invalid("No."), 400, "invalid"),
        (problems.Conflict("No.", code="busy"), 409, "busy"),
        (problems.NotAllowed("No."), 403, "not_allowed"),
        (problems.TooMany("No.", retry_after=7), 429, "too_many_attempts"),
        (Http404("internal words"), 404, "not_found"),
        (PermissionDenied("internal words"), 403, "permission_denied"),
        (SuspiciousOperation("internal words"), 400, "bad_request"),
        (OperationalError("internal words"), 503, "database_unavailable"),
        (InterfaceError("internal words"), 503, "database_unavailable"),
        (redis.ConnectionError("internal words"), 503, "queue_unavailable"),
        (RuntimeError("internal words"), 500, "internal_error"),
        (exceptions.ParseError(), 400, "parse_error"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.UnsupportedMediaType("text/xml"), 415, "unsupported_media_type"),
        (exceptions.Throttled(wait=3), 429, "throttled"),
        (exceptions.NotAuthenticated(), 401, "not_authenticated"),
    ],
    ids=lambda v: type(v).__name__ if isinstance(v, Exception) else "",
)
def test_every_exception_becomes_a_problem(error: Exception, status: int, code: str) -> None:
    document = body(problems.response_for(error))
    assert (document["status"], document["code"]) == (status, code)
    assert "internal words" not in json.dumps(document)


@pytest.mark.parametrize(
    ("detail", "errors"),
    [
        ({"name": ["Missing."]}, [("name", "Missing.")]),
        ({"non_field_errors": ["Odd."]}, [("", "Odd.")]),
        (["Odd."], [("", "Odd.")]),
        (
            {"limits": {"bytes": ["Too few.", "Odd."]}},
            [("limits.bytes", "Too few."), ("limits.bytes", "Odd.")],
        ),
        ({"ids": [{}, {"id": ["Unknown."]}]}, [("ids.1.id", "Unknown.")]),
        ({"ids": {1: ["Unknown."]}}, [("ids.1", "Unknown.")]),
    ],
)
def test_a_validation_error_names_each_field(detail: object, errors: list[tuple[str, str]]) -> None:
    document = body(problems.response_for(exceptions.ValidationError(detail)))  # type: ignore[arg-type]
    assert [(e["field"], e["message"]) for e in document["errors"]] == errors


def test_a_models_validation_error_names_each_field() -> None:
    document = body(problems.response_for(DjangoValidationError({"name": ["Missing."]})))
    assert document["errors"] == [{"field": "name", "message": "Missing."}]


def test_an_unexpected_error_is_logged_under_the_id_that_its_reader_gets(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.ERROR)

    def fails(request: object) -> HttpResponse:
        try:
            raise RuntimeError("the cause")
        except RuntimeError:
            return problems.server_error(request)  # type: ignore[arg-type]

    answer = RequestIdMiddleware(fails)(RequestFactory().get("/api/v1/x"))
    document = body(answer)  # type: ignore[arg-type]
    assert document["request_id"] == answer.headers["X-Request-Id"]
    assert document["request_id"] in caplog.text
    assert "the cause" in caplog.text
    assert current().request_id == ""


def test_an_unknown_path_of_the_api_is_a_problem_and_not_a_page() -> None:
    answer = Client().get("/api/v1/nowhere")
    assert body(answer)["code"] == "not_found"
    assert answer.status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["{", '{"name": NaN}', "[]", '"text"', "1", "null", "\x00", "{" * 5000])
def test_unreadable_json_is_said(text: str) -> None:
    client = program(person())
    answer = client.generic("POST", "/api/v1/tokens", text, content_type="application/json")
    assert answer.status_code == 400
    assert body(answer)["code"] in ("parse_error", "invalid")
    assert ApiToken.objects.count() == 1


@pytest.mark.django_db
def test_another_media_type_is_refused() -> None:
    answer = program(person()).generic("POST", "/api/v1/tokens", "name=x", content_type="text/plain")
    assert (answer.status_code, body(answer)["code"]) == (415, "unsupported_media_type")


@pytest.mark.django_db
@pytest.mark.parametrize("pk", ["x", "0", "99999999999999999", "9" * 40, "-1", "1.5", "%00"])
def test_an_id_that_is_none_is_not_found(pk: str) -> None:
    assert send(program(person()), "GET", f"/users/{pk}").status_code == 404


def test_a_proxys_request_id_is_kept_only_behind_one(settings) -> None:
    seen = []

    def answer(request: object) -> HttpResponse:
        seen.append(current())
        return HttpResponse()

    headers = {"HTTP_X_REQUEST_ID": "from-the-proxy-1", "HTTP_X_FORWARDED_FOR": "198.51.100.1, 203.0.113.7"}
    call = RequestIdMiddleware(answer)
    call(RequestFactory().get("/", **headers))
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    call(RequestFactory().get("/", **headers))
    assert (seen[0].ip, seen[1].ip) == ("127.0.0.1", "203.0.113.7")
    assert seen[0].request_id != "from-the-proxy-1"
    assert seen[1].request_id == "from-the-proxy-1"
