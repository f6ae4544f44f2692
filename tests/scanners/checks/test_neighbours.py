"""Containers and their engine learn from each other what a single answer of the engine does not tell."""

from scanners.checks.check import EXAMPLE_POLICY
from scanners.checks.examples import container, engine, neighbour
from scanners.checks.neighbours import relate
from scanners.checks.run import judge
from scanners.records import ContainerFacts, EngineFacts, Outcome

ID = "a" * 64


def outcome_of(facts: ContainerFacts | EngineFacts, check: str) -> Outcome:
    return next(outcome.outcome for outcome in judge(facts, EXAMPLE_POLICY) if outcome.check == check)


def test_a_container_that_joins_the_hosts_network_over_another_fails() -> None:
    carrier = container(id=ID, name="carrier", network_mode="host")

    for reference in (ID, ID[:12], "carrier"):
        passenger = container(network_mode=f"container:{reference}")
        _, related = relate(engine(), [carrier, passenger])

        assert outcome_of(passenger, "docker.container.not-host-network") is Outcome.NOT_MEASURED
        assert related[1].joined_modes == {"network_mode": "host"}
        assert outcome_of(related[1], "docker.container.not-host-network") is Outcome.FAIL


def test_a_container_that_joins_a_private_one_passes() -> None:
    carrier = container(id=ID, ipc_mode="shareable", pid_mode="")
    passenger = container(ipc_mode=f"container:{ID}", pid_mode=f"container:{ID}")

    _, related = relate(engine(), [passenger, carrier])

    assert outcome_of(related[0], "docker.container.not-host-ipc") is Outcome.PASS
    assert outcome_of(related[0], "docker.container.not-host-pid") is Outcome.PASS


def test_it_follows_a_chain_and_gives_up_on_a_circle() -> None:
    chain = [
        container(id="1" * 64, pid_mode="container:" + "2" * 64),
        container(id="2" * 64, pid_mode="container:" + "3" * 64),
        container(id="3" * 64, pid_mode="host"),
    ]
    circle = [
        container(id="1" * 64, pid_mode="container:" + "2" * 64),
        container(id="2" * 64, pid_mode="container:" + "1" * 64),
    ]

    assert relate(engine(), chain)[1][0].joined_modes == {"pid_mode": "host"}
    assert [facts.joined_modes for facts in relate(engine(), circle)[1]] == [{}, {}]


def test_a_joined_container_that_is_gone_leaves_the_question_open() -> None:
    _, related = relate(engine(), [container(network_mode="container:gone")])

    assert outcome_of(related[0], "docker.container.not-host-network") is Outcome.NOT_MEASURED


def test_the_engine_learns_how_its_containers_log() -> None:
    listed = engine(containers=(neighbour(id=ID, name="web"),))

    unrotated, _ = relate(listed, [container(id=ID, log_driver="json-file", log_options={})])
    rotated, _ = relate(
        listed, [container(id=ID, log_driver="json-file", log_options={"max-size": "10m", "max-file": "3"})]
    )

    assert outcome_of(listed, "docker.daemon.log-rotation") is Outcome.NOT_MEASURED
    assert outcome_of(unrotated, "docker.daemon.log-rotation") is Outcome.FAIL
    assert outcome_of(rotated, "docker.daemon.log-rotation") is Outcome.PASS


def test_an_engine_whose_list_was_not_readable_stays_so() -> None:
    related, _ = relate(engine(containers=None), [container()])

    assert related.containers is None


def test_containers_keep_their_order_and_what_they_know() -> None:
    facts = [container(id=str(number) * 64) for number in range(3)]

    assert relate(engine(), facts)[1] == facts
