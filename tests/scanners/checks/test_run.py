"""Judging one record runs every check of its kind and nothing else."""

from datetime import UTC, datetime

import msgspec
import pytest

from scanners.checks.check import EXAMPLE_POLICY, Verdict, check
from scanners.checks.examples import LONG_AGO, bind, container, engine, image, neighbour, swarm, used_image
from scanners.checks.host_examples import probed, probed_container
from scanners.checks.policy import Policy
from scanners.checks.registry import BY_ID, CATALOGUE
from scanners.checks.requirements import requirements_of
from scanners.checks.run import Judges, both, judge, unprobed
from scanners.records import AssetKind, CheckOutcome, ContainerFacts, Outcome, Severity, Skipped

NOW = datetime(2026, 9, 30, tzinfo=UTC)


def outcomes_of(facts, policy: Policy = EXAMPLE_POLICY) -> dict[str, CheckOutcome]:
    return {outcome.check: outcome for outcome in judge(facts, policy)}


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        (container(), AssetKind.CONTAINER),
        (engine(), AssetKind.HOST),
        (image(), AssetKind.IMAGE),
        (used_image(), AssetKind.IMAGE),
        (swarm(), AssetKind.CLUSTER),
        (probed(), AssetKind.HOST),
        (probed_container(), AssetKind.CONTAINER),
    ],
    ids=["container", "engine", "image", "image in use", "swarm", "probed host", "probed container"],
)
def test_it_runs_every_check_of_the_kind(facts, kind: AssetKind) -> None:
    outcomes = outcomes_of(facts)

    assert set(outcomes) == {check.id for check in CATALOGUE if check.subject is type(facts)}
    assert {outcome.asset_key for outcome in outcomes.values()} == {facts.key}
    assert {outcome.asset_kind for outcome in outcomes.values()} == {kind}


def test_a_well_configured_container_fails_nothing() -> None:
    failed = [id for id, outcome in outcomes_of(container()).items() if outcome.outcome is Outcome.FAIL]

    assert failed == []


def test_a_privileged_container_fails_what_privilege_undoes() -> None:
    failed = {
        id
        for id, outcome in outcomes_of(container(privileged=True)).items()
        if outcome.outcome is Outcome.FAIL
    }

    assert failed == {
        "docker.container.not-privileged",
        "docker.container.capabilities-restricted",
        "docker.container.seccomp-not-disabled",
        "docker.container.masked-paths-kept",
    }


def test_a_stopped_container_is_judged_by_its_configuration_only() -> None:
    outcomes = outcomes_of(container(status="exited", privileged=True, processes=None, health_status=None))

    assert outcomes["docker.container.not-privileged"].outcome is Outcome.FAIL
    assert outcomes["docker.container.no-sshd"].outcome is Outcome.NOT_APPLICABLE
    assert outcomes["docker.container.healthcheck-active"].outcome is Outcome.NOT_APPLICABLE


def test_the_same_input_gives_the_same_verdicts() -> None:
    facts = container(privileged=True, mounts=(bind("/etc"), bind("/run")))

    assert list(judge(facts, EXAMPLE_POLICY)) == list(judge(facts, EXAMPLE_POLICY))


def test_evidence_does_not_change_with_the_clock_alone() -> None:
    facts = engine(containers=(neighbour(status="exited", finished_at=LONG_AGO),))
    later = msgspec.structs.replace(EXAMPLE_POLICY, now=datetime(2026, 10, 2, tzinfo=UTC))

    for one, other in ((facts, facts), (image(created_at=LONG_AGO), image(created_at=LONG_AGO))):
        assert list(judge(one, EXAMPLE_POLICY)) == list(judge(other, later))


def test_the_severity_is_told_only_where_a_case_weighs_differently() -> None:
    writable = outcomes_of(container(mounts=(bind("/etc"),)))["docker.container.no-sensitive-mounts"]
    read_only = outcomes_of(container(mounts=(bind("/etc", read_only=True),)))[
        "docker.container.no-sensitive-mounts"
    ]

    assert writable.severity is None
    assert read_only.severity is Severity.MEDIUM


