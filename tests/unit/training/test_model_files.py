"""Tests of `mergeline.training.model_files`: what is written is what is listed, and reads back."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from mergeline.evaluation.models import load_estimator, read_models
from mergeline.files import read_json
from mergeline.params import Train
from mergeline.training.calibration import Sigmoid, SigmoidCalibrated
from mergeline.training.candidates import build_candidates
from mergeline.training.history import read_history, render_moment
from mergeline.training.model_files import write_models
from mergeline.training.walk_forward import fit_models


def test_the_newest_model_ships_and_every_file_is_listed(
    tmp_path: Path, write_features: Callable[..., Path], make_params: Callable[..., Train]
) -> None:
    """`model.json` tells the truth about each model, calibration included, and evaluation reads it."""
    params = make_params()
    history = read_history(write_features(3))
    plain = build_candidates(params, history.features)["hist_gradient_boosting"]
    models = fit_models("hist_gradient_boosting", SigmoidCalibrated(plain, 0.9, -0.1), history, ["2013-02", "2013-03"])
    directory = tmp_path / "model"
    content = write_models(directory, models, "hist_gradient_boosting", Sigmoid(0.9, -0.1), history, params)
    assert content == read_json(directory / "model.json")
    assert sorted(path.name for path in directory.iterdir()) == ["2013-02.joblib", "2013-03.joblib", "model.json"]
    assert content["ships"] == "2013-03.joblib"
    assert content["calibration"] == {"slope": 0.9, "intercept": -0.1}
    assert content["features"][0] == {"name": "origin", "kind": "categorical"}
    newest = content["models"][-1]
    known = history.select_known("2013-03")
    assert newest["n_rows"] == known.height
    assert newest["trained_to"] < newest["labels_known_by"] == render_moment(history.find_first_decision("2013-03"))
    listed = read_models(directory)
    features, _ = history.split(history.rows.filter(pl.col("batch") == "2013-03"))
    loaded = load_estimator(listed, listed.models[-1]).predict_proba(features)
    assert np.array_equal(loaded, models[-1].estimator.predict_proba(features))
