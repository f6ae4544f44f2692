"""Each endpoint asks the database the same number of questions, however many rows it shows.

The numbers are a committed baseline: a change shows up in review. `QUERY_COUNTS=write` writes them anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from posture.fleet.models import Asset
from posture.trends import changes
from tests.posture.api.fleet import launch
from tests.posture.api.resources import OF_THE_FLEET, RESOURCES, get

pytestmark = pytest.mark.django_db
BASELINE = Path(__file__).parents[2] / "query_counts.json"


@pytest.fixture(scope="module")
def big_fleet(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        launch(scale=8)
        connection.close()
    yield
    with django_db_blocker.unblock():
        call_command("flush", interactive=False, verbosity=0)
        connection.close()


def queries(client: Client, path: str, **parameters: Any) -> int:
    get(client, "/meta")  # the session is read once before, so that its refresh is not counted
    with CaptureQueriesContext(connection) as captured:
        get(client, path, **parameters)
    return len(captured)


def endpoints(client: Client) -> dict[str, str]:
    """The template of each reading endpoint, and a path of it."""
    found = {}
    for name in RESOURCES:
        row = get(client, f"/{name}", limit=1)["results"][0]
        found |= {
            f"/{name}": f"/{name}",
            f"/{name}/facets": f"/{name}/facets",
            f"/{name}/{{id}}": f"/{name}/{row['id']}",
        }
    host = Asset.objects.filter(kind="host").latest("pk")
    found["/hosts/{id}/ledger"] = f"/hosts/{host.pk}/ledger"
    found["/images/{id}/signatures"] = (
        f"/images/{Asset.objects.filter(kind='image').latest('pk').pk}/signatures"
    )
    found["/environments/{id}/ledger"] = f"/environments/{host.environment_id}/ledger"
    for by in ("check", "host", "image", "severity"):
        found[f"/findings/groups?by={by}"] = f"/findings/groups?by={by}"
    since = (timezone.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for by in ("severity", "team"):
        found[f"/trends?by={by}"] = f"/trends?by={by}"
    for by in ("severity", "environment"):
        found[f"/remediation?by={by}"] = f"/remediation?by={by}"
    found |= {"/burn-down": "/burn-down", "/annotations": "/annotations"}
    found |= {"/notifications": "/notifications", "/reminders": "/reminders"}
    found["/changes"] = f"/changes?from={since}"
    for what in changes.WHAT:
        found[f"/changes/{what}"] = f"/changes/{what}?from={since}"
    return found | {"/meta": "/meta", "/freshness": "/freshness", "/search?q=alpha": "/search?q=alpha"}


def test_the_number_of_queries_is_the_committed_one(big_fleet: None, admin: Client) -> None:
    counted = {template: queries(admin, path) for template, path in sorted(endpoints(admin).items())}
    if os.environ.get("QUERY_COUNTS") == "write":
        BASELINE.write_text(json.dumps(counted, indent=2) + "\n")
    assert counted == json.loads(BASELINE.read_text())


@pytest.mark.parametrize("name", OF_THE_FLEET)
def test_more_rows_ask_no_more_questions(name: str, big_fleet: None, admin: Client) -> None:
    # A page that holds the whole list is not counted again: one question less.
    few, many = queries(admin, f"/{name}", limit=1), queries(admin, f"/{name}", limit=200)
    assert many in (few, few - 1)
