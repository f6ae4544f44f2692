"""A host enrols, its agent serves, and the server pulls it: the real zipapp against the whole product."""

from __future__ import annotations

import contextlib
import platform
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scanners import probe_archive
from tests.engines import free_port
from tests.platform.troubled import TroubledProduct
from tests.workers import wait_for

pytestmark = pytest.mark.timeout(400)
OTHER_TOKEN = "another-token-than-the-server-was-told"


class Host:
    """A host with the probe's one file, and the folder that `enrol` fills."""

    def __init__(self, folder: Path) -> None:
        self.probe = folder / "plimsoll-probe.pyz"
        self.probe.write_bytes(probe_archive.build())
        self.files = folder / "agent"
        self.port = free_port()
        self.log: list[str] = []

    def run(self, *arguments: str) -> list[str]:
        return [sys.executable, "-I", str(self.probe), *arguments]

    def enrol(self, server: str, token: str, *more: str) -> subprocess.CompletedProcess[str]:
        """The token is given as a person would pipe it, for the list of processes not to show it."""
        call = self.run(
            *("enrol", "--server", server, "--token-file", "-", "--directory", str(self.files)),
            *("--address", f"https://127.0.0.1:{self.port}", *more),
        )
        return subprocess.run(
            call, input=f"{token}\n", capture_output=True, text=True, timeout=60, check=False
        )

    @contextlib.contextmanager
    def serving(self) -> Iterator[subprocess.Popen[str]]:
        files = ("certificate", "certificate.pem"), ("key", "key.pem"), ("token-file", "token")
        options = [word for option, name in files for word in (f"--{option}", str(self.files / name))]
        process = subprocess.Popen(
            self.run("serve", "--listen", f"127.0.0.1:{self.port}", *options),
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        stream = process.stderr
        reader = threading.Thread(target=lambda: self.log.extend(iter(stream.readline, "")))
        reader.start()
        try:
            wait_for("the agent to listen", lambda: any("listening on" in line for line in self.log))
            yield process
        finally:
            process.kill()
            process.wait()
            reader.join(10)
            stream.close()


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def new_token(product: TroubledProduct, **more: Any) -> dict[str, Any]:
    asked = {"environment": product.environment(), "name": "a host of the tests"} | more
    return dict(product.post("/enrolment-tokens", asked))


def test_a_host_enrols_is_pulled_and_is_refused_when_its_token_changes(
    product: TroubledProduct, host: Host
) -> None:
    token = new_token(product, labels={"quay": "7"})
    enrolled = host.enrol(product.address, token["token"], "--name", "web-1")
    assert enrolled.returncode == 0, enrolled.stderr
    used = product.get(f"/enrolment-tokens/{token['id']}")
    assert (used["state"], used["node"]["name"]) == ("used", "web-1")
    node = int(used["node"]["id"])
    try:
        with host.serving() as agent:
            assert product.pull(node)["error"] is None
            shown = product.get(f"/nodes/{node}")
            # Degraded where something of this very machine could not be read.
            assert shown["state"] in ("healthy", "degraded") and shown["last_error"] is None
            assert (shown["kind"], shown["labels"]) == ("probe", {"quay": "7"})
            assert shown["credential_parts"] == ["ca_certificate", "token"]
            assert shown["host"]["name"] == platform.node()
            assert_a_second_use_is_refused(product, host, token["token"])
            assert product.pull(node)["error"] is None, "what refused must leave the agent's files alone"

            (host.files / "token").write_text(f"{OTHER_TOKEN}\n")
            agent.send_signal(signal.SIGHUP)
            wait_for("the new token to hold", lambda: any("token again" in line for line in host.log))
            assert product.pull(node)["error"]["code"] == "agent_refused"
            failing = product.wait_failed(node)
            assert (failing["state"], failing["last_error"]["code"]) == ("degraded", "agent_refused")
            assert failing["last_error"]["detail"] and failing["last_error"]["hint"]
    finally:
        product.delete(f"/nodes/{node}")
    said = product.instance.output + enrolled.stdout + enrolled.stderr + "".join(host.log)
    said += str(product.rows("/history")) + str(product.rows("/enrolment-tokens"))
    for secret in (token["token"], (host.files / "key.pem").read_text().splitlines()[1], OTHER_TOKEN):
        assert secret not in said


def assert_a_second_use_is_refused(product: TroubledProduct, host: Host, token: str) -> None:
    again = host.enrol(product.address, token, "--name", "web-2", "--force")
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == "plimsoll-probe: not enrolled: This enrolment token was used already.\n"
    assert product.rows("/nodes", search="web-2") == []
    refused = [entry for entry in product.rows("/history") if entry["verb"] == "enrolment_refused"]
    assert [entry["changes"]["reason"][1] for entry in refused] == ["enrolment_used"]


def test_a_taken_name_is_said_and_the_token_is_good_for_another(product: TroubledProduct, host: Host) -> None:
    token = product.manage("node", "enrolment-token", "--expires", "300").strip()
    with product.node("taken", "unix:///run/no-engine.sock"):
        refused = host.enrol(product.address, token, "--name", "taken")
        assert refused.returncode == 1
        assert refused.stderr == (
            "plimsoll-probe: not enrolled: Name: There is a node with this name already.\n"
        )
        assert not host.files.exists()
        assert host.enrol(product.address, token, "--name", "free").returncode == 0
    (made,) = product.rows("/nodes", search="free")
    product.delete(f"/nodes/{made['id']}")
