"""The table of checks says what the running version declares."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from posture.collection import catalogue
from posture.compliance.models import Check
from scanners.checks.registry import CATALOGUE


@pytest.mark.django_db
def test_every_declared_check_is_a_row_and_one_that_left_is_retired() -> None:
    Check.objects.create(
        slug="docker.container.of-yesterday", title="T", severity=1, asset_kind="container",
        rationale="R.", remediation="M.", evidence_source="Engine API",
    )  # fmt: skip
    changed = Check.objects.get(slug=CATALOGUE[0].id)
    Check.objects.filter(pk=changed.pk).update(title="An older title")
    ids = catalogue.sync()
    live = set(Check.objects.filter(is_retired=False).values_list("slug", flat=True))
    assert live == {check.id for check in CATALOGUE}
    assert ids[changed.slug] == changed.pk and Check.objects.get(pk=changed.pk).title == CATALOGUE[0].title


@pytest.mark.django_db(transaction=True)
def test_processes_that_start_a_new_version_at_once_do_not_stand_in_each_others_way() -> None:
    Check.objects.all().delete()
    errors: list[Exception] = []
    barrier = threading.Barrier(3)

    def start() -> None:
        try:
            barrier.wait()
            catalogue.sync()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == [] and Check.objects.count() == len(CATALOGUE)
