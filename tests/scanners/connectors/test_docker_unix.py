"""A real Docker Engine over its unix socket."""

from __future__ import annotations

import msgspec
import pytest

from scanners.connectors import open_node
from scanners.records import Credential, Limits, Mount
from tests.engines import Engine
from tests.scanners.connectors.pulling import never, pull

pytestmark = pytest.mark.engine


def test_it_reads_the_engine_and_every_container_running_or_not(docker_engine: Engine):
    with (
        docker_engine.container(
            "running", user="1000", read_only=True, cap_drop=["ALL"], mem_limit="64m", pids_limit=50
        ),
        docker_engine.container(
            "created", start=False, privileged=True, network_mode="host", pid_mode="host"
        ),
    ):
        pulled = pull(docker_engine.address)
    assert pulled.skipped == []
    assert pulled.engine.engine == "docker"
    assert pulled.engine.engine_id
    assert pulled.engine.default_bridge_exists is False
    assert {item.name for item in pulled.engine.containers or ()} >= {"running", "created"}
    running, created = pulled.containers["running"], pulled.containers["created"]
    assert (running.status, running.user, running.readonly_rootfs) == ("running", "1000", True)
    assert (running.capabilities_dropped, running.memory_bytes, running.pids_limit) == (
        ("ALL",),
        64 * 1024**2,
        50,
    )
    assert running.processes == ("sleep",)
    assert (created.status, created.privileged, created.network_mode, created.pid_mode) == (
        "created",
        True,
        "host",
        "host",
    )
    assert created.processes is None
    assert running.engine is not None and running.engine.engine_id == pulled.engine.engine_id
    image = pulled.images[running.image_id]
    assert image.references == (docker_engine.image,)
    assert image.in_use_references == (docker_engine.image,)
    assert pulled.phases[0] == ("engine", 0, 1)
    assert pulled.phases[-1][0] == "containers" and pulled.phases[-1][1] == pulled.phases[-1][2]


def test_an_unchanged_engine_has_the_same_fingerprints(docker_engine: Engine):
    with docker_engine.container("steady") as identifier:
        first, second = pull(docker_engine.address), pull(docker_engine.address)
        assert identifier in first.fingerprints
        assert first.fingerprints == second.fingerprints


def test_a_changed_container_changes_its_own_fingerprint_and_no_other_containers(docker_engine: Engine):
    with docker_engine.container("changed") as changed, docker_engine.container("untouched") as untouched:
        before = pull(docker_engine.address).fingerprints
        client = docker_engine.client()
        client.containers.get(changed).update(mem_limit="32m", memswap_limit="32m")
        client.close()
        after = pull(docker_engine.address).fingerprints
    assert before[changed] != after[changed]
    assert before[untouched] == after[untouched]


def test_no_secret_leaves_the_connector(docker_engine: Engine):
    with docker_engine.container(
        "secretive",
        ["/bin/sleep", "3600", "--password=hunter2hunter2"],
        environment={
            "DB_PASSWORD": "hunter2hunter2",
            "URL": "postgres://me:hunter2hunter2@db/x",
            "MODE": "prod",
        },
        labels={"app.token": "hunter2hunter2", "role": "web"},
        healthcheck={"test": ["CMD", "true", "--api-key", "hunter2hunter2"], "interval": 10**12},
        entrypoint=[],
        start=False,
    ):
        pulled = pull(docker_engine.address)
    everything = b"".join(msgspec.json.encode(item) for item in pulled.observed)
    assert b"hunter2hunter2" not in everything
    container = pulled.containers["secretive"]
    assert set(container.environment_names) >= {"DB_PASSWORD", "URL", "MODE"}
    places = {sighting.where for sighting in container.secrets}
    assert {
        "Env DB_PASSWORD",
        "Env URL",
        "Label app.token",
        "Cmd argument 3",
        "Healthcheck argument 4",
    } <= places
    assert "Env MODE" not in places and "Label role" not in places


