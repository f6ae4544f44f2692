"""COPY keeps every text as it is, and what PostgreSQL cannot hold is replaced in the open."""

from __future__ import annotations

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posture.base import upsert
from posture.findings.models import Finding
from posture.fleet.models import Asset, ContainerState

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)


@pytest.mark.django_db
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(name=texts, ports=st.lists(texts, max_size=4), shown=st.lists(st.tuples(texts, texts), max_size=3))
def test_what_is_copied_is_what_is_read(name: str, ports: list[str], shown: list[tuple[str, str]]) -> None:
    host = Asset.objects.create(
        kind="host",
        key=str(timezone.now()),
        name="h",
        first_seen_at=timezone.now(),
        changed_at=timezone.now(),
    )
    state = dict.fromkeys(
        (
            "fingerprint",
            "engine_container_id",
            "image_reference",
            "status",
            "user",
            "network_mode",
            "project",
        ),
        "x",
    ) | {
        "asset_id": host.pk,
        "host_id": host.pk,
        "opened_at": timezone.now(),
        "privileged": True,
        "exposed": False,
    }
    state |= {"name": name, "published": tuple(ports), "settings": [list(pair) for pair in shown]}
    assert upsert.copy(ContainerState, tuple(state), [tuple(state.values())]) == 1
    read = ContainerState.objects.get(asset=host)

    def kept(text: str) -> str:
        return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")

    assert read.name == kept(name) and read.published == [kept(port) for port in ports]
    assert read.settings == [[kept(a), kept(b)] for a, b in shown] and read.opened_at == state["opened_at"]


@pytest.mark.django_db
def test_allocated_keys_are_never_given_twice() -> None:
    first, second = upsert.allocate(Finding, 3), upsert.allocate(Finding, 2)
    assert len({*first, *second}) == 5 and upsert.allocate(Finding, 0) == []


@pytest.mark.django_db
def test_nothing_to_do_asks_nothing(django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert upsert.copy(Finding, ("id",), []) == 0
        assert upsert.update(Finding, ("points",), ("bigint", "float8"), []) == 0
        assert upsert.insert_missing(Asset, ("kind",), ("text",), [], ("kind",)) == 0
        assert upsert.close(Finding, [], timezone.now()) == 0
