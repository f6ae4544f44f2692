"""Every way to an engine through the whole product: exactly the right findings open and resolve on each."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.product import tls_credential
from tests.engines import Engine, SshServer
from tests.platform.troubled import TroubledProduct

pytestmark = [pytest.mark.engine, pytest.mark.timeout(400)]

CAREFUL: dict[str, Any] = {
    "read_only": True,
    "user": "1000",
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
}
# What a container fails that is as CAREFUL, but may write to its own files and has the capability SYS_ADMIN.
BROKEN = {
    "docker.container.readonly-rootfs",
    "docker.container.capabilities-restricted",
    "docker.container.no-dangerous-capabilities",
}


def way(name: str, request: pytest.FixtureRequest) -> tuple[Engine, str, dict[str, str]]:
    """Engine, address and credential."""
    if name == "podman":
        podman: Engine = request.getfixturevalue("podman_engine")
        return podman, podman.address, {}
    docker: Engine = request.getfixturevalue("docker_engine")
    if name == "unix":
        return docker, docker.address, {}
    if name == "tcp with TLS":
        return docker, docker.tcp_address, tls_credential(docker)
    server: SshServer = request.getfixturevalue("ssh_server")
    credential = {"ssh_private_key": server.private_key, "ssh_host_key": server.host_key}
    return docker, server.address(docker.socket_path), credential


def open_findings(product: TroubledProduct) -> dict[tuple[str, str], int]:
    """(asset's name, check) -> id of what is open."""
    return {
        (row["asset"]["name"], row["check"]): row["id"] for row in product.rows("/findings", state="open")
    }


def checks_of(findings: dict[tuple[str, str], int], asset: str) -> set[str]:
    return {check for name, check in findings if name == asset}


@pytest.mark.parametrize("name", ["unix", "tcp with TLS", "ssh", "podman"])
def test_a_changed_container_opens_and_resolves_exactly_its_findings(
    product: TroubledProduct, request: pytest.FixtureRequest, name: str
) -> None:
    engine, address, credential = way(name, request)
    with engine.container("steady", **CAREFUL), product.node("quay", address, credential=credential) as node:
        assert product.wait_good(node)["state"] == "succeeded"
        with engine.container("changing", **CAREFUL):
            assert product.pull(node)["state"] == "succeeded"
            before = open_findings(product)
            assert checks_of(before, "changing") == checks_of(before, "steady")
        # The same container without one of its guards, and with a capability too many.
        careless = CAREFUL | {"read_only": False, "cap_add": ["SYS_ADMIN"]}
        with engine.container("changing", **careless):
            pull = product.pull(node)
            assert pull["state"] == "succeeded", pull["error"]
            during = open_findings(product)
            assert checks_of(before, "changing") <= checks_of(during, "changing")
            assert checks_of(during, "changing") - checks_of(before, "changing") == BROKEN
            others = {key: id for key, id in before.items() if key[0] != "changing"}
            assert {key: id for key, id in during.items() if key[0] != "changing"} == others
            # The container that went took all of its findings along, and only those.
            gone = {id for key, id in before.items() if key[0] == "changing"}
            assert not gone & set(during.values())
            assert pull["counts"]["resolved"] == len(gone)
            assert pull["counts"]["opened"] == len(checks_of(during, "changing"))
            product.assert_whole()
        with engine.container("changing", **CAREFUL):
            assert product.pull(node)["state"] == "succeeded"
            after = open_findings(product)
            assert after.keys() == before.keys()
            assert product.pull(node)["counts"]["opened"] == 0
            assert open_findings(product) == after
        product.assert_whole()
        _assert_the_credential_stays_secret(product, node, credential)


def _assert_the_credential_stays_secret(
    product: TroubledProduct, node: int, credential: dict[str, str]
) -> None:
    ((sealed,),) = product.query("SELECT credential FROM fleet_node WHERE id = %s", node)
    assert (sealed is not None) == bool(credential)
    shown = (
        str(product.get(f"/nodes/{node}")) + str(product.rows("/pulls", node=node)) + product.instance.output
    )
    for part, secret in credential.items():
        assert secret.encode() not in bytes(sealed)
        if "key" in part and part != "ssh_host_key":
            assert secret.splitlines()[1] not in shown
