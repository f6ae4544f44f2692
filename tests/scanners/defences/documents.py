"""Documents to assess: those of the checks' examples, any that fits the schema, and the same with a fact taken away."""

from __future__ import annotations

import copy
import types
import typing
from collections.abc import Iterator
from typing import Any

import msgspec
from hypothesis import strategies as st

from scanners.checks.host_examples import probed, probed_container
from scanners.checks.registry import CATALOGUE
from scanners.host import HostContainer, HostContainerFacts, HostFacts

REASON = "needs root"
# Values and names near what the assessments look for, so that the rare branches are reached as well.
WORDS = """
    enforcing permissive disabled enforce complain kill unconfined none integrity confidentiality enabled drop accept
    y n Y 0 1 2 3 -1 ² 00000000a80425fb ffffffffffffffff zz 0000000000000400 5.14.0 3.10.0-el7 4.999999999999
    appraise measure mitigations=off nokaslr Vulnerable pid net ipc uts mnt cgroup falco auditd memory pids cpu errno
    kill_process allow SCMP_ACT_ERRNO SCMP_ACT_ALLOW SCMP_ACT_LOG /etc / // //run/docker.sock /srv docker-default dockerd
    container_t a:b:spc_t:d a:b:container_t:d filter hybrid stopped running log fix kernel.yama.ptrace_scope
    kernel.kptr_restrict net.core.bpf_jit_enable net.core.bpf_jit_harden kernel.unprivileged_bpf_disabled ima_appraise
    kernel.randomize_va_space fs.protected_fifos KEXEC IMA SECCOMP_FILTER MODULE_SIG BPF_SYSCALL RANDOMIZE_BASE user
    userns-remap seccomp-profile evm spectre_v2
"""
PHRASES = [
    "",
    "no EFI",
    "docker-default (enforce)",
    "x (complain)",
    "y (unconfined)",
    "9" * 5000,
    "Mitigation: x",
    "Not affected",
    "appraise func=BPRM_CHECK",
    "appraise func=KEXEC_KERNEL_CHECK",
]
TELLING = st.sampled_from(WORDS.split() + PHRASES)
SCALARS: dict[Any, st.SearchStrategy] = {
    str: TELLING | st.text(max_size=8),
    int: st.integers(-1, 3) | st.integers(),
    float: st.floats(),
    bool: st.booleans(),
    type(None): st.none(),
    Any: st.none() | st.booleans() | TELLING,
}


def values_of(hint: Any) -> st.SearchStrategy:
    if hint in SCALARS:
        return SCALARS[hint]
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return st.deferred(lambda: records_of(hint))
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return st.sampled_from(arguments)
    if origin in (types.UnionType, typing.Union):
        return st.one_of([values_of(argument) for argument in arguments])
    if origin is tuple and arguments[-1] is Ellipsis:
        return st.lists(values_of(arguments[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(values_of(arguments[0]), values_of(arguments[1]), max_size=4)
    raise AssertionError(f"no strategy for {hint}")


def records_of(record: type[msgspec.Struct]) -> st.SearchStrategy:
    hints = typing.get_type_hints(record)
    return st.builds(record, **{name: values_of(hints[name]) for name in record.__struct_fields__})


# Subjects that no assessment of a host looks at cost time and find nothing.
_UNUSED = dict.fromkeys(
    ("packages", "containers", "rkt", "backups", "listeners", "container_data", "time", "bpf_programs"),
    st.none(),
)
HOSTS = st.builds(
    HostFacts,
    schema=st.just("plimsoll.probe/1"),
    **{
        name: _UNUSED[name] if name in _UNUSED else values_of(hint)
        for name, hint in typing.get_type_hints(HostFacts).items()
        if name in HostFacts.__struct_fields__ and name not in ("schema", "not_measured", "skipped")
    },
)  # fmt: skip
CONTAINERS = st.builds(
    HostContainerFacts, container=records_of(HostContainer), pointer=st.just("/containers/0"), host=HOSTS
)


ABOUT_THE_RUN = {
    "schema",
    "not_measured",
    "skipped",
    "skipped_total",
    "collected_at",
    "nonce",
    "duration_seconds",
}


def leaves(found: Any, at: str = "") -> Iterator[str]:
    """The pointers of all facts of a document that are told, and of the objects that hold them."""
    if at and found is not None:
        yield at
    for name, value in found.items() if isinstance(found, dict) else ():
        if at or name not in ABOUT_THE_RUN:
            yield from leaves(value, f"{at}/{str(name).replace('~', '~0').replace('/', '~1')}")


def unread(document: dict[str, Any], pointer: str) -> dict[str, Any]:
    """The document as the probe writes it when this fact could not be read; the schema may know no such gap."""
    changed = copy.deepcopy(document)
    *above, last = (step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
    place = changed
    for step in above:
        place = place[step]
    place[last] = None
    changed["not_measured"] = {**changed.get("not_measured", {}), pointer: REASON}
    return changed


def host_of(document: dict[str, Any]) -> HostFacts | None:
    try:
        return msgspec.convert(document, HostFacts)
    except msgspec.ValidationError:
        return None


RICH = probed(
    runtimes={"dockerd": {"path": "/usr/bin/dockerd", "version": "29.0.0"}},
    docker={"is_running": True, "settings": {"userns-remap": "default", "seccomp-profile": "builtin"}},
    audit={"is_running": True, "enabled": 1, "rules": ["-w /usr/bin/dockerd -k docker"]},
    sensors=[{"name": "falco", "is_running": True}],
    firewall={"services": ["nftables"], "input_policy": "drop"},
    integrity__ima__policy=["measure func=BPRM_CHECK", "appraise fowner=0"],
    kernel__options={
        "SECCOMP_FILTER": "y", "BPF_SYSCALL": "y", "RANDOMIZE_BASE": "y", "MODULE_SIG": "y", "KEXEC": "y", "IMA": "y",
        "EVM": "y", "SECURITY_LOCKDOWN_LSM": "y", "MODULE_SIG_FORCE": "n",
    },
)  # fmt: skip


def example_hosts() -> list[HostFacts]:
    """Every host that a check gives as an example, and one on which every defence stands."""
    found = [
        example.facts
        for check in CATALOGUE
        for example in (*check.good, *check.bad)
        if isinstance(example.facts, HostFacts)
    ]
    return [RICH, *found]


def example_containers() -> list[HostContainerFacts]:
    found = [
        example.facts
        for check in CATALOGUE
        for example in (*check.good, *check.bad)
        if isinstance(example.facts, HostContainerFacts)
    ]
    return [probed_container(), probed_container(manager="docker"), *found]