def test_it_reads_mounts_devices_ports_limits_and_log_options(docker_engine: Engine):
    with docker_engine.container(
        "detailed",
        start=False,
        network_mode="default",
        volumes={"/etc": {"bind": "/host/etc", "mode": "ro"}},
        tmpfs={"/run": "size=1m"},
        devices=["/dev/null:/dev/zilch:rw"],
        ports={"80/tcp": ("127.0.0.1", 18080)},
        ulimits=[{"Name": "nofile", "Soft": 100, "Hard": 200}],
        nano_cpus=500_000_000,
        cap_add=["NET_ADMIN"],
        security_opt=["no-new-privileges"],
        restart_policy={"Name": "on-failure", "MaximumRetryCount": 5},
        log_config={"Type": "json-file", "Config": {"max-size": "1m"}},
    ):
        container = pull(docker_engine.address).containers["detailed"]
    mounts = {mount.destination: mount for mount in container.mounts}
    assert mounts["/host/etc"] == Mount(
        kind="bind", source="/etc", destination="/host/etc", read_only=True, propagation="rprivate"
    )
    assert mounts["/run"].kind == "tmpfs"
    assert [(device.host_path, device.container_path) for device in container.devices] == [
        ("/dev/null", "/dev/zilch")
    ]
    assert [(port.container_port, port.host_ip, port.host_port) for port in container.published_ports] == [
        (80, "127.0.0.1", 18080)
    ]
    assert container.ulimits == ("nofile=100:200",)
    assert (container.cpus, container.capabilities_added) == (0.5, ("NET_ADMIN",))
    assert container.security_options == ("no-new-privileges",)
    assert (container.restart_policy, container.restart_max_retries) == ("on-failure", 5)
    assert (container.log_driver, container.log_options) == ("json-file", {"max-size": "1m"})


def test_a_stopped_containers_end_is_known_to_the_engine_record(docker_engine: Engine):
    with docker_engine.container("ended", ["/bin/true"]) as identifier:
        client = docker_engine.client()
        client.containers.get(identifier).wait()
        client.close()
        pulled = pull(docker_engine.address)
    summary = next(item for item in pulled.engine.containers or () if item.id == identifier)
    assert summary.status == "exited"
    assert summary.finished_at is not None
    assert pulled.containers["ended"].finished_at == summary.finished_at


def test_a_container_that_vanishes_during_the_pull_is_a_skipped_item(docker_engine: Engine):
    with (
        docker_engine.container("fleeting") as identifier,
        open_node("docker", docker_engine.address, Credential(), Limits(), is_cancelled=never) as session,
    ):
        items = session.collect(lambda *_: None)
        first = next(items)
        client = docker_engine.client()
        client.containers.get(identifier).remove(force=True)
        client.close()
        rest = list(items)
    assert first
    lost = [item for item in rest if getattr(item, "kind", "") == "vanished"]
    assert [(item.where, item.asset_key) for item in lost] == [("container fleeting", identifier)]


def test_a_manager_of_a_cluster_describes_it(docker_engine: Engine):
    client = docker_engine.client()
    client.api.init_swarm(listen_addr="127.0.0.1:0", advertise_addr="127.0.0.1", data_path_addr="127.0.0.1")
    try:
        pulled = pull(docker_engine.address)
    finally:
        client.api.leave_swarm(force=True)
        client.close()
    (cluster,) = pulled.clusters
    assert cluster.id == pulled.engine.swarm_cluster_id
    assert cluster.autolock is False
    assert cluster.node_cert_expiry_seconds == 90 * 24 * 3600
    assert [node.role for node in cluster.nodes or ()] == ["manager"]
    assert cluster.root_certificate_pem.startswith("-----BEGIN CERTIFICATE-----")
    assert b"SWMTKN" not in b"".join(msgspec.json.encode(item) for item in pulled.observed)


def test_the_probe_says_what_was_found(docker_engine: Engine):
    with (
        docker_engine.container("counted", start=False),
        open_node("docker", docker_engine.address, Credential(), Limits(), is_cancelled=never) as session,
    ):
        report = session.probe()
    assert (report.engine, report.containers, report.images, report.missing) == ("docker", 1, 1, ())
    assert "containers" in report.readable
