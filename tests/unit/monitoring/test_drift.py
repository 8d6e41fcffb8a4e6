"""Tests of the distance, of what it must exceed, and of which reference is taken."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeline.monitoring.drift import compute_drift, compute_noise, compute_psi
from mergeline.monitoring.reference import choose_batches
from mergeline.params import Monitor, load_params

counts = st.lists(st.integers(0, 10**6), min_size=2, max_size=30)


@pytest.fixture(scope="module")
def params(repository: object) -> Monitor:
    """Return the defaults."""
    return load_params().monitor


@given(st.data())
def test_psi_is_a_finite_distance(data: st.DataObject) -> None:
    """Never below 0, 0 for the same shape, the same both ways, finite whatever is empty."""
    one = np.array(data.draw(counts))
    other = np.array(data.draw(st.lists(st.integers(0, 10**6), min_size=len(one), max_size=len(one))))
    there, back = compute_psi(one, other), compute_psi(other, one)
    assert there == pytest.approx(back)
    assert 0 <= there < 100
    assert compute_psi(one, one * 3) == pytest.approx(0, abs=1e-12)


def test_noise_is_what_equal_days_drawn_anew_differ_by() -> None:
    """Over many windows the mean index comes to the estimate, though rows of a day are anything but independent."""
    random = np.random.default_rng(3)
    shares = np.array([0.5, 0.3, 0.2])
    psi, noise = [], []
    for _ in range(400):
        days = np.array([random.multinomial(500, random.dirichlet(shares * 60)) for _ in range(7)], dtype=float)
        psi.append(compute_psi(days.sum(axis=0), shares * 10**6))
        noise.append(compute_noise(days, shares * 10**6))
    assert np.mean(psi) == pytest.approx(np.mean(noise), rel=0.15)


def test_the_usual_change_is_the_largest_between_neighbours() -> None:
    """A feature that wanders from batch to batch has to go farther to be called drifting."""
    batches = [np.array([50, 50]), np.array([60, 40]), np.array([30, 70])]
    drift = compute_drift([np.array([5, 5])] * 7, batches[-1], batches)
    assert drift.usual == pytest.approx(compute_psi(batches[2], batches[1]))
    assert drift.noise == 0
    assert drift.limit(0.1, 6, 3) == pytest.approx(6 * drift.usual)


@pytest.mark.parametrize(
    ("middle", "reference", "expected"),
    [
        (date(2014, 4, 11), "season", ("2013-04",)),
        (date(2014, 4, 11), "trailing", ("2013-04", "2013-05", "2013-06")),
        (date(2013, 7, 4), "season", ("2013-04", "2013-05", "2013-06")),
        (date(2013, 3, 4), "trailing", ("2013-01", "2013-02")),
        (date(2012, 12, 4), "trailing", ("2013-04", "2013-05", "2013-06")),
    ],
)
def test_the_reference_is_the_season_or_what_came_before(
    middle: date, reference: str, expected: tuple[str, ...], params: Monitor
) -> None:
    """Where the bundle knows no such month, the batches before it take its place, and that is told."""
    from dataclasses import replace

    batches = [f"2013-0{month}" for month in range(1, 7)]
    chosen = choose_batches(batches, middle, replace(params, reference=reference))  # type: ignore[arg-type]
    assert chosen.batches == expected
    assert (reference == "season" and "no batch of month 7" in chosen.how) == (middle.month == 7)


def test_batches_without_months_have_no_season(params: Monitor) -> None:
    """Any names will do for the trailing ones."""
    assert choose_batches(["a", "b"], date(2013, 7, 4), params).batches == ("a", "b")
    assert choose_batches([], date(2013, 7, 4), params).batches == ()
