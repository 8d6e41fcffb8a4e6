"""Many looks and many slices do not turn luck into a finding."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeline.errors import MergelineError
from mergeline.gate.multiplicity import METHODS, adjust_level, compute_p_value, join_distances
from mergeline.gate.resampling import count_resamples, find_critical


@given(level=st.floats(0.5, 0.999), looks=st.integers(1, 1000), method=st.sampled_from(METHODS))
def test_more_looks_never_ask_for_less(level: float, looks: int, method: Any) -> None:
    """The level stays between the wanted one and 1, and rises with the looks."""
    adjusted = adjust_level(level, looks, method)
    assert level - 1e-12 <= adjusted < 1
    assert adjusted <= adjust_level(level, looks + 1, method) + 1e-12


def test_the_first_look_is_free_except_where_it_pays_for_later_ones() -> None:
    """Alpha spending keeps 0.61 of the error for the first look; the others change nothing."""
    assert adjust_level(0.95, 1, "none") == pytest.approx(0.95)
    assert adjust_level(0.95, 1, "bonferroni") == pytest.approx(0.95)
    assert adjust_level(0.95, 1, "alpha-spending") == pytest.approx(1 - 0.05 * 6 / np.pi**2)


def test_alpha_spending_never_spends_more_than_there_is() -> None:
    """The errors of ten thousand looks sum to less than 0.05; without correction one look uses it up."""
    assert 0.0499 < sum(1 - adjust_level(0.95, look, "alpha-spending") for look in range(1, 10_001)) < 0.05


def test_ten_worthless_proposals_are_seldom_called_better_once_looks_are_counted() -> None:
    """Without correction the chance that one of ten passes is near 40 %, with alpha spending it is below 5 %."""
    distances = np.abs(np.random.default_rng(0).normal(size=(4000, 10)))
    reference = np.abs(np.random.default_rng(1).normal(size=count_resamples(0.9999)))

    def find_share(method: Any) -> float:
        bounds = [find_critical(reference, adjust_level(0.95, look, method)) for look in range(1, 11)]
        return float((distances > bounds).any(axis=1).mean())

    assert find_share("none") == pytest.approx(1 - 0.95**10, abs=0.04)
    assert find_share("alpha-spending") < 0.055
    assert find_share("alpha-spending") < find_share("bonferroni") < find_share("none")


@pytest.mark.parametrize(
    ("level", "looks", "method", "fix"),
    [
        (1.0, 1, "none", "between 0 and 1"),
        (0.95, 0, "none", "at least 1"),
        (0.95, 1, "holm", "none, bonferroni, alpha-spending"),
    ],
)
def test_a_wrong_setting_is_refused(level: float, looks: int, method: Any, fix: str) -> None:
    """The message lists what is allowed."""
    with pytest.raises(MergelineError) as caught:
        adjust_level(level, looks, method)
    assert fix in caught.value.fix


def test_the_largest_distance_keeps_what_comparisons_share() -> None:
    """The same comparison twice costs nothing; independent ones widen the interval."""
    distances = np.abs(np.random.default_rng(0).normal(size=(20, 4000)))
    once, twice = join_distances([distances[0]]), join_distances([distances[0], distances[0]])
    assert np.array_equal(once, twice)
    assert find_critical(join_distances(distances), 0.95) > find_critical(once, 0.95) + 0.7


def test_a_joint_p_value_is_never_zero_and_one_on_the_harmless_side() -> None:
    """It counts the observation itself, so that luck is never excluded by too few resamples."""
    joint = np.arange(1999.0)
    assert compute_p_value(joint, 1e9) == 1 / 2000
    assert compute_p_value(joint, -3.0) == compute_p_value(joint, 0.0) == 1
