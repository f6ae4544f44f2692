"""Engine API answers to records: real samples, stable fingerprints, and wrong types that are named."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.answers import MalformedAnswerError
from scanners.engine_api import container_facts, engine_facts, image_facts, inherited_settings, swarm_facts
from scanners.records import (
    ContainerFacts,
    EngineFacts,
    ImageFacts,
    Mount,
    Observed,
    PublishedPort,
    SwarmFacts,
)

DATA = Path(__file__).parents[1] / "data" / "engine_api"
VERSION = {"Version": "27.0.0", "ApiVersion": "1.46", "Components": [{"Name": "Engine", "Version": "27.0.0"}]}
IMAGE = {
    "Id": "sha256:abc",
    "RepoTags": ["web:1", "<none>:<none>"],
    "RepoDigests": ["web@sha256:def"],
    "Created": "2024-01-02T03:04:05.123456789Z",
    "Size": 1000,
    "Os": "linux",
    "Architecture": "amd64",
    "Author": "someone",
    "Config": {
        "User": "1000",
        "Env": ["PATH=/bin", "API_TOKEN=hunter2hunter2"],
        "Cmd": ["/bin/web"],
        "ExposedPorts": {"443/tcp": {}, "80/tcp": {}},
        "Volumes": {"/data": {}},
        "Healthcheck": {"Test": ["CMD", "true"]},
        "Labels": {"org.opencontainers.image.version": "1"},
    },
    "RootFS": {"Type": "layers", "Layers": ["sha256:1", "sha256:2"]},
    "Metadata": {"LastTagTime": "2024-01-02T03:04:05Z"},
}
HISTORY = [
    {
        "CreatedBy": "ENV API_TOKEN=hunter2hunter2",
        "Created": 1704164645,
        "Size": 0,
        "Tags": ["web:1"],
        "Comment": "x",
    },
    {"CreatedBy": "/bin/sh -c #(nop) ADD file:1 in / ", "Created": 1704164640, "Size": 1000, "Tags": None},
]
SWARM = {
    "ID": "cluster",
    "CreatedAt": "2024-01-02T03:04:05Z",
    "UpdatedAt": "2024-01-02T03:04:05Z",
    "Version": {"Index": 11},
    "Spec": {
        "Name": "default",
        "CAConfig": {"NodeCertExpiry": 7776000000000000, "SigningCAKey": "hunter2hunter2"},
        "EncryptionConfig": {"AutoLockManagers": True},
    },
    "TLSInfo": {"TrustRoot": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"},
    "RootRotationInProgress": False,
    "DataPathPort": 4789,
    "JoinTokens": {"Worker": "hunter2hunter2", "Manager": "hunter2hunter2"},
}
NODES = [
    {
        "ID": "n1",
        "Spec": {"Role": "manager", "Availability": "active"},
        "Description": {"Hostname": "one", "Engine": {"EngineVersion": "27.0.0"}},
        "Status": {"State": "ready"},
        "ManagerStatus": {"Leader": True, "Reachability": "reachable"},
    }
]
SERVICES = [
    {
        "ID": "s1",
        "Spec": {
            "Name": "web",
            "TaskTemplate": {
                "ContainerSpec": {
                    "Image": "web:1",
                    "Env": ["DB_PASSWORD=hunter2hunter2", "MODE=prod"],
                    "Secrets": [{"SecretName": "tls-key"}],
                }
            },
        },
    }
]


def sample(name: str) -> dict[str, Any]:
    document = json.loads((DATA / name).read_text())
    found: dict[str, Any] = document[0] if isinstance(document, list) else document
    return found


def container(inspect: dict[str, Any]) -> ContainerFacts:
    facts = container_facts(inspect).facts
    assert isinstance(facts, ContainerFacts)
    return facts


def engine(info: dict[str, Any], **lists: Any) -> EngineFacts:
    facts = engine_facts(info, VERSION, **lists).facts
    assert isinstance(facts, EngineFacts)
    return facts


def text_of(observed: Observed) -> bytes:
    return msgspec.json.encode(observed)


def test_it_reads_a_container_with_published_ports():
    facts = container(sample("host-docker-inspect-full.json"))
    assert facts.name == "desperate_babbage"
    assert facts.created_at == datetime(2015, 4, 29, 11, 55, 42, 968262, tzinfo=UTC)
    assert facts.finished_at is None
    assert facts.published_ports == (
        PublishedPort(container_port=8080, protocol="tcp", host_ip="0.0.0.0", host_port=8080),
        PublishedPort(container_port=8081, protocol="tcp", host_ip="0.0.0.0", host_port=8081),
    )
    assert facts.exposed_ports == ("22/tcp", "8080/tcp", "8081/tcp")
    assert facts.environment_names == ("PATH", "MAVEN_VERSION", "JETTY_VERSION", "REV")


def test_it_reads_a_container_with_a_health_check():
    facts = container(sample("host-docker-inspect-1.24.json"))
    assert facts.health_status == "healthy"
    assert facts.status == "running"


def test_it_reads_a_container_of_red_hat():
    facts = container(sample("host-docker-inspect-rhel.json"))
    assert (facts.name, facts.status, facts.image_reference) == ("quizzical_yalow", "running", "acf3e09a39c9")
    assert facts.privileged
    assert facts.masked_paths is None


def test_it_reads_a_manager_of_a_cluster():
    facts = engine(sample("host-docker-info-swarm.json"))
    assert (facts.swarm_state, facts.swarm_manager) == ("active", True)
    assert facts.swarm_cluster_id == "9vs5ygs0gguyyec4iqf2314c0"
    assert facts.firewall_backend == "nftables+firewalld"
    assert facts.security_options == ("name=apparmor", "name=seccomp,profile=default")


def test_it_reads_insecure_registries_and_drops_what_counts_space():
    facts = engine(sample("host-docker-info-devicemapper-1.22.json"))
    assert facts.insecure_registries == ("somehost:80",)
    assert not [name for name, _ in facts.driver_status if "Space" in name]


def test_a_field_that_the_engine_did_not_send_is_none():
    facts = engine({"ID": "x"})
    assert (facts.live_restore, facts.experimental, facts.networks, facts.containers) == (
        None,
        None,
        None,
        None,
    )


def test_counters_and_clocks_do_not_change_the_engines_fingerprint():
    info = sample("host-docker-info-swarm.json")
    later = {
        **info,
        "NFd": 99,
        "NGoroutines": 7,
        "SystemTime": "2030-01-01T00:00:00Z",
        "ContainersRunning": 5,
    }
    assert engine_facts(info, VERSION).fingerprint == engine_facts(later, VERSION).fingerprint
    assert (
        engine_facts(info, VERSION).fingerprint != engine_facts({**info, "Debug": False}, VERSION).fingerprint
    )


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("State", "Pid"), 4711),
        (("State", "Health", "Log"), [{"Output": "fine"}]),
        (("RestartCount",), 3),
        (("ExecIDs",), ["abc"]),
        (("NetworkSettings", "SandboxID"), "abc"),
    ],
)
def test_volatile_parts_do_not_change_a_containers_fingerprint(path: tuple[str, ...], value: object):
    inspect = sample("host-docker-inspect-1.24.json")
    changed = copy.deepcopy(inspect)
    place = changed
    for key in path[:-1]:
        place = place.setdefault(key, {})
    place[path[-1]] = value
    assert container_facts(inspect).fingerprint == container_facts(changed).fingerprint


def test_the_order_of_mounts_means_nothing():
    mounts = [{"Type": "bind", "Source": f"/{name}", "Destination": f"/{name}", "RW": True} for name in "abc"]
    one = container_facts({"Id": "x", "Mounts": mounts})
    other = container_facts({"Id": "x", "Mounts": mounts[::-1]})
    assert one.fingerprint == other.fingerprint
    assert container({"Id": "x", "Mounts": mounts}).mounts[0] == Mount(
        kind="bind", source="/a", destination="/a"
    )


@pytest.mark.parametrize("changes", [{"Status": "exited"}, {"StartedAt": "2020-01-01T00:00:00Z"}])
def test_a_new_state_changes_a_containers_fingerprint(changes: dict[str, str]):
    inspect = sample("host-docker-inspect-rhel.json")
    changed = {**inspect, "State": {**inspect["State"], **changes}}
    assert container_facts(inspect).fingerprint != container_facts(changed).fingerprint


def test_another_address_setting_or_program_leaves_a_containers_fingerprint_as_it_is():
    inspect = sample("host-docker-inspect-rhel.json")
    before = inherited_settings(engine(sample("host-docker-info-swarm.json")))
    after = msgspec.structs.replace(before, security_options=(), node_address="tcp://elsewhere:2376")
    assert (
        container_facts(inspect, engine=before, processes=("app",)).fingerprint
        == container_facts(inspect, engine=after, processes=("app", "sh")).fingerprint
    )


def test_it_reads_an_image_with_its_history():
    observed = image_facts(IMAGE, HISTORY, in_use_references=["web:1"])
    facts = observed.facts
    assert isinstance(facts, ImageFacts)
    assert facts.references == ("web:1",)
    assert facts.environment_names == ("PATH", "API_TOKEN")
    assert facts.exposed_ports == ("443/tcp", "80/tcp")
    assert facts.layer_digests == ("sha256:1", "sha256:2")
    assert facts.history is not None and facts.history[1].size_bytes == 1000
    assert {sighting.where for sighting in facts.secrets} == {"Env API_TOKEN", "History step 2 API_TOKEN"}
    assert b"hunter2" not in text_of(observed)


def test_it_reads_a_cluster_and_drops_its_secrets():
    observed = swarm_facts(SWARM, nodes=NODES, services=SERVICES, secrets=[{}, {}], networks=[])
    facts = observed.facts
    assert isinstance(facts, SwarmFacts)
    assert (facts.autolock, facts.node_cert_expiry_seconds, facts.secret_count) == (True, 7776000, 2)
    assert facts.nodes is not None and facts.nodes[0].is_leader
    assert facts.services is not None and facts.services[0].secret_names == ("tls-key",)
    assert [sighting.where for sighting in facts.services[0].secrets] == ["Env DB_PASSWORD"]
    assert b"hunter2" not in text_of(observed)


def test_volumes_that_no_container_uses_are_dangling():
    volumes = {"Volumes": [{"Name": "used", "Driver": "local"}, {"Name": "left", "Driver": "local"}]}
    containers = [{"Id": "1", "Mounts": [{"Type": "volume", "Name": "used"}]}]
    facts = engine({"ID": "x"}, volumes=volumes, containers=containers)
    assert {volume.name: volume.is_dangling for volume in facts.volumes or ()} == {
        "used": False,
        "left": True,
    }


def test_a_network_shares_password_in_a_volume_is_not_kept():
    options = {"type": "cifs", "o": "username=me,password=hunter2hunter2"}
    volumes = {"Volumes": [{"Name": "share", "Driver": "local", "Options": options}]}
    assert b"hunter2" not in text_of(engine_facts({"ID": "x"}, VERSION, volumes=volumes))


def test_podman_has_no_identity_of_its_own():
    version = {
        "Version": "4.3.1",
        "ApiVersion": "1.41",
        "Components": [{"Name": "Podman Engine", "Version": "4.3.1"}],
    }
    one, other = (
        engine_facts({"ID": identity, "Name": "host"}, version) for identity in ("random-1", "random-2")
    )
    assert one.facts.key == ""
    assert one.fingerprint == other.fingerprint


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=2) | st.dictionaries(st.text(max_size=4), children, max_size=2)
    ),
    max_leaves=4,
)


def places(document: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in a JSON document."""
    found = [prefix] if prefix else []
    items = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    )
    for key, value in items:
        found += places(value, (*prefix, key))
    return found


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(document)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


