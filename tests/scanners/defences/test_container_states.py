"""What confines a container, case by case."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from scanners.checks.host_examples import probed, probed_container
from scanners.defences.assess import on_container
from scanners.defences.records import State

LABEL = "system_u:system_r:{}:s0:c1,c2"
DEFAULT_SET = "00000000a80425fb"
WITHOUT_RAW_AND_NODES = "00000000a00405fb"


def sets(mask: str) -> dict[str, str]:
    return {"effective": mask, "bounding": mask}


def mount(source: str, read_only: bool = False) -> dict[str, Any]:
    return {"source": source, "destination": "/m", "read_only": read_only}


@pytest.mark.parametrize(
    ("mechanism", "changes", "state"),
    [
        ("seccomp-filter", {"process__seccomp": "disabled"}, "absent"),
        ("seccomp-filter", {"process__seccomp": None}, "not_measured"),
        ("seccomp-filter", {"process__seccomp": "strict"}, "enforcing"),
        ("seccomp-filter", {"bundle__seccomp_default_action": "SCMP_ACT_LOG"}, "permissive"),
        ("seccomp-filter", {"bundle__seccomp_default_action": None}, "permissive"),
        ("seccomp-filter", {"bundle": None}, "not_measured"),
        ("no-new-privileges", {"process__no_new_privileges": False}, "absent"),
        ("reduced-capabilities", {"process__capabilities": sets("0000003fffffffff")}, "absent"),
        ("reduced-capabilities", {"process__capabilities": sets(DEFAULT_SET)}, "permissive"),
        ("reduced-capabilities", {"process__capabilities": sets(WITHOUT_RAW_AND_NODES)}, "enforcing"),
        ("reduced-capabilities", {"process__capabilities": sets("0000000000002000")}, "permissive"),
        ("reduced-capabilities", {"process__capabilities": sets("0000000002000000")}, "permissive"),
        ("reduced-capabilities", {"process__capabilities": sets("0" * 16)}, "enforcing"),
        ("reduced-capabilities", {"process__capabilities": sets("")}, "not_measured"),
        ("reduced-capabilities", {"process__capabilities": sets("not hex")}, "not_measured"),
        ("security-label", {"process__label": "unconfined"}, "absent"),
        ("security-label", {"process__label": "docker-default (complain)"}, "permissive"),
        ("security-label", {"process__label": None}, "absent"),
        ("security-label", {"process__label": LABEL.format("spc_t")}, "absent"),
        ("security-label", {"process__label": "_"}, "not_measured"),
        ("user-namespace", {"process__user_map": [[0, 0, 4294967295]], "process__user_id": 0}, "absent"),
        ("user-namespace", {"process__user_map": [[0, 0, 4294967295]], "process__user_id": 7}, "permissive"),
        ("user-namespace", {"process__user_map": [[1000, 1000, 1]]}, "enforcing"),
        ("user-namespace", {"process__user_map": []}, "not_measured"),
        ("namespaces", {"process__shared_namespaces": ["net", "user"]}, "permissive"),
        ("namespaces", {"process__shared_namespaces": ["user"]}, "enforcing"),
        ("namespaces", {"process__shared_namespaces": ["pid", "net", "ipc", "uts"]}, "absent"),
        ("resource-limits", {"process__limits": {"memory_bytes": 1, "pids": 1}}, "enforcing"),
        ("resource-limits", {"process__limits": {"pids": 100}}, "permissive"),
        ("resource-limits", {"process__limits": {"cpus": 1.0}}, "absent"),
        ("masked-paths", {"bundle__masked_paths": [], "bundle__read_only_paths": []}, "absent"),
        ("masked-paths", {"bundle__masked_paths": []}, "permissive"),
        ("host-mounts", {"process__mounts": [mount("/etc", read_only=True)]}, "permissive"),
        ("host-mounts", {"process__mounts": [mount("/etc")]}, "absent"),
        ("host-mounts", {"process__mounts": [mount("/run/docker.sock", read_only=True)]}, "absent"),
        ("host-mounts", {"process__mounts": [mount("/srv/data")]}, "enforcing"),
        ("read-only-root", {"bundle__root_read_only": False}, "absent"),
    ],
)
def test_a_container_has_this_state(mechanism: str, changes: dict[str, Any], state: str) -> None:
    row = on_container(probed_container(**changes))
    found = next(defence for defence in row if defence.mechanism == mechanism)
    assert found.state == state, found


@pytest.mark.parametrize(("mode", "state"), [("enforcing", "enforcing"), ("permissive", "permissive")])
def test_an_selinux_label_is_as_strong_as_the_hosts_mode(mode: str, state: str) -> None:
    facts = msgspec.structs.replace(
        probed_container(process__label=LABEL.format("container_t")),
        host=probed(security_modules__selinux={"mode": mode}),
    )
    found = {defence.mechanism: defence.state for defence in on_container(facts)}
    assert found["security-label"] == state


def test_a_stopped_container_has_nothing_to_confine() -> None:
    row = on_container(probed_container(status="stopped", process=None))
    assert {defence.state for defence in row} == {State.NOT_APPLICABLE}


def test_a_container_whose_process_could_not_be_read_is_not_measured() -> None:
    facts = msgspec.structs.replace(
        probed_container(process=None, bundle=None),
        host=probed(
            not_measured={"/containers/0/process": "needs root", "/containers/0/bundle": "needs root"}
        ),
    )
    for defence in on_container(facts):
        assert defence.state is State.NOT_MEASURED
        assert any("needs root" in line for line in defence.evidence)
