"""The OpenAPI document: valid, without warnings, and saying what the API does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from openapi_spec_validator import validate

from posture.api_docs import document
from tests.posture.api.resources import RESOURCES

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    GENERATOR_STATS.reset()
    document.cache_clear()
    return json.loads(json.dumps(document()))


def test_it_is_valid_openapi_3_1(schema: dict[str, Any]) -> None:
    assert schema["openapi"].startswith("3.1")
    validate(schema)


def test_making_it_gives_no_warning(schema: dict[str, Any]) -> None:
    assert dict(GENERATOR_STATS._warn_cache) == {}
    assert dict(GENERATOR_STATS._error_cache) == {}


def test_it_is_served_to_anybody(client: Client, schema: dict[str, Any]) -> None:
    response = client.get("/api/v1/schema")
    assert response.status_code == 200
    assert response.json()["paths"].keys() == schema["paths"].keys()
    assert (
        client.get("/api/v1/schema", headers={"if-none-match": response.headers["ETag"]}).status_code == 304
    )


@pytest.mark.parametrize("name", list(RESOURCES))
def test_every_list_declares_its_parameters(name: str, schema: dict[str, Any]) -> None:
    view = RESOURCES[name]
    operation = schema["paths"][f"/api/v1/{name}"]["get"]
    parameters = {parameter["name"]: parameter for parameter in operation["parameters"]}
    assert parameters["ordering"]["schema"]["enum"] == list(view.orderings)
    assert set(view.filterset_class.base_filters) | {"cursor", "limit", "ordering"} <= set(parameters)
    assert ("as_of" in parameters) == view.supports_as_of
    assert f"/api/v1/{name}/facets" in schema["paths"]
    assert f"/api/v1/{name}/export" in schema["paths"]
    envelope = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[
        2
    ]
    assert schema["components"]["schemas"][envelope]["required"] == ["results", "next", "count"]


def test_every_json_answer_has_an_example_and_every_operation_its_problems(schema: dict[str, Any]) -> None:
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            for code, response in operation["responses"].items():
                media = response.get("content", {}).get("application/json")
                if code.startswith("2") and media is not None:
                    assert media["examples"], (method, path)
            assert "application/problem+json" in operation["responses"]["401"]["content"], (method, path)


def test_operation_ids_are_unique(schema: dict[str, Any]) -> None:
    ids = [operation["operationId"] for item in schema["paths"].values() for operation in item.values()]
    assert len(set(ids)) == len(ids)


def test_the_documentation_page_runs_no_script_and_loads_nothing(client: Client) -> None:
    response = client.get("/api/v1/docs")
    page = response.content.decode()
    assert response.status_code == 200
    assert "<script" not in page and "style=" not in page and "http://" not in page and "//cdn" not in page
    nonce = page.partition('<style nonce="')[2].partition('"')[0]
    assert nonce and f"'nonce-{nonce}'" in response.headers["Content-Security-Policy"]
    for name in RESOURCES:
        assert f"/api/v1/{name}" in page
