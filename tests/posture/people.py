"""People, their clients and nodes for the tests of the API's doors."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from posture.accounts.actions import create_token, create_user
from posture.accounts.choices import Role
from posture.accounts.models import User

PASSWORD = "a-long-enough-phrase-7"


def person(username: str = "ada", role: str = Role.ADMINISTRATOR, **fields: Any) -> User:
    fields.setdefault("must_change_password", False)
    return create_user(username=username, password=PASSWORD, role=role, **fields)


def signed_in(user: User, **settings: Any) -> Client:
    """A browser of this person, without going through the sign-in."""
    client = Client(raise_request_exception=False, **settings)
    client.force_login(user)
    return client


def program(user: User, scope: str = "write", **fields: Any) -> Client:
    """A program with a token of this person."""
    _, text = create_token(user=user, name=fields.pop("name", f"{scope} of tests"), scope=scope, **fields)
    return Client(raise_request_exception=False, headers={"authorization": f"Bearer {text}"})


def send(client: Client, method: str, path: str, body: Any = None, **extra: Any) -> Any:
    """One JSON request to /api/v1."""
    return client.generic(
        method,
        f"/api/v1{path}",
        data="" if body is None else json.dumps(body),
        content_type="application/json",
        **extra,
    )
