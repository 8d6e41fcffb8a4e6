"""Each row is scored by the newest model that had not seen it; no file is unpickled before its bytes are checked."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.dummy import DummyClassifier

from mergeline.errors import MergelineError
from mergeline.evaluation import scoring
from mergeline.evaluation.models import Model, Models, choose_model, load_estimator, read_models
from mergeline.evaluation.scoring import main, predict, score, score_rows

WriteModels = Callable[..., Path]
START = datetime(2013, 1, 1, 5, tzinfo=UTC)
MOMENTS = st.integers(0, 300).map(lambda hours: START + timedelta(hours=hours))


def constant(share: float) -> DummyClassifier:
    """Return a model whose every score is `share`, which tells it from others."""
    positive = round(share * 100)
    return DummyClassifier(strategy="prior").fit(np.zeros((100, 1)), [0] * (100 - positive) + [1] * positive)


def models_known_by(*moments: datetime) -> Models:
    """Return a directory, not on disk, of models that knew everything up to these moments."""
    listed = tuple(Model(f"batch {n}", f"{n}.joblib", "", moment, 0.2) for n, moment in enumerate(moments))
    return Models(Path("models"), ("sched_hour",), 1, 13, "0.joblib", listed)


class Backwards:
    """A classifier that lists its classes the other way round."""

    classes_ = np.array([1, 0])

    def predict_proba(self, X: Any) -> Any:
        """Return 0.8 for class 1, which stands first."""
        return np.tile([0.8, 0.2], (len(X), 1))


class Planted:
    """Leaves a marker file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        """Return the call that pickle makes on loading."""
        return Path.touch, (self.marker,)


@settings(deadline=None)
@given(st.lists(MOMENTS, min_size=1, max_size=6), MOMENTS)
def test_a_batch_is_never_scored_by_a_model_that_saw_it(moments: list[datetime], first_decision: datetime) -> None:
    """The model chosen knew nothing from after the first decision, and is the newest such; without one, an error."""
    unaware = [moment for moment in moments if moment <= first_decision]
    if not unaware:
        with pytest.raises(MergelineError) as caught:
            choose_model(models_known_by(*moments), "2013-02", first_decision)
        assert "raise train.held_out_batches" in caught.value.fix
    else:
        chosen = choose_model(models_known_by(*moments), "2013-02", first_decision)
        assert chosen.labels_known_by == max(unaware)


def test_rows_get_the_score_of_the_newest_model_that_had_not_seen_them(
    small_features: Path, write_models: WriteModels, tmp_path: Path
) -> None:
    """Of two models, the older scores the batch the newer was trained on; the newer scores its own and later ones."""
    known = {"2013-02": (constant(0.25), moment("2013-02")), "2013-03": (constant(0.5), moment("2013-03"))}
    directory = write_models(tmp_path / "model", known)
    scores = score(directory, small_features, ["2013-02", "2013-03", "2013-04"])
    found = dict(scores.group_by("batch").agg(pl.col("score").unique()).sort("batch").iter_rows())
    assert found == {"2013-02": [0.25], "2013-03": [0.5], "2013-04": [0.5]}
    with pytest.raises(MergelineError, match="no model may score batch 2013-01") as caught:
        score(directory, small_features, ["2013-01"])
    assert "score batches from 2013-02 on" in caught.value.fix


def test_every_row_has_a_score_in_the_order_of_the_file(small_features: Path, small_models: Path) -> None:
    """Labelled or not, each row of the batch comes back once, in place."""
    rows = pl.read_parquet(small_features / "2013-03.parquet")
    scores = score(small_models, small_features, ["2013-03"])
    assert scores.schema == {"row_id": pl.String, "batch": pl.String, "score": pl.Float64}
    assert scores["row_id"].to_list() == rows["row_id"].to_list()
    assert rows["target"].null_count() > 0


def test_tampered_model_file_is_refused_before_it_is_loaded(write_models: WriteModels, tmp_path: Path) -> None:
    """A file whose digest is not the listed one is never unpickled; the same file, listed, is."""
    marker = tmp_path / "was loaded"
    directory = write_models(tmp_path / "planted", {"2013-02": (Planted(marker), START)})
    content = json.loads((directory / "model.json").read_text())
    digest, content["models"][0]["sha256"] = content["models"][0]["sha256"], "0" * 64
    (directory / "model.json").write_text(json.dumps(content))
    models = read_models(directory)
    with pytest.raises(MergelineError, match="not the one that was trained") as caught:
        load_estimator(models, models.models[0])
    assert "do not load it" in caught.value.fix
    assert not marker.exists()
    content["models"][0]["sha256"] = digest
    (directory / "model.json").write_text(json.dumps(content))
    models = read_models(directory)
    load_estimator(models, models.models[0])
    assert marker.exists()


