"""Podman's Docker-compatible socket."""

from __future__ import annotations

import msgspec
import pytest

from scanners.connectors import open_node
from scanners.records import Credential, Limits
from tests.engines import Engine
from tests.scanners.connectors.pulling import never, pull

pytestmark = pytest.mark.engine


def test_it_reads_containers_and_images(podman_engine: Engine):
    with (
        podman_engine.container("running", environment={"DB_PASSWORD": "hunter2hunter2"}),
        podman_engine.container("created", start=False, privileged=True),
    ):
        pulled = pull(podman_engine.address)
    assert pulled.skipped == []
    assert (pulled.engine.engine, pulled.engine.engine_id) == ("podman", "")
    running = pulled.containers["running"]
    assert (running.status, running.processes) == ("running", ("sleep",))
    assert running.image_id in pulled.images
    assert running.image_repo_digests
    assert [sighting.where for sighting in running.secrets] == ["Env DB_PASSWORD"]
    assert pulled.containers["created"].privileged
    assert b"hunter2hunter2" not in b"".join(msgspec.json.encode(item) for item in pulled.observed)


def test_an_unchanged_engine_has_the_same_fingerprints(podman_engine: Engine):
    with podman_engine.container("steady"):
        first, second = pull(podman_engine.address), pull(podman_engine.address)
    assert first.fingerprints == second.fingerprints


def test_the_probe_says_that_it_is_podman(podman_engine: Engine):
    with open_node("docker", podman_engine.address, Credential(), Limits(), is_cancelled=never) as session:
        assert session.probe().engine == "podman"
