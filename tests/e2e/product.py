"""The running product of the tests, seen as a program sees it: its API with a token, and its command line."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import requests
from playwright.sync_api import Browser

from tests.engines import Engine
from tests.platform.instances import PASSWORD, ROOT, Instance
from tests.workers import wait_for

TIMEOUT_SECONDS = 30
ENDED = {"succeeded", "partial", "failed", "cancelled"}


class Product:
    """A ready instance. Its answers are the decoded JSON; every other status than expected fails the test."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.address = f"http://127.0.0.1:{instance.port}"
        self._token = self.manage("token", "create", "--user", "admin", "--name", "browser tests").strip()

    def manage(self, *arguments: str) -> str:
        """What `manage.py` prints, run on this instance's data folder."""
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "REDIS_URL"} and not name.startswith("PLIMSOLL_")
        }
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment | {"PLIMSOLL_VAR": str(self.instance.var)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, method: str, path: str, *, status: int | None = None, **options: Any) -> requests.Response:
        answer = requests.request(
            method,
            f"{self.address}/api/v1{path}",
            headers={"Authorization": f"Bearer {self._token}"},
            timeout=TIMEOUT_SECONDS,
            **options,
        )
        if status is None:
            assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        else:
            assert answer.status_code == status, answer.text[:500]
        return answer

    def get(self, path: str, **query: Any) -> Any:
        return self.ask("GET", path, params=query).json()

    def rows(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Every row of a list, page after page."""
        found: list[dict[str, Any]] = []
        answer = self.get(path, **{"limit": 200} | query)
        while True:
            found += answer["results"]
            if answer["next"] is None:
                return found
            answer = self.get(answer["next"].partition("/api/v1")[2])

    def post(self, path: str, body: object = None) -> Any:
        return self.ask("POST", path, json=body or {}).json()

    def delete(self, path: str) -> None:
        self.ask("DELETE", path)

    def environment(self) -> int:
        return int(self.get("/environments")["results"][0]["id"])

    def add_node(self, name: str, address: str, **more: Any) -> dict[str, Any]:
        body = {"name": name, "address": address, "environment": self.environment()} | more
        return dict(self.post("/nodes", body))

    def ended_pull(self, pull: int) -> dict[str, Any]:
        """The pull, once it has ended."""

        def ended() -> dict[str, Any] | None:
            answer = dict(self.get(f"/pulls/{pull}"))
            return answer if answer["state"] in ENDED else None

        return dict(wait_for(f"the end of pull {pull}", ended))

    def pull(self, node: int) -> dict[str, Any]:
        """A pull from now to its end."""
        return self.ended_pull(self.post(f"/nodes/{node}/pull")["id"])

    def session(self, browser: Browser, username: str = "admin", password: str = PASSWORD) -> Any:
        """Cookies of somebody who is logged in, for a window."""
        context = browser.new_context(base_url=self.address)
        try:
            context.request.get("/api/v1/session")
            csrf = next(cookie["value"] for cookie in context.cookies() if cookie["name"] == "plimsoll_csrf")
            answer = context.request.post(
                "/api/v1/session",
                data={"username": username, "password": password},
                headers={"X-CSRFToken": csrf, "Referer": self.address},
            )
            assert answer.ok, answer.text()
            return context.storage_state()
        finally:
            context.close()


@dataclass
class Fleet:
    """One node that was pulled, with its host."""

    engine: Engine
    node: dict[str, Any]
    host: dict[str, Any]


@dataclass
class Probed:
    """Hosts that a host probe told of, and the containers on the first: ids by name."""

    hosts: dict[str, int]
    containers: dict[str, int]


def tls_credential(engine: Engine) -> dict[str, str]:
    """What the wizard asks for an engine with TLS."""
    credential = engine.credential
    return {
        "ca_certificate": credential.ca_certificate,
        "client_certificate": credential.client_certificate,
        "client_key": credential.client_key,
    }
