"""Checks on the probe's document: what could not be read never passes, and odd values never make one raise."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from scanners.checks.capabilities import NAMES, names_of
from scanners.checks.check import EXAMPLE_POLICY, Check
from scanners.checks.examples import engine
from scanners.checks.host_examples import probed, probed_container, unread_part
from scanners.checks.registry import CATALOGUE
from scanners.checks.run import judge, unprobed
from scanners.host import HostContainerFacts, HostFacts, fingerprint
from scanners.records import Outcome

ON_HOSTS = [check for check in CATALOGUE if check.subject is HostFacts]
ON_CONTAINERS = [check for check in CATALOGUE if check.subject is HostContainerFacts]
SUBJECTS = (
    "distribution",
    "kernel",
    "security_modules",
    "confinement",
    "integrity",
    "sysctls",
    "runtimes",
    "docker",
    "container_data",
    "audit",
    "listeners",
    "time",
    "sensors",
    "log_collectors",
    "firewall",
    "backups",
    "packages",
)
# Null without a reason says that the host has none of these, and then there is nothing to judge.
MAY_BE_ABSENT = ("docker",)
# What a well kept host gives where it is not a pass.
NOT_PASSED = {
    "backup.docker-volumes": Outcome.NOT_APPLICABLE,  # no container runs
    "docker.host.engine-supported": Outcome.MANUAL,  # a flaw whose fix is not published
    "runtime.crun-current": Outcome.NOT_APPLICABLE,  # runC is there instead
    "sensor.falco-healthy": Outcome.NOT_MEASURED,
    "sensor.file-integrity": Outcome.NOT_MEASURED,
    "sensor.tetragon-healthy": Outcome.NOT_MEASURED,
    "sensor.tracee-healthy": Outcome.NOT_MEASURED,
    "docker.host.os-hardened": Outcome.NOT_MEASURED,
}


def test_there_are_checks_on_both() -> None:
    assert len(ON_HOSTS) > 10 and len(ON_CONTAINERS) > 9


@pytest.mark.parametrize("check", ON_HOSTS, ids=lambda check: check.id)
def test_a_well_kept_host_passes(check: Check) -> None:
    assert check.judge(probed(), EXAMPLE_POLICY).outcome is NOT_PASSED.get(check.id, Outcome.PASS)


@pytest.mark.parametrize("check", ON_HOSTS, ids=lambda check: check.id)
def test_nothing_passes_on_a_host_of_which_nothing_could_be_read(check: Check) -> None:
    missing = dict.fromkeys((*SUBJECTS, "rkt", "containers"))
    nothing = probed(**missing, not_measured={"/" + name: "needs root" for name in missing})
    verdict = check.judge(nothing, EXAMPLE_POLICY)
    assert verdict.outcome is Outcome.NOT_MEASURED
    assert check.waits_for or any("needs root" in line for line in verdict.evidence)


@pytest.mark.parametrize("check", ON_HOSTS, ids=lambda check: check.id)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_that_an_older_probe_does_not_have_is_no_answer(check: Check, subject: str) -> None:
    before = check.judge(probed(), EXAMPLE_POLICY).outcome
    after = check.judge(probed(**{subject: None}), EXAMPLE_POLICY).outcome
    unread = check.judge(unread_part(subject), EXAMPLE_POLICY).outcome
    absent = (Outcome.NOT_APPLICABLE,) if subject in MAY_BE_ABSENT else ()
    assert after in (before, Outcome.NOT_MEASURED, *absent) and unread in (before, Outcome.NOT_MEASURED)


def facts_of(found: Any, at: str = "") -> list[str]:
    """Pointers of every fact that a host's document can miss: each leaf, and what holds leaves."""
    names: dict[str, Any] = {}
    if isinstance(found, msgspec.Struct):
        names = {field: getattr(found, field) for field in found.__struct_fields__}
    elif isinstance(found, dict) and not any("/" in name for name in found) and "/settings/" not in at:
        names = found
    below = [pointer for name, value in names.items() for pointer in facts_of(value, f"{at}/{name}")]
    return [*below, at] if at.count("/") > 1 else below


