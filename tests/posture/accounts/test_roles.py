"""Which role may do what, on every endpoint of people, tokens, history, nodes and environments."""

from __future__ import annotations

import pytest
from django.test import Client
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from posture.accounts.choices import Role
from posture.fleet.actions import create_environment, create_node
from tests.posture.people import person, program, send, signed_in

pytestmark = pytest.mark.django_db

ALL = {Role.VIEWER, Role.ANALYST, Role.ADMINISTRATOR, Role.AUDITOR}
ADMINISTRATOR = {Role.ADMINISTRATOR}
READERS = {Role.ADMINISTRATOR, Role.AUDITOR}
ENDPOINTS = [
    ("GET", "/me", ALL),
    ("PATCH", "/me", ALL),
    ("GET", "/tokens", ALL),
    ("POST", "/tokens", ALL),
    ("GET", "/tokens/facets", ALL),
    ("GET", "/views", ALL),
    ("POST", "/views", ALL),
    ("GET", "/views/facets", ALL),
    ("GET", "/users", READERS),
    ("GET", "/users/{user}", READERS),
    ("GET", "/users/export", READERS),
    ("POST", "/users", ADMINISTRATOR),
    ("PATCH", "/users/{user}", ADMINISTRATOR),
    ("DELETE", "/users/{user}", ADMINISTRATOR),
    ("POST", "/users/{user}/password", ADMINISTRATOR),
    ("GET", "/history", READERS),
    ("GET", "/history/facets", READERS),
    ("GET", "/history/verify", READERS),
    ("GET", "/nodes", ALL),
    ("POST", "/nodes", ADMINISTRATOR),
    ("PATCH", "/nodes/{node}", ADMINISTRATOR),
    ("PUT", "/nodes/{node}/credential", ADMINISTRATOR),
    ("DELETE", "/nodes/{node}", ADMINISTRATOR),
    ("POST", "/nodes/{node}/pause", {Role.ADMINISTRATOR, Role.ANALYST}),
    ("POST", "/nodes/{node}/resume", {Role.ADMINISTRATOR, Role.ANALYST}),
]


@pytest.fixture(autouse=True)
def _quick_passwords(settings) -> None:
    """Nobody signs in with a password here, and there are hundreds of people."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def path_of():
    environment = create_environment(name="Production")
    node = create_node(name="alpha", address="unix:///run/alpha.sock", environment=environment)
    other = person("other", Role.VIEWER)
    return lambda path: path.format(user=other.pk, node=node.pk)


@pytest.mark.parametrize("role", sorted(ALL))
@pytest.mark.parametrize(
    ("method", "path", "allowed"), ENDPOINTS, ids=lambda v: v if isinstance(v, str) else ""
)
def test_a_role_may_only_what_it_may(role: str, method: str, path: str, allowed: set[str], path_of) -> None:
    answer = send(signed_in(person("me", role)), method, path_of(path), {} if method != "GET" else None)
    if role in allowed:
        assert answer.status_code not in (401, 403, 404, 405, 500), answer.content
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


@pytest.mark.parametrize(
    ("method", "path", "_allowed"), ENDPOINTS, ids=lambda v: v if isinstance(v, str) else ""
)
def test_nobody_may_anything(method: str, path: str, _allowed: set[str], path_of) -> None:
    answer = send(Client(raise_request_exception=False), method, path_of(path), {})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["code"] == "not_authenticated"


@pytest.mark.parametrize(
    ("method", "path", "_allowed"), ENDPOINTS, ids=lambda v: v if isinstance(v, str) else ""
)
def test_a_reading_token_only_reads(method: str, path: str, _allowed: set[str], path_of) -> None:
    answer = send(program(person("me"), "read"), method, path_of(path), {} if method != "GET" else None)
    if method == "GET":
        assert answer.status_code == 200
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "token_scope")


@pytest.mark.parametrize(
    ("method", "path", "_allowed"), ENDPOINTS, ids=lambda v: v if isinstance(v, str) else ""
)
def test_a_new_password_comes_before_everything_else(method: str, path: str, _allowed, path_of) -> None:
    answer = send(signed_in(person("me", must_change_password=True)), method, path_of(path), {})
    if path == "/me":
        assert answer.status_code in (200, 400)
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "password_change_required")


class Silent(APIView):
    def get(self, request: object) -> Response:
        return Response({})


class Half(Silent):
    permissions = {"POST": "fleet.view"}


@pytest.mark.parametrize("view", [Silent, Half])
def test_a_view_that_states_no_permission_is_closed_to_an_administrator(view: type[APIView]) -> None:
    request = APIRequestFactory().get("/")
    force_authenticate(request, person())
    assert view.as_view()(request).status_code == 403
