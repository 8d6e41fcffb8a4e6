"""Resamples draw whole clusters, and their quantiles are counted, never guessed."""

import numpy as np
import pytest

from mergeline.errors import MergelineError
from mergeline.gate.resampling import (
    CHUNK,
    compute_bootstrap,
    count_resamples,
    draw_weights,
    find_critical,
)
from mergeline.gate.tables import AucTable, MeanTable


def test_each_resample_draws_as_many_clusters_as_there_are() -> None:
    """Also across the border of two chunks, and the same for the same seed."""
    n_resamples = CHUNK // 400 + 10
    weights = draw_weights(400, n_resamples, 7)
    assert (weights.sum(axis=1) == 400).all()
    assert np.array_equal(weights, draw_weights(400, n_resamples, 7))
    assert not np.array_equal(weights, draw_weights(400, n_resamples, 8))


def test_the_standard_error_of_a_mean_is_the_textbook_one() -> None:
    """With one row per cluster: standard deviation ÷ √n."""
    values = np.random.default_rng(0).normal(size=50)
    found = compute_bootstrap(MeanTable(values, np.ones(50)), draw_weights(50, 2000, 0))
    assert found.estimate == pytest.approx(values.mean())
    assert found.standard_error == pytest.approx(values.std(ddof=1) / np.sqrt(50))


def test_the_bootstrap_of_a_normal_mean_gives_the_t_interval() -> None:
    """The studentised quantile of 30 normal clusters is near 2.045, that of t with 29 degrees of freedom."""
    rng = np.random.default_rng(1)
    found = [
        find_critical(compute_bootstrap(MeanTable(values, np.ones(30)), draw_weights(30, 2000, seed)).distances, 0.95)
        for seed, values in enumerate(rng.normal(size=(40, 30)))
    ]
    assert np.mean(found) == pytest.approx(2.045, abs=0.06)


def test_equal_models_differ_by_nothing() -> None:
    """No difference in any cluster leaves no doubt: all distances are 0."""
    found = compute_bootstrap(MeanTable(np.zeros(20), np.ones(20)), draw_weights(20, 2000, 0))
    assert (found.estimate, found.standard_error) == (0, 0)
    assert find_critical(found.distances, 0.95) == 0


def test_a_difference_made_by_one_cluster_is_not_taken_for_certain() -> None:
    """A third of the resamples lack that cluster; the interval is ten times as wide as usual, and finite."""
    sums = np.zeros(90)
    sums[0] = 1
    found = compute_bootstrap(MeanTable(sums, np.ones(90)), draw_weights(90, 2000, 0))
    reach = find_critical(found.distances, 0.95) * found.standard_error
    assert found.estimate < reach < 20 * found.standard_error


@pytest.mark.parametrize(("level", "needed"), [(0.9, 2000), (0.95, 2000), (0.999, 10_000)])
def test_a_higher_level_needs_more_resamples(level: float, needed: int) -> None:
    """Ten resamples at least lie outside the interval."""
    assert count_resamples(level) == pytest.approx(needed, abs=1)


def test_too_few_resamples_for_the_level_are_refused() -> None:
    """The message says how many it takes."""
    with pytest.raises(MergelineError, match="2000 resamples are too few") as caught:
        find_critical(np.arange(2000.0), 0.999)
    assert "draw at least 10000" in caught.value.fix


def test_resamples_without_an_outcome_make_the_interval_wider_or_refused() -> None:
    """They count as beyond every bound, so an interval is never taken from the lucky ones alone."""
    table = AucTable(np.ones((10, 10)), np.eye(10)[0], np.ones(10))
    found = compute_bootstrap(table, draw_weights(10, 2000, 0))
    assert np.isinf(found.distances).mean() == pytest.approx(0.9**10, abs=0.05)
    with pytest.raises(MergelineError) as caught:
        find_critical(found.distances, 0.95)
    assert "longer period" in caught.value.fix


def test_the_quantile_is_counted_with_one_more() -> None:
    """Of 199 distances the 190th is the 95 % one: (199 + 1) × 0.95."""
    assert find_critical(np.arange(1.0, 200.0), 0.9) == 180
    assert find_critical(np.arange(1.0, 400.0), 0.95) == 380
