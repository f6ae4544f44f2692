"""A group of hosts shows exactly the settings in which its hosts differ, "different" apart from "not measured"."""

from __future__ import annotations

import copy
import json
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanners.checks.host_examples import probed
from scanners.defences.divergence import Difference, compare
from scanners.redaction import REDACTED
from tests.scaling import in_proportion
from tests.scanners.defences import documents

HOSTS_OF_A_LARGE_GROUP = 500


def document(**changes: Any) -> dict[str, Any]:
    """A document as it is stored: JSON, with lists."""
    return dict(json.loads(msgspec.json.encode(probed(**changes))))


def at(found: tuple[Difference, ...], pointer: str) -> Difference:
    return next(difference for difference in found if difference.pointer == pointer)


def only(first: dict[str, Any], second: dict[str, Any]) -> Difference:
    """What two hosts differ in, when it is one thing; subjects that neither probe tells are no difference."""
    different = [difference for difference in compare({1: first, 2: second}) if difference.is_different]
    assert len(different) == 1, different
    return different[0]


def test_hosts_that_are_alike_differ_in_nothing() -> None:
    one, other = document(), document(host={"id": "b", "name": "other", "uptime_seconds": 9})
    assert [found for found in compare({1: one, 2: other}) if found.is_different] == []
    assert compare({}) == ()


def test_the_most_common_value_comes_first_with_its_hosts() -> None:
    odd = document(**{"sysctls__kernel.kptr_restrict": "0"})
    found = compare({5: document(), 3: odd, 4: document()})
    assert [difference for difference in found if difference.is_different] == [
        Difference(
            pointer="/sysctls/kernel.kptr_restrict",
            name="Kernel setting kernel.kptr_restrict",
            values=(("2", (4, 5)), ("0", (3,))),
        )
    ]


def test_what_one_host_does_not_have_is_a_difference_without_a_value() -> None:
    found = only(document(), document(kernel__parameters=["quiet", "nokaslr"]))
    assert (found.pointer, found.values, found.absent) == (
        "/kernel/parameters/nokaslr",
        (("given", (2,)),),
        (1,),
    )


def test_what_could_not_be_read_is_no_difference_but_is_counted() -> None:
    gap = document(kernel__lockdown=None, not_measured={"/kernel/lockdown": "needs root"})
    lockdown = at(compare({1: document(), 2: gap, 3: document()}), "/kernel/lockdown")
    assert lockdown == Difference(
        pointer="/kernel/lockdown",
        name="Kernel lockdown",
        values=(("integrity", (1, 3)),),
        not_measured=(("needs root", (2,)),),
        is_different=False,
    )


def test_a_subject_that_could_not_be_read_leaves_each_of_its_settings_open() -> None:
    found = compare({1: document(), 2: document(kernel=None, not_measured={"/kernel": "out of time"})})
    open_settings = {
        difference.pointer for difference in found if difference.not_measured == (("out of time", (2,)),)
    }
    assert {"/kernel/release", "/kernel/options/SECCOMP_FILTER", "/kernel/parameters/quiet"} <= open_settings
    assert not any(difference.is_different for difference in found)


def test_a_setting_that_nobody_tells_is_counted_as_well() -> None:
    gap = document(kernel__lockdown=None, not_measured={"/kernel/lockdown": "needs root"})
    found = at(compare({1: gap, 2: gap}), "/kernel/lockdown")
    assert (found.values, found.not_measured, found.is_different) == ((), (("needs root", (1, 2)),), False)


def test_no_docker_is_absent_and_an_older_probe_is_not_measured() -> None:
    with_docker = document(docker={"settings": {"icc": False}})
    icc = at(compare({1: document(docker=None), 2: with_docker}), "/docker/settings/icc")
    assert (icc.values, icc.absent, icc.is_different) == ((("no", (2,)),), (1,), True)
    running = at(compare({1: document(audit=None), 2: document()}), "/audit/is_running")
    assert (running.not_measured, running.is_different) == ((("the probe does not tell", (1,)),), False)