def test_files_that_benchmarks_number_apart_get_an_outcome_per_number() -> None:
    facts = probed(
        audit__rules=["-w /etc/docker"],
        docker__watched={"/run/containerd": False, "/var/lib/docker": True, "/etc/docker": True},
        docker__watched_as={
            "1.1.4": ["/run/containerd"],
            "1.1.5": ["/var/lib/docker"],
            "1.1.6": ["/etc/docker"],
        },
    )
    outcomes = outcomes_of(facts)
    directories = outcomes["docker.host.audit-directories"]

    assert directories.per_requirement == {
        "1.1.4": Outcome.NOT_APPLICABLE,
        "1.1.5": Outcome.FAIL,
        "1.1.6": Outcome.PASS,
    }
    unread = {outcome.check: outcome for outcome in unprobed(engine(), EXAMPLE_POLICY)}
    assert set(unread["docker.host.audit-directories"].per_requirement.values()) == {Outcome.NOT_MEASURED}
    for id, outcome in outcomes.items():
        declared = BY_ID[id].decided_per_requirement
        assert set(outcome.per_requirement) == set(requirements_of(id).get(declared, ()))


@check(
    id="test.raises",
    title="A check with a mistake in it",
    severity=Severity.LOW,
    subject=ContainerFacts,
    rationale="It stands for a mistake of ours.",
    remediation="Repair the check.",
    good=[container()],
    bad=[container(name="")],
)
def raises(facts: ContainerFacts) -> Verdict:
    raise ValueError(f"secret of {facts.name}")


def test_a_check_that_raises_is_an_error_and_leaks_nothing() -> None:
    judges = Judges([raises, BY_ID["docker.container.not-privileged"]])

    outcomes = list(judges.judge(container(), EXAMPLE_POLICY))

    assert [outcome.outcome for outcome in outcomes] == [Outcome.ERROR, Outcome.PASS]
    assert outcomes[0].evidence == ("the check failed with ValueError",)


def test_it_refuses_a_record_that_no_check_is_about() -> None:
    with pytest.raises(TypeError, match="no check judges a Skipped"):
        list(judge(Skipped(kind="container", where="x", reason="gone"), EXAMPLE_POLICY))


def test_limits_of_the_policy_decide() -> None:
    old = image(created_at=LONG_AGO)
    patient = Policy(now=NOW, image_max_age_days=3650)

    assert outcomes_of(old)["image.age-limit"].outcome is Outcome.FAIL
    assert outcomes_of(old)["image.age-limit"].evidence == ("Created is 2026-01-03, limit 90 days",)
    assert outcomes_of(old, patient)["image.age-limit"].outcome is Outcome.PASS


def test_the_engine_is_heard_beside_the_probe() -> None:
    warned = engine(warnings=("WARNING: API is accessible on http://0.0.0.0:2375 without encryption.",))
    unread = probed(docker=None, not_measured={"/docker": "needs root"})
    check = BY_ID["docker.daemon.tls-on-tcp"]

    alone = {said.check: said.outcome for said in judge(probed(), EXAMPLE_POLICY)}
    beside = {said.check: said for said in judge(probed(), EXAMPLE_POLICY, warned)}
    blind = {said.check: said.outcome for said in judge(unread, EXAMPLE_POLICY, engine())}

    assert alone[check.id] is Outcome.PASS
    assert beside[check.id].outcome is Outcome.FAIL and beside[check.id].asset_key == probed().key
    assert blind[check.id] is Outcome.NOT_MEASURED
    assert blind["docker.daemon.base-device-size"] is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("host", "engine_says", "expected"),
    [
        (Outcome.PASS, Outcome.NOT_MEASURED, Outcome.PASS),
        (Outcome.PASS, Outcome.FAIL, Outcome.FAIL),
        (Outcome.FAIL, Outcome.PASS, Outcome.FAIL),
        (Outcome.NOT_MEASURED, Outcome.PASS, Outcome.PASS),
        (Outcome.NOT_MEASURED, Outcome.NOT_MEASURED, Outcome.NOT_MEASURED),
        (Outcome.MANUAL, Outcome.PASS, Outcome.MANUAL),
    ],
)
def test_two_words_make_one_verdict(host: Outcome, engine_says: Outcome, expected: Outcome) -> None:
    assert both(Verdict(host), Verdict(engine_says)).outcome is expected
