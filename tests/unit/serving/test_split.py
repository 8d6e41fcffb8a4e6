"""Tests of the split: stable, proportional, and moved one way by a change of weights."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeline.serving.split import choose, compute_bounds, compute_percentile


def test_a_key_has_the_same_percentile_for_ever() -> None:
    """The numbers are those of SHA-256, whatever the process, the machine or the year."""
    assert [compute_percentile("flights", key) for key in ("a", "b", "", "ü")] == [99, 34, 79, 50]


def test_shares_come_out_as_asked() -> None:
    """Of 20,000 keys each variant gets its percent, within what chance allows (four standard deviations)."""
    weights = (70, 25, 5)
    counts = [0, 0, 0]
    for number in range(20_000):
        counts[choose(compute_bounds(weights), compute_percentile("flights", f"user-{number}"))] += 1
    for weight, count in zip(weights, counts, strict=True):
        share = weight / 100
        assert abs(count - 20_000 * share) < 4 * (20_000 * share * (1 - share)) ** 0.5


@given(st.text(), st.integers(0, 100), st.integers(0, 100))
def test_a_raised_weight_moves_keys_one_way_only(key: str, low: int, high: int) -> None:
    """Whoever had the challenger keeps it when its weight is raised."""
    low, high = sorted((low, high))
    percentile = compute_percentile("flights", key)
    before, after = (choose(compute_bounds((100 - weight, weight)), percentile) for weight in (low, high))
    assert before <= after


@pytest.mark.parametrize("weights", [(100,), (0, 100), (100, 0), (0, 0, 100)])
def test_a_weight_of_nothing_gets_nothing(weights: tuple[int, ...]) -> None:
    """Every percentile goes to the variant with all the weight."""
    assert {choose(compute_bounds(weights), percentile) for percentile in range(100)} == {weights.index(100)}


def test_two_services_split_independently() -> None:
    """Half of the keys in one half of a service are in the same half of another."""
    same = sum(
        (compute_percentile("a", str(key)) < 50) == (compute_percentile("b", str(key)) < 50) for key in range(4000)
    )
    assert 1800 < same < 2200