def test_entries_of_lists_are_settings_of_their_own() -> None:
    rule = "-w /usr/bin/dockerd -k docker"
    found = only(document(audit={"rules": [rule, "-e 2"]}), document(audit={"rules": ["-e 2"]}))
    assert found.name == f"Audit rule {rule}" and found.absent == (2,)
    assert found.pointer == "/audit/rules/-w ~1usr~1bin~1dockerd -k docker"


def test_an_order_matters_where_the_kernel_asks_in_order() -> None:
    other = document(security_modules__order=["lockdown", "capability", "apparmor", "yama"])
    assert only(document(), other).pointer == "/security_modules/order"
    shuffled = document(confinement__cgroups={"version": "2", "controllers": ["pids", "memory", "io", "cpu"]})
    assert [found for found in compare({1: document(), 2: shuffled}) if found.is_different] == []


def test_versions_files_sensors_and_nested_settings_are_named_for_people() -> None:
    status = {"path": "/etc/docker", "uid": 0, "gid": 0, "mode": "0755", "kind": "directory"}
    first = document(
        runtimes={"runc": {"path": "/usr/sbin/runc", "version": "1.4.3"}},
        docker={"settings": {"log-opts": {"max-size": "10m"}}, "files": {"etc-docker": [status]}},
        sensors=[{"name": "falco", "is_running": True, "version": "0.41.0", "last_sign": "2026-01-01"}],
    )
    second = copy.deepcopy(first)
    second["runtimes"]["runc"]["version"] = "1.3.0"
    second["docker"]["settings"]["log-opts"]["max-size"] = "1g"
    second["docker"]["files"]["etc-docker"][0]["mode"] = "0777"
    second["sensors"][0] |= {"is_running": False, "last_sign": "2026-02-02"}
    different = [found for found in compare({1: first, 2: second}) if found.is_different]
    assert [(found.pointer, found.name, found.values[0][0]) for found in different] == [
        ("/runtimes/runc/version", "Version of runc", "1.3.0"),
        ("/docker/settings/log-opts/max-size", "Docker setting log-opts.max-size", "10m"),
        ("/docker/files/etc-docker/~1etc~1docker", "Owner and mode of /etc/docker", "0:0 0755"),
        ("/sensors/falco", "Sensor falco", "does not run, version 0.41.0"),
    ]


def test_a_sensor_of_which_nobody_knows_whether_it_runs_is_not_measured() -> None:
    falco = {"name": "falco", "path": "/usr/bin/falco"}
    hidden = document(
        sensors=[{"name": "aide", "is_running": False}, {**falco, "is_running": None}],
        not_measured={"/sensors/1/is_running": "needs root"},
    )
    told = document(sensors=[{**falco, "is_running": True}, {"name": "aide", "is_running": False}])
    found = at(compare({1: told, 2: hidden}), "/sensors/falco")
    assert (found.values, found.not_measured, found.absent, found.is_different) == (
        (("runs", (1,)),),
        (("needs root", (2,)),),
        (),
        False,
    )


def test_the_docker_group_is_the_same_under_another_number() -> None:
    def with_gid(gid: int) -> dict[str, Any]:
        status = {"path": "/var/run/docker.sock", "uid": 0, "gid": gid, "mode": "0660", "kind": "socket"}
        return document(docker={"group": {"gid": gid}, "files": {"docker-sock": [status]}})

    found = compare({1: with_gid(998), 2: with_gid(113)})
    assert not any(difference.is_different for difference in found)


