"""An engine and its host over one SSH connection, with a real engine, a real sshd and the real probe."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scanners.connectors import open_node
from scanners.connectors.engine_and_host import EngineAndHost
from scanners.connectors.session import Report
from scanners.host import HostFacts
from scanners.records import (
    Credential,
    EngineFacts,
    Limits,
    NodeError,
    Observed,
    ProbeReport,
    Skipped,
)
from tests.engines import Engine, SshServer
from tests.scanners.connectors.pulling import never


def nothing(phase: str, done: int, total: int) -> None:
    pass


@pytest.mark.engine
def test_both_are_read_in_one_session(docker_engine: Engine, ssh_server: SshServer) -> None:
    address = ssh_server.address(docker_engine.socket_path)
    with (
        docker_engine.container("seen-twice") as container,
        open_node(
            "docker", address, ssh_server.credential, Limits(), is_cancelled=never, reads_host=True
        ) as session,
    ):
        found = [item.facts for item in session.collect(nothing) if isinstance(item, Observed)]
        report = session.probe()
        bytes_read = session.bytes_read
    engine = next(facts for facts in found if isinstance(facts, EngineFacts))
    host = next(facts for facts in found if isinstance(facts, HostFacts))
    assert isinstance(found[0], EngineFacts) and isinstance(found[-1], HostFacts)
    assert host.host is not None and host.host.name == engine.name
    confined = {each.id: each for each in host.containers or ()}
    assert confined[container].process is not None and confined[container].manager == "docker"
    assert "kernel" in report.readable and report.engine == "docker"
    assert bytes_read > 1000


@pytest.mark.parametrize("address", ["unix:///run/none.sock", "tcp://127.0.0.1:1"])
def test_only_ssh_can_do_both(address: str) -> None:
    with (
        pytest.raises(NodeError) as caught,
        open_node("docker", address, Credential(), Limits(), is_cancelled=never, reads_host=True),
    ):
        pass
    assert caught.value.code == "address_invalid"


class Fake:
    """A session that tells one thing, or fails."""

    bytes_read = 7

    def __init__(self, item: Skipped | None = None, error: NodeError | None = None) -> None:
        self.item = item
        self.error = error

    def probe(self) -> ProbeReport:
        if self.error:
            raise self.error
        return ProbeReport(
            engine="docker", version="1", api_version="1", name="a",
            containers=0, images=0, networks=0, volumes=0, swarm="", readable=("engine",), missing=(), warnings=(),
        )  # fmt: skip

    def collect(self, report: Report) -> Iterator[Observed | Skipped]:
        if self.error:
            raise self.error
        if self.item:
            yield self.item


ENGINE_SAID = Skipped(kind="vanished", where="an image", reason="gone")


def test_a_host_that_cannot_be_probed_does_not_lose_the_engine() -> None:
    both = EngineAndHost(Fake(ENGINE_SAID), Fake(error=NodeError("no_python", "The host has no python3.")))
    assert list(both.collect(nothing)) == [
        ENGINE_SAID,
        Skipped(kind="no_python", where="the host", reason="The host has no python3."),
    ]
    assert both.probe().missing == ("The host: The host has no python3.",)
    assert both.probe().readable == ("engine",)


def test_who_cancels_cancels_both() -> None:
    both = EngineAndHost(Fake(ENGINE_SAID), Fake(error=NodeError("cancelled", "The pull was cancelled.")))
    with pytest.raises(NodeError):
        list(both.collect(nothing))
    with pytest.raises(NodeError):
        both.probe()


def test_an_engine_that_fails_fails_the_pull() -> None:
    both = EngineAndHost(Fake(error=NodeError("timeout", "Too slow.")), Fake())
    with pytest.raises(NodeError):
        list(both.collect(nothing))
