"""What cannot be compared is refused, with its row and what to do; what can is kept whole."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from mergeline.errors import MergelineError
from mergeline.gate.pairs import MAX_GROUPS, make_pairs

N_ROWS = 40


def make_rows(**changed: Any) -> dict[str, Any]:
    """Return the arguments of a sound comparison of 40 rows in 10 clusters, with some of them changed."""
    rng = np.random.default_rng(0)
    rows: dict[str, Any] = {
        "target": np.arange(N_ROWS) % 2,
        "champion_score": rng.random(N_ROWS),
        "candidate_score": rng.random(N_ROWS),
        "cluster": np.arange(N_ROWS) // 4,
    }
    return {**rows, **changed}


def test_sound_rows_are_taken_as_they_are() -> None:
    """Days from a polars frame, integer targets and no weights are what the gate gives."""
    days = pl.Series([date(2013, 4, 1) + timedelta(days=int(k)) for k in np.arange(N_ROWS) // 4])
    pairs, kept = make_pairs(**make_rows(cluster=days, target=pl.Series(np.arange(N_ROWS) % 2, dtype=pl.Int8)))
    assert pairs.n_clusters == pairs.n_groups == 10
    assert pairs.group.tolist() == (np.arange(N_ROWS) // 4).tolist()
    assert kept.tolist() == list(range(N_ROWS))


def test_rows_of_weight_zero_are_left_out() -> None:
    """A row without weight has no say, not even through its cluster."""
    weight = np.ones(N_ROWS)
    weight[:4] = 0
    pairs, kept = make_pairs(**make_rows(weight=weight))
    assert pairs.n_clusters == 9
    assert kept.tolist() == list(range(4, N_ROWS))


def test_very_many_clusters_are_put_into_groups_of_equal_count() -> None:
    """Memory stays bounded when every row is its own cluster, and the draw is the same each time."""
    n_rows = 3 * MAX_GROUPS + 1
    rng = np.random.default_rng(0)
    rows = (rng.integers(0, 2, n_rows), rng.random(n_rows), rng.random(n_rows), np.arange(n_rows))
    pairs, again = make_pairs(*rows)[0], make_pairs(*rows)[0]
    assert (pairs.n_clusters, pairs.n_groups) == (n_rows, MAX_GROUPS)
    assert set(np.bincount(pairs.group)) == {3, 4}
    assert np.array_equal(pairs.group, again.group)


def spoil(values: Any, row: int, value: Any, kind: Any = float) -> Any:
    """Return the values with one of them changed."""
    changed: Any = np.array(values, dtype=kind)
    changed[row] = value
    return changed


SOUND = make_rows()
FAULTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "a NaN score of the candidate": (
        {"candidate_score": spoil(SOUND["candidate_score"], 7, np.nan)},
        "1 of 40 values of candidate score are not a probability (first: nan)",
        "missing features",
    ),
    "a score above 1": (
        {"champion_score": spoil(SOUND["champion_score"], 3, 1.5)},
        "champion score are not a probability (first: 1.5)",
        "probabilities from 0 to 1",
    ),
    "scores of fewer rows": (
        {"champion_score": SOUND["champion_score"][:-1]},
        "shape (39,)",
        "join the scores by row_id",
    ),
    "a column of scores per class": (
        {"candidate_score": np.ones((N_ROWS, 2))},
        "shape (40, 2)",
        "join the scores by row_id",
    ),
    "no rows": (dict.fromkeys(SOUND, np.array([])), "no rows", "train.held_out_batches"),
    "one class only": ({"target": np.ones(N_ROWS)}, "outcome 0 occurs in 0 clusters", "longer period"),
    "one class in too few clusters": (
        {"target": np.arange(N_ROWS) < 4},
        "outcome 1 occurs in 1 clusters of 10",
        "both outcomes in at least 5",
    ),
    "a missing label": ({"target": spoil(SOUND["target"], 2, np.nan)}, "not 0 or 1 (first: nan)", "without a label"),
    "a third outcome": ({"target": spoil(SOUND["target"], 2, 2)}, "not 0 or 1 (first: 2.0)", "without a label"),
    "labels of text": ({"target": np.array(["late"] * N_ROWS)}, "not numbers", "give numbers"),
    "a constant candidate": ({"candidate_score": np.full(N_ROWS, 0.3)}, "scores every row 0.3", "constant score"),
    "a negative weight": ({"weight": spoil(np.ones(N_ROWS), 5, -1)}, "negative or not finite (first: -1", "at least 0"),
    "an infinite weight": ({"weight": spoil(np.ones(N_ROWS), 5, np.inf)}, "not finite (first: inf", "at least 0"),
    "a missing day": (
        {"cluster": spoil(np.array(["2013-04-01"] * N_ROWS, dtype="datetime64[D]"), 9, "NaT", np.dtype("M8[D]"))},
        "1 of 40 values of cluster are missing",
        "gate.cluster",
    ),
    "a missing cluster name": (
        {"cluster": spoil(["a"] * N_ROWS, 9, None, object)},
        "cluster are missing",
        "gate.cluster",
    ),
    "a row twice": ({"row_id": spoil(np.arange(N_ROWS), 8, 3, int)}, "row_id are there already (first: 3)", "unique"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_rows_that_cannot_be_compared_are_refused(fault: str) -> None:
    """Each fault is named with its value, and the message says what to do."""
    changed, what, fix = FAULTS[fault]
    with pytest.raises(MergelineError) as caught:
        make_pairs(**make_rows(**changed))
    assert what in caught.value.what
    assert fix in caught.value.fix


def test_a_faulty_row_is_named() -> None:
    """The message leads to the first faulty row."""
    with pytest.raises(MergelineError) as caught:
        make_pairs(**make_rows(candidate_score=spoil(SOUND["candidate_score"], 7, np.nan)))
    assert caught.value.where == "candidate score, row 7"


def test_a_constant_champion_can_be_challenged() -> None:
    """The first champion may be the base rate; whatever ranks at all must be able to replace it."""
    pairs, _ = make_pairs(**make_rows(champion_score=np.full(N_ROWS, 0.3)))
    assert pairs.champion.tolist() == [0.3] * N_ROWS
