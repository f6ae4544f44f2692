"""Every list of the API, with the filters and orderings that its class declares: what tests walk over."""

from __future__ import annotations

from typing import Any

from django.test import Client

from posture.api import router
from posture.base.views import ResourceViewSet

RESOURCES: dict[str, type[ResourceViewSet]] = {
    prefix: view for prefix, view, _ in router.registry if issubclass(view, ResourceViewSet)
}
# What belongs to the fleet, and so to environments; the others are about people, or of the installation.
_OF_PEOPLE = ("users", "teams", "tokens", "views", "history", "feeds", "webhooks", "digests", "messages")
OF_THE_FLEET = [name for name in RESOURCES if name not in _OF_PEOPLE]
ORDERINGS = [(name, ordering) for name, view in RESOURCES.items() for ordering in view.orderings]
PAST = [name for name, view in RESOURCES.items() if view.supports_as_of]


def get(client: Client, path: str, **parameters: Any) -> Any:
    """The JSON answer of a GET that must succeed."""
    response = client.get(f"/api/v1{path}", parameters)
    assert response.status_code == 200, (path, parameters, response.content[:2000])
    return response.json()


def walk(client: Client, path: str, **parameters: Any) -> list[Any]:
    """Every row of a list, page by page, as `next` leads."""
    rows, page = [], get(client, path, **parameters)
    while True:
        rows += page["results"]
        if page["next"] is None:
            return rows
        assert len(rows) < 10_000, "the pages do not end"
        page = client.get(page["next"]).json()
