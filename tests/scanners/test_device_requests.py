"""What a container asks of the host's devices and ports is read from its inspect document."""

from typing import Any

import pytest

from scanners.answers import MalformedAnswerError
from scanners.engine_api import container_facts
from scanners.records import ContainerFacts


def facts_of(**host_config: Any) -> ContainerFacts:
    inspect = {"Id": "a" * 64, "Name": "/web", "State": {"Status": "running"}, "HostConfig": host_config}
    facts = container_facts(inspect).facts
    assert isinstance(facts, ContainerFacts)
    return facts


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (
            {"Driver": "nvidia", "Count": 0, "DeviceIDs": ["0", "1"], "Capabilities": [["gpu"]]},
            "nvidia: 0, 1",
        ),
        (
            {"Driver": "", "Count": -1, "DeviceIDs": None, "Capabilities": [["gpu", "compute"]]},
            "gpu+compute: all",
        ),
        ({"Driver": "", "Count": 2, "Capabilities": [["gpu"]]}, "gpu: 2"),
        ({"Driver": "cdi", "DeviceIDs": ["vendor.example/gpu=0"]}, "cdi: vendor.example/gpu=0"),
        ({}, "devices: 0"),
    ],
)
def test_it_tells_a_device_request_in_one_line(request_: dict[str, Any], told: str) -> None:
    assert facts_of(DeviceRequests=[request_]).device_requests == (told,)


def test_it_tells_whether_every_port_is_published() -> None:
    assert facts_of(PublishAllPorts=True).publish_all_ports
    assert not facts_of(PublishAllPorts=False).publish_all_ports
    assert not facts_of().publish_all_ports
    assert facts_of(DeviceRequests=None).device_requests == ()


def test_it_refuses_a_request_of_another_shape() -> None:
    with pytest.raises(MalformedAnswerError, match="DeviceRequests"):
        facts_of(DeviceRequests=["gpu"])
