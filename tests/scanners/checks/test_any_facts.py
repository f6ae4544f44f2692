"""No record that is well-typed makes a check raise, however odd its values."""

import enum
import types
import typing
from datetime import datetime

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanners.checks.check import EXAMPLE_POLICY
from scanners.checks.host_examples import probed
from scanners.checks.run import judge
from scanners.host import HostContainer, HostContainerFacts, HostFacts
from scanners.image_use import ImageUseFacts
from scanners.records import ContainerFacts, EngineFacts, ImageFacts, Outcome, SwarmFacts

# Values near what checks look for, so that the rare branches are reached as well.
TELLING = st.sampled_from(
    [
        "",
        "/",
        "//",
        ":",
        "@",
        "host",
        "none",
        "bind",
        "active",
        "exited",
        "podman",
        "docker",
        "manager",
        "container:",
        "container:x",
        "x",
        "/etc",
        "..",
        "0:0",
        "²",
        "no-new-privileges",
        "name=userns",
        "name=seccomp,profile",
        "name=seccomp,,=",
        "name=selinux",
        "label=",
        "a:b:c",
        "nofile=-1",
        "nginx:latest",
        "sha256:" + "0" * 64,
        "ADD x / # buildkit",
        "ADD ",
        "apt-get update",
        "29.7.2",
        "v2.0",
        "1.2.3-rc93",
        "2026-02-31",
        "1e999",
        "json-file",
        "max-size",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "WARNING: API is accessible on http://[::1]:2375 without encryption.",
        "runc",
        "containerd",
        "Docker Engine - Community",
        "devicemapper",
        "org.opencontainers.image.created",
        "org.opencontainers.image.base.name",
        "plimsoll.keep.owner",
        "plimsoll.keep.until",
        "com.docker.network.bridge.enable_icc",
        "userland-proxy",
        "default-ulimits",
        "log-opts",
        "tcp://[::1]:2375",
        "-w /etc/docker -p wa",
        "-a always,exit -F dir=/etc -F perm='",
        "1.1.6",
        "falco",
        "aide",
        "0640",
        "drop",
        "00000000a80425fb",
    ]
)
SCALARS: dict[type, st.SearchStrategy] = {
    str: TELLING | st.text(max_size=12),
    int: st.integers(-1, 2) | st.integers(),
    float: st.floats(),
    bool: st.booleans(),
    datetime: st.datetimes(timezones=st.none() | st.timezones()),
    type(None): st.none(),
}


def values_of(hint: typing.Any) -> st.SearchStrategy:
    if hint in SCALARS:
        return SCALARS[hint]
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return st.deferred(lambda: records_of(hint))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return st.sampled_from(hint)
    if hint is typing.Any:
        return st.recursive(
            st.none() | st.booleans() | st.integers() | TELLING,
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TELLING, inner, max_size=2),
            max_leaves=4,
        )
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return st.sampled_from(arguments)
    if origin in (types.UnionType, typing.Union):
        return st.one_of([values_of(argument) for argument in arguments])
    if origin is tuple and arguments[-1] is Ellipsis:
        return st.lists(values_of(arguments[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*(values_of(argument) for argument in arguments))
    if origin is dict:
        return st.dictionaries(values_of(arguments[0]), values_of(arguments[1]), max_size=2)
    raise AssertionError(f"no strategy for {hint}")


def records_of(record: type[msgspec.Struct]) -> st.SearchStrategy:
    hints = typing.get_type_hints(record)
    return st.builds(record, **{name: values_of(hints[name]) for name in record.__struct_fields__})


@pytest.mark.parametrize(
    "record", [ContainerFacts, EngineFacts, ImageFacts, ImageUseFacts, SwarmFacts, HostFacts]
)
def test_any_facts_get_a_verdict(record: type) -> None:
    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(records_of(record))
    def every_check_answers(facts) -> None:
        for outcome in judge(facts, EXAMPLE_POLICY):
            assert outcome.outcome is not Outcome.ERROR, (outcome, facts)

    every_check_answers()


def test_any_container_of_a_host_gets_a_verdict() -> None:
    """Whatever its bundle, its process and its engine say."""

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(records_of(HostContainer), st.none() | records_of(ContainerFacts))
    def every_check_answers(container, configured) -> None:
        facts = HostContainerFacts(
            container=container, pointer="/containers/0", host=probed(), configured=configured
        )
        for outcome in judge(facts, EXAMPLE_POLICY):
            assert outcome.outcome is not Outcome.ERROR, (outcome, facts)

    every_check_answers()