def test_what_must_differ_is_not_compared() -> None:
    here = document(
        kernel__parameters=["root=UUID=1", "rd.luks.uuid=2", "BOOT_IMAGE=/a"],
        containers=[{"id": "a"}],
        confinement__namespaces={"subordinate_users": [{"owner": "ann", "first": 1, "count": 1}]},
        docker={"settings": {"labels": ["rack=1"]}, "group": {"gid": 1, "members": ["ann"]}},
        integrity__ima__measurements=5,
        time={"estimated_error_seconds": 0.1},
    )
    there = document(
        kernel__parameters=["root=UUID=9", "rd.luks.uuid=8", "BOOT_IMAGE=/b"],
        containers=[],
        confinement__namespaces={"subordinate_users": []},
        docker={"settings": {"labels": ["rack=2"]}, "group": {"gid": 2, "members": []}},
        integrity__ima__measurements=6,
        time={"estimated_error_seconds": 0.2},
    )
    assert not any(difference.is_different for difference in compare({1: here, 2: there}))


def test_of_packages_only_the_number_that_differs_is_told() -> None:
    def with_packages(*packages: list[str]) -> dict[str, Any]:
        return document(packages={"manager": "dpkg", "installed": list(packages)})

    bash, curl = ["bash", "5.2", "amd64"], ["curl", "8.1", "amd64"]
    found = compare(
        {
            1: with_packages(bash, curl),
            2: with_packages(bash, curl),
            3: with_packages(["bash", "5.3", "amd64"], curl, ["nmap", "7", "amd64"]),
        }
    )
    assert at(found, "/packages/installed").values == (
        ("as on most hosts", (1, 2)),
        ("1 in another version or missing, 1 more", (3,)),
    )


def test_a_secret_that_was_not_redacted_is_not_shown() -> None:
    first, second = (
        document(docker={"settings": {"log-opts": {"splunk-token": token}}})
        for token in ("hunter1", "hunter2")
    )
    found = compare({1: first, 2: second, 3: document(docker={"settings": {}})})
    assert at(found, "/docker/settings/log-opts/splunk-token").values == ((REDACTED, (1, 2)),)
    assert "hunter" not in repr(found)


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(
    st.lists(st.tuples(st.sampled_from(sorted(documents.leaves(msgspec.to_builtins(documents.RICH)))), ODD)),
    st.dictionaries(st.sampled_from(["kernel", "docker", "sensors", "packages", "not_measured"]), ODD),
)
def test_no_odd_document_stops_the_comparison(changes: list[tuple[str, Any]], whole: dict[str, Any]) -> None:
    good = msgspec.to_builtins(documents.RICH)
    odd = copy.deepcopy(good)
    for pointer, value in changes:
        place: Any = odd
        *above, last = (step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
        for step in above:
            place = place.get(step) if isinstance(place, dict) else None
        if isinstance(place, dict):
            place[last] = value
    found = compare({1: good, 2: {**odd, **whole}})
    for difference in found:
        hosts = [host for _, group in (*difference.values, *difference.not_measured) for host in group]
        assert sorted([*hosts, *difference.absent]) == [1, 2], difference
        assert difference.is_different or difference.not_measured or not difference.values


def test_a_large_group_is_compared_in_time() -> None:
    whole = document(
        security_modules__apparmor__profiles={f"profile-{number}": "enforce" for number in range(120)},
        audit={"is_running": True, "rules": [f"-w /usr/bin/{number} -k x" for number in range(60)]},
        packages={"installed": [[f"package-{n}", f"1.{n}", "amd64", "source"] for n in range(1200)]},
        containers=[{"id": str(n), "loaded": ["/lib/x.so"] * 100} for n in range(50)],
    )
    text = json.dumps(whole)
    group = {number: json.loads(text) for number in range(HOSTS_OF_A_LARGE_GROUP)}
    for number, host in group.items():
        host["packages"]["installed"][number][1] = "2.0"
        host["sysctls"]["kernel.sysrq"] = str(number % 3)
    found = in_proportion(
        lambda size: compare({number: group[number] for number in range(size)}), HOSTS_OF_A_LARGE_GROUP
    )
    assert [difference.name for difference in found if difference.is_different] == [
        "Kernel setting kernel.sysrq",
        "Packages",
    ]