def test_model_file_outside_the_directory_is_refused(write_models: WriteModels, tmp_path: Path) -> None:
    """A listed path that leads elsewhere is an error, whatever its digest."""
    directory = write_models(tmp_path / "model", {"2013-02": (constant(0.5), START)})
    content = json.loads((directory / "model.json").read_text())
    content["models"][0]["file"] = "../model/2013-02.joblib"
    (directory / "model.json").write_text(json.dumps(content))
    models = read_models(directory)
    with pytest.raises(MergelineError, match="not a plain file name"):
        load_estimator(models, models.models[0])


def test_missing_model_file_says_how_to_get_it_back(write_models: WriteModels, tmp_path: Path) -> None:
    """A model that is listed and not there is an error that names the command."""
    directory = write_models(tmp_path / "model", {"2013-02": (constant(0.5), START)})
    (directory / "2013-02.joblib").unlink()
    models = read_models(directory)
    with pytest.raises(MergelineError) as caught:
        load_estimator(models, models.models[0])
    assert "dvc checkout" in caught.value.fix


@pytest.mark.parametrize(
    ("changes", "words", "fix"),
    [({"format": 2}, "format 2", "dvc repro train"), ({"models": []}, "no batch is held out", "procure.batches")],
)
def test_unusable_directory_is_an_error_with_a_fix(
    changes: dict[str, Any], words: str, fix: str, write_models: WriteModels, tmp_path: Path
) -> None:
    """Another format, and a directory without models (nothing held out), stop before anything is scored."""
    directory = write_models(tmp_path / "model", {"2013-02": (constant(0.5), START)}, **changes)
    with pytest.raises(MergelineError, match=words) as caught:
        read_models(directory)
    assert fix in caught.value.fix


def test_order_of_classes_is_taken_from_the_estimator() -> None:
    """A classifier that lists class 1 first is read by its `classes_`, not by position."""
    frame = pl.DataFrame({"sched_hour": [1.0, 2.0]})
    assert predict(Backwards(), frame, models_known_by(START)).tolist() == [0.8, 0.8]


def test_model_without_a_positive_class_is_an_error() -> None:
    """A classifier that never saw a positive row has no score to give."""
    estimator = DummyClassifier(strategy="prior").fit([[0.0]], [0])
    with pytest.raises(MergelineError, match="never saw a positive row") as caught:
        predict(estimator, pl.DataFrame({"sched_hour": [1.0]}), models_known_by(START))
    assert "both outcomes" in caught.value.fix


def test_missing_feature_is_named() -> None:
    """Features of another commit are an error that names the column."""
    with pytest.raises(MergelineError, match="sched_hour") as caught:
        predict(constant(0.5), pl.DataFrame({"other": [1.0]}), models_known_by(START))
    assert "the same commit" in caught.value.fix


@pytest.mark.parametrize("value", [float("nan"), -0.1, 1.1, float("inf")])
def test_score_that_is_no_probability_is_an_error(
    value: float, small_features: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NaN, infinite and out-of-range scores stop the run and name the row."""
    rows = pl.read_parquet(small_features / "2013-03.parquet")
    scores = np.full(rows.height, 0.5)
    scores[7] = value
    monkeypatch.setattr(scoring, "load_estimator", lambda *_: None)
    monkeypatch.setattr(scoring, "predict", lambda *_: scores)
    with pytest.raises(MergelineError, match="1 scores of batch 2013-03 are not probabilities") as caught:
        score_rows(models_known_by(START), rows, "2013-03")
    assert caught.value.where.endswith("row 2013-03/7")
    assert "src/usecase/model.py" in caught.value.fix


def test_missing_and_empty_batches_are_errors_with_a_fix(
    small_features: Path, small_models: Path, tmp_path: Path
) -> None:
    """A batch without a file, and one without rows, are told apart and never skipped."""
    with pytest.raises(MergelineError, match="2014-01 has no features") as caught:
        score(small_models, small_features, ["2014-01"])
    assert "dvc repro featurise" in caught.value.fix
    pl.read_parquet(small_features / "2013-04.parquet").clear().write_parquet(tmp_path / "2013-04.parquet")
    with pytest.raises(MergelineError, match="has no rows"):
        score(small_models, tmp_path, ["2013-04"])


def test_command_writes_the_scores(small_features: Path, small_models: Path, tmp_path: Path) -> None:
    """The command writes what the function returns."""
    out = tmp_path / "out" / "scores.parquet"
    batches = ["2013-03", "2013-04"]
    arguments = ["--models", str(small_models), "--features", str(small_features), "--batches", *batches]
    assert main([*arguments, "--out", str(out)]) == 0
    assert pl.read_parquet(out).equals(score(small_models, small_features, batches))


def moment(batch: str) -> datetime:
    """Return the first decision of a batch of the small world."""
    return datetime.fromisoformat(f"{batch}-01T05:00:00+00:00")
