"""What every list does: pages, orderings, counts, facets, exports, ETags, refusals."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client

from posture.defences.choices import DefenceState
from tests.posture.api.fleet import Fleet
from tests.posture.api.resources import ORDERINGS, RESOURCES, get, walk

pytestmark = pytest.mark.django_db

EVERY = pytest.mark.parametrize("name", list(RESOURCES))


def ids(rows: list[Any]) -> list[Any]:
    return [row["id"] for row in rows]


@EVERY
def test_it_answers_results_next_and_count(name: str, fleet: Fleet, admin: Client) -> None:
    page = get(admin, f"/{name}")
    assert list(page) == ["results", "next", "count"]
    assert page["results"], f"{name}: the fleet has some"
    assert page["count"] == {"value": len(walk(admin, f"/{name}", limit=200)), "exact": True}


@pytest.mark.parametrize(("name", "ordering"), ORDERINGS)
def test_small_pages_give_the_whole_list_once_in_order(
    name: str, ordering: str, fleet: Fleet, admin: Client
) -> None:
    whole = get(admin, f"/{name}", ordering=ordering, limit=200)
    expected = (
        ids(whole["results"]) if whole["next"] is None else ids(walk(admin, f"/{name}", ordering=ordering))
    )
    limit = max(2, len(expected) // 8)
    assert ids(walk(admin, f"/{name}", ordering=ordering, limit=limit)) == expected
    assert len(set(expected)) == len(expected)


@EVERY
def test_an_item_has_what_its_row_has_and_more(name: str, fleet: Fleet, admin: Client) -> None:
    row = get(admin, f"/{name}", limit=1)["results"][0]
    item = get(admin, f"/{name}/{row['id']}")
    assert {key: item[key] for key in row} == row


@EVERY
def test_the_counts_of_a_facet_are_the_counts_of_the_list(name: str, fleet: Fleet, admin: Client) -> None:
    for facet in get(admin, f"/{name}/facets")["facets"]:
        assert facet["label"]
        for value in facet["values"]:
            page = get(admin, f"/{name}", **{facet["name"]: value["value"]})
            assert page["count"] == value["count"], (facet["name"], value)


@EVERY
def test_a_facet_is_counted_without_its_own_filter(name: str, fleet: Fleet, admin: Client) -> None:
    facets = {facet["name"]: facet for facet in get(admin, f"/{name}/facets")["facets"]}
    for facet in facets.values():
        if facet["name"] == "state" or not facet["values"]:
            continue
        chosen = get(admin, f"/{name}/facets", **{facet["name"]: facet["values"][0]["value"]})["facets"]
        assert next(other for other in chosen if other["name"] == facet["name"]) == facet


@EVERY
def test_several_values_of_a_filter_mean_any_of_them(name: str, fleet: Fleet, admin: Client) -> None:
    for facet in get(admin, f"/{name}/facets")["facets"]:
        some = [value for value in facet["values"] if value["count"]["value"]][:2]
        if len(some) < 2 or {value["value"] for value in some} <= {"true", "false"}:
            continue
        if facet["name"] == "framework":
            continue  # one check serves several frameworks
        both = get(admin, f"/{name}", **{facet["name"]: ",".join(value["value"] for value in some)})
        total = sum(value["count"]["value"] for value in some)
        if facet["name"] == "environment" and name in ("images", "findings", "check-results"):
            assert both["count"]["value"] <= total  # an image lies in several environments
        elif name.endswith("-defences") and facet["name"] in DefenceState.values:
            largest = max(value["count"]["value"] for value in some)
            assert largest <= both["count"]["value"] <= total  # one host lacks several mechanisms
        else:
            assert both["count"]["value"] == total


@EVERY
@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_an_export_holds_every_row_of_the_view(name: str, kind: str, fleet: Fleet, admin: Client) -> None:
    rows = walk(admin, f"/{name}", limit=200)
    response = admin.get(f"/api/v1/{name}/export", {"format": kind})
    assert response.status_code == 200
    body = b"".join(response.streaming_content).decode()
    assert f"{name}-" in response.headers["Content-Disposition"]
    if kind == "jsonl":
        assert [json.loads(line) for line in body.splitlines()] == rows
    else:
        exported = list(csv.DictReader(io.StringIO(body)))
        assert [row["id"] for row in exported] == [str(row["id"]) for row in rows]


@EVERY
def test_an_unchanged_answer_is_not_sent_twice(name: str, fleet: Fleet, admin: Client) -> None:
    for path in (f"/api/v1/{name}", f"/api/v1/{name}/{get(admin, f'/{name}')['results'][0]['id']}"):
        first = admin.get(path)
        assert first.headers["ETag"].startswith('W/"')
        again = admin.get(path, headers={"if-none-match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")


REFUSED = [
    ("limit", "0"),
    ("limit", "201"),
    ("limit", "many"),
    ("cursor", "%%%"),
    ("cursor", "WyJuYW1lIl0"),
    ("cursor", "é"),
    ("ordering", "password"),
    ("misspelt", "x"),
    ("search", "a\x00b"),
    ("as_of", "yesterday"),
]


@EVERY
@pytest.mark.parametrize(("parameter", "value"), REFUSED)
def test_it_refuses_what_it_does_not_know_and_names_it(
    name: str, parameter: str, value: str, admin: Client
) -> None:
    response = admin.get(f"/api/v1/{name}", {parameter: value})
    assert response.status_code == 400, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    assert [error["field"] for error in response.json()["errors"]] == [parameter]


@EVERY
def test_it_refuses_a_value_that_a_filter_does_not_take(name: str, fleet: Fleet, admin: Client) -> None:
    for filter_name, item in RESOURCES[name].filterset_class.base_filters.items():
        schema = item.schema()
        schema = schema.get("items", schema)
        if "enum" in schema or schema["type"] == "integer":
            response = admin.get(f"/api/v1/{name}", {filter_name: "wrong value"})
            assert response.status_code == 400, filter_name
            assert response.json()["errors"][0]["field"] == filter_name


@EVERY
def test_a_cursor_of_another_ordering_is_refused(name: str, fleet: Fleet, admin: Client) -> None:
    view = RESOURCES[name]
    other = next(ordering for ordering in view.orderings if ordering != view.default_ordering)
    following = get(admin, f"/{name}", limit=1)["next"]
    if following is None:
        assert name in ("users", "tokens"), f"{name}: the fleet has more than one"
        return
    response = admin.get(f"{following}&ordering={other}")
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == ["cursor"]


@EVERY
def test_nothing_is_shown_to_somebody_who_is_not_signed_in(name: str, client: Client) -> None:
    for path in (f"/{name}", f"/{name}/1", f"/{name}/facets", f"/{name}/export"):
        response = client.get(f"/api/v1{path}")
        assert response.status_code == 401, path
        assert response.headers["Content-Type"] == "application/problem+json"
