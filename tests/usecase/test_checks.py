"""The behaviour checks are sound data: they run on the features there are, and each can be broken."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mergeline.gate.behaviour import build_probe, choose_rows, measure_behaviour
from mergeline.params import load_params
from mergeline.vocabulary import Directional, Invariance, MinimumFunctionality
from usecase.checks import CHECKS
from usecase.features import FEATURES

NAMES = [check.name for check in CHECKS]
BATCH = "2013-04"


@pytest.fixture(scope="module")
def features(features_dir: Path) -> dict[str, pl.DataFrame]:
    """Return the features of one batch as the pipeline makes them."""
    return {BATCH: pl.read_parquet(features_dir / f"{BATCH}.parquet")}


def make_scores(features: dict[str, pl.DataFrame], repository: Path, score: pl.Expr) -> pl.DataFrame:
    """Return the scores that the expression gives to the probes of all checks."""
    chosen = choose_rows(features, CHECKS, load_params(repository / "params.yaml").gate)
    probe, impossible = build_probe(features[BATCH], CHECKS, chosen, BATCH)
    assert not impossible
    return probe.select("row_id", score=score)


def test_all_three_kinds_are_there_with_names_of_their_own() -> None:
    """Invariance, directional and minimum functionality; each says why."""
    assert {type(check) for check in CHECKS} == {Invariance, Directional, MinimumFunctionality}
    assert len(set(NAMES)) == len(NAMES)
    assert all(check.because and 0 < check.share <= 1 for check in CHECKS)


def test_every_check_changes_features_that_there_are() -> None:
    """A renamed feature does not leave a check behind that asks nothing."""
    changed = {name for check in CHECKS if not isinstance(check, MinimumFunctionality) for name in check.change}
    assert changed <= {feature.name for feature in FEATURES}


def test_every_check_finds_enough_rows_in_a_month(features: dict[str, pl.DataFrame], repository: Path) -> None:
    """None is for show: April has rows for each."""
    gate = load_params(repository / "params.yaml").gate
    chosen = choose_rows(features, CHECKS, gate)
    assert all(gate.min_check_rows <= len(chosen[name][BATCH]) <= gate.check_rows for name in NAMES)


def test_every_change_really_changes_the_rows_it_asks(features: dict[str, pl.DataFrame], repository: Path) -> None:
    """A change that leaves the rows as they are would be kept by any model."""
    chosen = choose_rows(features, CHECKS, load_params(repository / "params.yaml").gate)
    for check in CHECKS:
        if not isinstance(check, MinimumFunctionality):
            rows = features[BATCH].filter(pl.col("row_id").is_in(chosen[check.name][BATCH]))
            moved = rows.with_columns(**check.change)
            same = pl.all_horizontal(*(rows[name].eq_missing(moved[name]) for name in check.change))
            assert rows.select(same).to_series().mean() < 0.05, check.name  # type: ignore[operator]


BROKEN_BY = {
    "a minute later": pl.when(pl.col("sched_minute") % 2 == 0).then(0.1).otherwise(0.4),
    "a mile further": pl.when(pl.col("distance") % 2 == 0).then(0.1).otherwise(0.4),
    "an unknown destination": pl.when(pl.col("dest") == "???").then(0.9).otherwise(0.2),
    "no weather report": pl.when(pl.col("visib").is_null()).then(0.9).otherwise(0.2),
    "delays at the airport": 0.9 - 0.5 * pl.col("origin_delayed_2h"),
    "a carrier that is late these weeks": 0.5 - 2 * pl.col("carrier_late_relative_28d"),
    "fog and rain": 0.2 + 0.03 * pl.col("visib"),
    "a calm early morning": pl.lit(0.7),
    "an afternoon of delays": pl.lit(0.1),
    "no certainty": pl.when(pl.col("sched_hour") == 12).then(1.0).otherwise(0.3),
}


@pytest.mark.parametrize("name", NAMES)
def test_every_check_can_be_broken(name: str, features: dict[str, pl.DataFrame], repository: Path) -> None:
    """For each there is a rule of thumb that a person would call wrong, and the check says so."""
    scores = make_scores(features, repository, BROKEN_BY[name].cast(pl.Float64))
    found = {result.check: result for result in measure_behaviour(scores, CHECKS, {}, 50)}
    assert found[name].kept is False


def test_a_plain_rule_of_thumb_keeps_every_check(features: dict[str, pl.DataFrame], repository: Path) -> None:
    """The checks ask for nothing clever: delays nearby, the carrier's habits and the weather, added up, keep all."""
    logit = (
        -1.9
        + 3.0 * pl.col("origin_delayed_2h")
        + 1.0 * pl.col("origin_late_6h")
        + 3.0 * pl.col("carrier_late_relative_28d")
        + 2.0 * pl.col("precip").fill_null(0.0)
        - 0.05 * (pl.col("visib").fill_null(10.0) - 10)
    )
    scores = make_scores(features, repository, 1 / (1 + (-logit).exp()))
    results = measure_behaviour(scores, CHECKS, {}, 50)
    assert [(found.check, found.kept) for found in results] == [(name, True) for name in NAMES]
    assert np.all([found.n_rows >= 50 for found in results])
