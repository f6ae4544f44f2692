"""Nodes that answer badly, beside a good one and through the whole product: each says clearly what is wrong."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.e2e.product import tls_credential
from tests.engines import Engine, SshServer, free_port, new_key
from tests.platform.troubled import PATIENCE_SECONDS, TroubledProduct
from tests.scanners.connectors.servers import engine, http_answer, read_request, serve
from tests.workers import wait_for

pytestmark = [pytest.mark.engine, pytest.mark.timeout(400)]

PLAIN = {"allow_plaintext": True}
FIRST_BACKOFF_SECONDS = 7.0


def a_byte_now_and_then(connection: socket.socket, stopping: threading.Event) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
    while not stopping.wait(1.0):
        connection.sendall(b" ")


def a_web_page(connection: socket.socket, stopping: threading.Event) -> None:
    read_request(connection)
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<html>hi</html>"
    )


def ssh_credential(server: SshServer, **other: str) -> dict[str, str]:
    return {"ssh_private_key": server.private_key, "ssh_host_key": server.host_key} | other


@pytest.fixture
def bad_nodes(
    docker_engine: Engine, ssh_server: SshServer, tmp_path: Path
) -> Iterator[dict[str, tuple[str, str, dict[str, Any]]]]:
    """Name -> expected error code, address, more of the registration."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)  # a name that 127.0.0.1 is not
    credential = tls_credential(docker_engine)
    stranger, _ = new_key(tmp_path, "stranger")
    _, other_host = new_key(tmp_path, "other-host")
    over_ssh = ssh_server.address(docker_engine.socket_path)
    tls_port = docker_engine.tcp_address.rpartition(":")[2]
    with ExitStack() as stack:

        def served(handle: Any, tls: ssl.SSLContext | None = None) -> str:
            return str(stack.enter_context(serve(handle, tls)))

        yield {
            "down": ("refused", f"tcp://127.0.0.1:{free_port()}", PLAIN),
            "nobody": ("name_not_found", "tcp://engine.invalid:2375", PLAIN),
            "no-socket": ("unreachable", f"unix://{tmp_path}/docker.sock", {}),
            "wrong-port": ("unreachable", f"ssh://{ssh_server.user}@127.0.0.1:{tls_port}",
                           {"credential": ssh_credential(ssh_server)}),
            "not-docker": ("not_an_engine", served(a_web_page), PLAIN),
            "byte-a-second": ("timeout", served(a_byte_now_and_then), PLAIN | {"limits": {"seconds": 3}}),
            "wrong-ca": ("tls_untrusted", docker_engine.tcp_address,
                         {"credential": credential | {"ca_certificate": docker_engine.other_ca}}),
            "other-name": ("tls_untrusted", served(engine({}), context),
                           {"credential": credential | {"ca_certificate": authority.cert_pem.bytes().decode()}}),
            "tls-to-plain": ("tls_mismatch", served(engine({})), {"credential": credential}),
            "plain-to-tls": ("tls_mismatch", docker_engine.tcp_address, PLAIN),
            "wrong-key": ("ssh_auth", over_ssh,
                          {"credential": ssh_credential(ssh_server, ssh_private_key=stranger)}),
            "wrong-host-key": ("ssh_host_key", over_ssh,
                               {"credential": ssh_credential(ssh_server, ssh_host_key=other_host.strip())}),
            # The socket is root's; over SSH the product asks as somebody else.
            "not-allowed": ("permission_denied",
                            f"ssh://nobody@127.0.0.1:{ssh_server.port}{docker_engine.socket_path}",
                            {"credential": ssh_credential(ssh_server)}),
            "malformed": ("malformed", served(engine({"/info": http_answer(b'{"ID": "x", ')})), PLAIN),
        }  # fmt: skip


def test_each_bad_node_says_what_is_wrong_and_the_good_one_is_healthy(
    product: TroubledProduct, docker_engine: Engine, bad_nodes: dict[str, tuple[str, str, dict[str, Any]]]
) -> None:
    worker = product.instance.child(" worker ")
    told = len(product.instance.output)
    with ExitStack() as stack:
        stack.enter_context(docker_engine.container("bystander"))
        ids = {
            name: stack.enter_context(product.node(name, address, **more))
            for name, (_, address, more) in bad_nodes.items()
        }
        good = stack.enter_context(product.node("good", docker_engine.address))
        assert product.wait_good(good)["state"] == "succeeded"
        wrong = {}
        for name, (code, _, more) in bad_nodes.items():
            node = product.wait_failed(ids[name])
            error = node["last_error"]
            due, at = (datetime.fromisoformat(text) for text in (node["next_due_at"], error["at"]))
            if error["code"] != code:
                wrong[name] = error
                continue
            assert node["state"] == "failing", (name, node["state"])
            assert error["title"] and error["detail"], error
            assert "Traceback" not in str(error) and "Error(" not in str(error), error
            assert (due - at).total_seconds() > FIRST_BACKOFF_SECONDS, name
            for secret in more.get("credential", {}).values():
                assert secret not in str(node), f"{name} shows its credential"
            pull = product.pulls(ids[name])[0]
            assert (pull["state"], pull["error"]["code"]) == ("failed", code)
        assert wrong == {}
        assert product.get(f"/nodes/{good}")["state"] == "healthy"
        # Nothing of them was stored: every host of the present is the good one's.
        assert [host["name"] for host in product.rows("/hosts")] == [
            product.get(f"/nodes/{good}")["host"]["name"]
        ]
        wait_for("the worker to be done", lambda: not _active(product), PATIENCE_SECONDS)
        product.assert_never_pulled_twice_at_once()
        assert product.instance.child(" worker ") == worker
    output = product.instance.output[told:]
    assert "Traceback" not in output and "PRIVATE KEY" not in output


def _active(product: TroubledProduct) -> bool:
    return bool(product.query("SELECT 1 FROM fleet_pull WHERE state IN ('queued', 'running')"))


def test_an_inspect_of_50_mb_is_skipped_and_the_rest_is_stored(product: TroubledProduct) -> None:
    def listed(name: str) -> dict[str, object]:
        return {"Id": name, "Names": [f"/{name}"], "Image": "web", "ImageID": "sha256:1", "State": "created"}

    huge = b'{"Id":"huge","Padding":"' + b"x" * 50_000_000 + b'"}'
    small = {"Id": "small", "Name": "/small", "Config": {}, "HostConfig": {}, "State": {}}
    answers: dict[str, object] = {
        "/containers/json": [listed("huge"), listed("small")],
        "/containers/huge/json": http_answer(huge),
        "/containers/small/json": small,
    }
    with serve(engine(answers)) as address, product.node("heavy", address, allow_plaintext=True) as node:
        pull = product.wait_good(node)
        assert pull["state"] == "partial"
        (skipped,) = product.get(f"/pulls/{pull['id']}")["skipped"]
        assert skipped["kind"] == "too_large" and "huge" in skipped["where"]
        answer = product.get(f"/nodes/{node}")
        assert (answer["state"], answer["last_error"]) == ("degraded", None)
        assert product.containers() == {"small"}
        product.assert_whole()
