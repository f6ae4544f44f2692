"""A cluster: `GET /swarm`, `/nodes`, `/services`, `/secrets`."""

from __future__ import annotations

from typing import Any

import msgspec

from scanners import redaction
from scanners.answers import Answer, as_list
from scanners.engine_api.documents import (
    NANO,
    VOLATILE_SWARM,
    collect,
    observed,
    redacted_command,
    without,
)
from scanners.engine_api.engine import network_facts
from scanners.records import (
    Observed,
    SecretSighting,
    SwarmFacts,
    SwarmNodeFacts,
    SwarmServiceFacts,
)


def swarm_facts(
    swarm: dict[str, Any],
    *,
    nodes: list[Any] | None = None,
    services: list[Any] | None = None,
    secrets: list[Any] | None = None,
    networks: list[Any] | None = None,
) -> Observed:
    """A cluster from a manager's `GET /swarm`, `/nodes`, `/services`, `/secrets` and `/networks`; None: not readable.

    The join tokens that `/swarm` sends are dropped; of the secrets only the number is kept.
    """
    about = Answer(swarm, "swarm")
    spec = about.child("Spec")
    expiry = spec.child("CAConfig").optional_integer("NodeCertExpiry")
    overlays = (
        None
        if networks is None
        else tuple(item for item in network_facts(networks) if item.driver == "overlay")
    )
    facts = SwarmFacts(
        id=about.text("ID"),
        name=spec.text("Name", "default"),
        created_at=about.moment("CreatedAt"),
        nodes=None if nodes is None else _swarm_nodes(nodes),
        services=None if services is None else _swarm_services(services),
        overlay_networks=overlays,
        secret_count=None if secrets is None else len(secrets),
        autolock=spec.child("EncryptionConfig").flag("AutoLockManagers"),
        node_cert_expiry_seconds=None if expiry is None else expiry // NANO,
        root_certificate_pem=about.child("TLSInfo").text("TrustRoot").strip(),
        root_rotation_in_progress=about.optional_flag("RootRotationInProgress"),
        data_path_port=about.optional_integer("DataPathPort"),
    )
    spec_document = dict(spec.value)
    authority = without(spec.child("CAConfig").value, frozenset(("SigningCAKey", "SigningCACert")))
    if spec.has("CAConfig"):
        spec_document["CAConfig"] = authority
    spec_document["Labels"] = redaction.redact_mapping(spec.mapping("Labels"), where="Cluster label")[0]
    document = {
        "swarm": {**without(about.value, VOLATILE_SWARM), "Spec": spec_document},
        "facts": msgspec.to_builtins(facts),
    }
    return observed(facts, redaction.redact_document(document))


def _swarm_nodes(nodes: list[Any]) -> tuple[SwarmNodeFacts, ...]:
    found = [
        SwarmNodeFacts(
            id=item.text("ID"),
            hostname=item.child("Description").text("Hostname"),
            role=item.child("Spec").text("Role"),
            availability=item.child("Spec").text("Availability"),
            state=item.child("Status").text("State"),
            is_leader=item.child("ManagerStatus").flag("Leader"),
            reachability=item.child("ManagerStatus").text("Reachability"),
            engine_version=item.child("Description").child("Engine").text("EngineVersion"),
        )
        for item in as_list(nodes, "nodes")
    ]
    return tuple(sorted(found, key=lambda node: node.id))


def _swarm_services(services: list[Any]) -> tuple[SwarmServiceFacts, ...]:
    found = []
    for item in as_list(services, "services"):
        spec = item.child("Spec")
        container = spec.child("TaskTemplate").child("ContainerSpec")
        sightings: list[SecretSighting] = []
        environment = collect(redaction.redact_environment(container.texts("Env")), sightings)
        for key in ("Command", "Args"):
            redacted_command(container.texts(key), key, sightings)
        found.append(
            SwarmServiceFacts(
                id=item.text("ID"),
                name=spec.text("Name"),
                image_reference=container.text("Image"),
                secret_names=tuple(
                    sorted(secret.text("SecretName") for secret in container.children("Secrets"))
                ),
                environment_names=tuple(entry.partition("=")[0] for entry in environment),
                secrets=tuple(dict.fromkeys(sightings)),
            )
        )
    return tuple(sorted(found, key=lambda service: service.id))
