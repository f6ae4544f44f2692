"""The published load formula keeps its promises."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.risk import formula
from posture.risk.points import data_of, exposure_of, points_of, product_of
from scanners.checks.examples import container
from scanners.records import AssetKind, PublishedPort, Severity

points = st.floats(min_value=0.01, max_value=100)


@pytest.mark.parametrize(
    ("ledger", "expected"),
    [  # the test vectors of docs/load.md
        ([], 0.0),
        ([90.0], 90.0),
        ([90.0, 90.0], 107.0286403502449),
        ([70.0, 40.0, 15.0], 71.82978423909952),
        ([90.0] * 12, 167.50887463837793),
        ([90.0] * 1200, 529.7095721488881),
    ],
)
def test_it_gives_the_published_vectors(ledger: list[float], expected: float) -> None:
    assert formula.load(sum(map(formula.energy, ledger))) == pytest.approx(expected, abs=1e-9)


@given(st.lists(points, min_size=1, max_size=200))
def test_shares_add_up_to_the_load(ledger: list[float]) -> None:
    energies = [formula.energy(p) for p in ledger]
    total = sum(energies)
    load = formula.load(total)
    assert math.fsum(formula.share(load, e, total) for e in energies) == pytest.approx(load, abs=1e-9)


@given(st.lists(points, max_size=100), points)
def test_adding_a_finding_never_lowers_a_load(ledger: list[float], more: float) -> None:
    before = sum(formula.energy(p) for p in ledger)
    assert formula.load(before + formula.energy(more)) >= formula.load(before)


@given(
    st.sets(st.sampled_from(formula.EXPECTED[AssetKind.IMAGE])),
    st.sampled_from(formula.EXPECTED[AssetKind.IMAGE]),
)
def test_losing_evidence_never_lowers_the_upper_bound(present: set[str], lost: str) -> None:
    more = formula.missing_energy(AssetKind.IMAGE, present - {lost})
    assert more >= formula.missing_energy(AssetKind.IMAGE, present)
    assert formula.coverage(AssetKind.IMAGE, present - {lost}) <= formula.coverage(AssetKind.IMAGE, present)


def test_a_group_without_members_has_no_load() -> None:
    assert formula.group_load([]) is None


def test_points_are_the_base_times_the_factors_and_at_most_100() -> None:
    port = PublishedPort(container_port=80, protocol="tcp", host_ip="0.0.0.0", host_port=80)
    exposed = exposure_of(container(privileged=True, published_ports=(port,), network_mode="host"))
    assert points_of(Severity.CRITICAL, exposed) == 100.0
    low, factors = points_of(Severity.LOW, exposed), product_of(Severity.LOW, exposed)
    assert low == pytest.approx(15 * 1.15 * 1.15 * 1.1)
    assert factors[0] == ("severity", "low severity", 15.0)
    assert math.prod(f for _, _, f in factors) == pytest.approx(low)


def test_a_stopped_container_weighs_less() -> None:
    assert points_of(Severity.HIGH, exposure_of(container(status="exited"))) == pytest.approx(42.0)


def test_the_strongest_data_class_counts_once() -> None:
    assert data_of(["personal", "cardholder"]) == [("data", "Cardholder data in this environment", 1.1)]
    assert data_of([]) == []