def without(pointer: str) -> HostFacts | None:
    """The good host without a fact: null where the document may have null, else empty; None for what is always told."""
    path = pointer[1:].replace("/", "__")
    for nothing in (None, {}):
        try:
            return probed(**{path: nothing})
        except msgspec.ValidationError:
            continue
    return None


EVERY = {pointer for name in SUBJECTS for pointer in facts_of(getattr(probed(), name), f"/{name}")}
FACTS = sorted(pointer for pointer in EVERY if without(pointer) is not None)


@pytest.mark.parametrize("pointer", FACTS)
def test_a_fact_that_could_not_be_read_turns_no_verdict_into_a_pass(pointer: str) -> None:
    good = {said.check: said.outcome for said in judge(probed(), EXAMPLE_POLICY)}
    unread = msgspec.structs.replace(without(pointer) or probed(), not_measured={pointer: "needs root"})
    for said in judge(unread, EXAMPLE_POLICY):
        assert said.outcome is not Outcome.ERROR, said
        assert said.outcome in (good[said.check], Outcome.NOT_MEASURED), said


@pytest.mark.parametrize("check", ON_CONTAINERS, ids=lambda check: check.id)
def test_a_container_without_its_bundle_or_process_passes_nothing(check: Check) -> None:
    for part in ("bundle", "process"):
        facts = probed_container(**{part: None})
        facts = msgspec.structs.replace(
            facts, host=probed(not_measured={f"/containers/0/{part}": "needs root"})
        )
        if part == "process" and check.id.startswith("oci."):
            continue  # judges the bundle alone
        verdict = check.judge(facts, EXAMPLE_POLICY)
        assert (verdict.outcome, verdict.evidence) == (Outcome.NOT_MEASURED, (f"{part}: needs root",))


@pytest.mark.parametrize("check", ON_CONTAINERS, ids=lambda check: check.id)
def test_what_an_engine_manages_is_not_judged_twice(check: Check) -> None:
    outcome = check.judge(probed_container(manager="docker"), EXAMPLE_POLICY).outcome
    assert outcome is (Outcome.NOT_APPLICABLE if check.id.startswith("oci.") else Outcome.PASS)


@pytest.mark.parametrize(
    "check", [check for check in ON_CONTAINERS if check.id.startswith("process.")], ids=lambda check: check.id
)
def test_a_stopped_container_has_no_process_to_judge(check: Check) -> None:
    facts = probed_container(status="stopped", process=None)
    assert check.judge(facts, EXAMPLE_POLICY).outcome is Outcome.NOT_APPLICABLE


def test_capabilities_by_their_bits() -> None:
    assert names_of("00000000a80425fb") >= {"CHOWN", "NET_RAW", "SETFCAP"} and len(names_of("a80425fb")) == 14
    assert names_of("1ffffffffff") == set(NAMES)
    assert names_of("20000000000") == {"capability 41"} and names_of("") == frozenset()


def test_a_host_without_a_probe_says_so_check_by_check() -> None:
    said = list(unprobed(engine(), EXAMPLE_POLICY))
    assert [outcome.check for outcome in said] == [check.id for check in ON_HOSTS]
    assert {outcome.asset_key for outcome in said} == {engine().key}
    for check, outcome in zip(ON_HOSTS, said, strict=True):
        if check.from_engine is None:
            assert outcome.outcome is Outcome.NOT_MEASURED
            assert outcome.evidence == ("no host probe reads this host",)


def test_clocks_and_counters_do_not_make_a_host_another_one() -> None:
    before: dict[str, Any] = msgspec.to_builtins(probed())
    after = {
        **before,
        "collected_at": "2026-01-02T00:00:00Z",
        "nonce": "n",
        "host": {**before["host"], "uptime_seconds": 9},
        "sensors": [{"name": "falco", "is_running": True, "last_sign": "2026-01-02T00:00:00Z"}],
    }
    assert fingerprint(after) == fingerprint({**after, "collected_at": "later"})
    assert fingerprint({**after, "host": {**after["host"], "uptime_seconds": 10}}) == fingerprint(after)
    assert fingerprint({**after, "kernel": {"lockdown": "none"}}) != fingerprint(after)