INSPECT = sample("host-docker-inspect-rhel.json")
INFO = sample("host-docker-info-swarm.json")


@given(path=st.sampled_from(places(INSPECT)), value=json_values)
def test_any_value_anywhere_in_a_container_gives_a_record_or_a_named_field(path: tuple[Any, ...], value: Any):
    try:
        container_facts(replaced(INSPECT, path, value))
    except MalformedAnswerError as error:
        assert error.where.startswith("container")


@given(path=st.sampled_from(places(INFO)), value=json_values)
def test_any_value_anywhere_in_an_engine_gives_a_record_or_a_named_field(path: tuple[Any, ...], value: Any):
    try:
        engine_facts(replaced(INFO, path, value), VERSION)
    except MalformedAnswerError as error:
        assert error.where.startswith("info")


@given(path=st.sampled_from(places({"inspect": IMAGE, "history": HISTORY})), value=json_values)
def test_any_value_anywhere_in_an_image_gives_a_record_or_a_named_field(path: tuple[Any, ...], value: Any):
    changed = replaced({"inspect": IMAGE, "history": HISTORY}, path, value)
    try:
        image_facts(changed["inspect"], changed["history"])
    except MalformedAnswerError as error:
        assert error.where.startswith("image")


SWARM_ALL = {"swarm": SWARM, "nodes": NODES, "services": SERVICES}


@given(path=st.sampled_from(places(SWARM_ALL)), value=json_values)
def test_any_value_anywhere_in_a_cluster_gives_a_record_or_a_named_field(path: tuple[Any, ...], value: Any):
    changed = replaced(SWARM_ALL, path, value)
    try:
        swarm_facts(changed["swarm"], nodes=changed["nodes"], services=changed["services"])
    except MalformedAnswerError as error:
        assert error.where.split(".")[0].split("[")[0] in ("swarm", "nodes", "services")
