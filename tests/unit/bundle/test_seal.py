"""Tests of `mergeline.bundle.seal`: what was judged is sealed, the same bytes each time, or nothing is."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import polars as pl
import pytest
from sklearn.base import BaseEstimator

from mergeline.bundle import estimator as estimator_form
from mergeline.bundle import seal as sealing
from mergeline.bundle.read import Bundle, read_bundle
from mergeline.bundle.seal import Sealed, seal
from mergeline.errors import MergelineError
from mergeline.files import compute_digest, write_json, write_parquet
from mergeline.params import Package
from mergeline.training.calibration import SigmoidCalibrated
from unit.bundle.making import FEATURES, NAMES, fit, make_forest, make_history, make_trees, score

AUTO = Package(form="auto", golden_rows=40)


@dataclass(frozen=True)
class Project:
    """What the stages before `package` left."""

    folder: Path

    def seal(self, name: str = "bundle", params: Package = AUTO) -> Sealed:
        """Seal the model that ships."""
        inputs = (self.folder / "model", self.folder / "features", self.folder / "predictions.parquet")
        return seal(*inputs, {"format": 1}, self.folder / name, params)

    def read(self, name: str = "bundle") -> Bundle:
        """Return the sealed bundle."""
        return read_bundle(self.folder / name)


def make_project(folder: Path, estimator: BaseEstimator) -> Project:
    """Write two batches, a model trained on the first, and its scores of the second."""
    batches = {"2013-01": make_history(2000), "2013-02": make_history(600, batch=2)}
    for name, rows in batches.items():
        write_parquet(folder / f"features/{name}.parquet", rows)
    fitted = fit(estimator, batches["2013-01"])
    (folder / "model").mkdir()
    joblib.dump(fitted, folder / "model/2013-02.joblib")
    entry = {"held_out": "2013-02", "file": "2013-02.joblib", "labels_known_by": "2013-02-01T08:00:00Z"}
    entry |= {"sha256": compute_digest(folder / "model/2013-02.joblib"), "base_rate": 0.4, "n_rows": 2000}
    content = {
        "format": 1,
        "candidate": "small",
        "features": [{"name": one.name, "kind": one.kind} for one in FEATURES],
    }
    content |= {"threads": 1, "random_state": 1, "ships": "2013-02.joblib", "models": [entry]}
    write_json(folder / "model/model.json", content)
    judged = batches["2013-02"]
    scores = judged.select("row_id", pl.lit("2013-02").alias("batch"), pl.Series("score", score(fitted, judged)))
    write_parquet(folder / "predictions.parquet", scores)
    return Project(folder)


@pytest.fixture(autouse=True)
def small_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the definitions be those of the small history."""
    monkeypatch.setattr(sealing, "FEATURES", FEATURES)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project whose model are calibrated trees."""
    return make_project(tmp_path, SigmoidCalibrated(make_trees(), 1.1, 0.1))


def read_all(folder: Path) -> dict[str, bytes]:
    """Return the content of every file."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_bundle_scores_as_the_judged_model(project: Project) -> None:
    """Every judged row has the score that was judged; golden rows hold missing, unseen and made values."""
    sealed = project.seal()
    bundle = project.read()
    assert (sealed.form, sealed.reason, sealed.digest) == ("trees", None, bundle.digest)
    assert sealed.difference <= 1e-12
    rows = pl.read_parquet(project.folder / "features/2013-02.parquet").select(NAMES).to_dicts()
    judged = pl.read_parquet(project.folder / "predictions.parquet")["score"]
    assert abs(bundle.model.predict(rows) - judged.to_numpy()).max() <= 1e-12
    assert bundle.check_golden() <= 1e-11
    titles = [row["row_id"] for row in bundle.golden]
    assert len(titles) == 40
    assert "made: origin unseen" in titles
    assert any(row["inputs"]["gust"] is None for row in bundle.golden)


def test_two_bundles_of_one_model_have_the_same_bytes(project: Project) -> None:
    """Packaged twice, the digest is one: it can stand in dvc.lock and in the desired state."""
    assert project.seal("one").digest == project.seal("other").digest
    assert read_all(project.folder / "one") == read_all(project.folder / "other")


def test_the_lineage_names_what_it_was_made_of(project: Project) -> None:
    """Features, model and the shipped entry are named by their digests."""
    project.seal()
    lineage = project.read().lineage
    assert lineage["model_digest"] == compute_digest(project.folder / "model/model.json")
    assert lineage["features"]["2013-01"] == compute_digest(project.folder / "features/2013-01.parquet")
    assert [model["held_out"] for model in lineage["training"]["models"]] == ["2013-02"]


def test_the_reference_counts_every_row_once(project: Project) -> None:
    """Per feature and batch, bins and missing values add up to the rows."""
    project.seal()
    reference = project.read().reference()
    assert reference["trained"] == ["2013-01"]
    for name, profile in reference["features"].items():
        for batch, rows in (("2013-01", 2000), ("2013-02", 600)):
            counted = profile["batches"][batch]
            assert counted["n"] == rows == sum(counted["counts"]) + counted["missing"], name
    assert sum(reference["score"]["batches"]["2013-02"]["counts"]) == 600
    assert reference["labels"]["2013-02"]["n"] == 600


def test_predictions_of_another_model_are_refused(project: Project) -> None:
    """What was judged must be what is sealed; the old bundle stays."""
    project.seal()
    before = read_all(project.folder / "bundle")
    path = project.folder / "predictions.parquet"
    write_parquet(path, pl.read_parquet(path).with_columns(pl.col("score") * 0.999))
    with pytest.raises(MergelineError, match="not those of the model that ships") as error:
        project.seal()
    assert "dvc repro" in error.value.fix
    assert read_all(project.folder / "bundle") == before


@pytest.mark.parametrize("spoil", ["leaf", "missing_left", "category"])
def test_a_wrong_conversion_is_refused(project: Project, monkeypatch: pytest.MonkeyPatch, spoil: str) -> None:
    """A leaf that is off by 1e-4, missing values on the wrong side, or categories in another order are found."""
    right = sealing.convert

    def wrong(*arguments: Any) -> dict[str, Any]:
        content = json.loads(json.dumps(right(*arguments)))
        for tree in content["trees"]:
            if spoil == "missing_left":
                tree["missing_left"] = [1 - side for side in tree["missing_left"]]
        if spoil == "leaf":
            content["trees"][0]["leaf"][0] += 1e-4
        if spoil == "category":
            content["columns"][1]["values"].reverse()
        return content

    monkeypatch.setattr(sealing, "convert", wrong)
    with pytest.raises(MergelineError, match="otherwise than the estimator") as error:
        project.seal()
    assert "form: estimator" in error.value.fix
    assert not (project.folder / "bundle").exists()


def test_a_model_of_other_features_is_refused(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A contract that the model was not trained on is not sealed with it."""
    monkeypatch.setattr(sealing, "FEATURES", FEATURES[1:])
    with pytest.raises(MergelineError, match="origin") as error:
        project.seal()
    assert "dvc repro" in error.value.fix


def test_an_estimator_without_a_portable_form_is_stored_and_says_so(tmp_path: Path) -> None:
    """A forest serves by skops: the same scores, the same bytes twice, a notice for whoever serves it."""
    project = make_project(tmp_path, make_forest())
    sealed = project.seal()
    assert sealed.form == "estimator"
    assert sealed.reason == "RandomForestClassifier has no portable form"
    bundle = project.read()
    assert bundle.check_golden() <= 1e-6
    assert "needs scikit-learn" in (bundle.model.notice or "")
    assert bundle.model.predict_one({"origin": "EWR"}) == bundle.model.predict([{"origin": "EWR"}])[0]
    assert bundle.model.predict([]).shape == (0,)
    assert project.seal("again").digest == sealed.digest


def test_the_estimator_form_can_be_asked_for(project: Project) -> None:
    """`package.form: estimator` serves trees by scikit-learn itself, to the same scores."""
    assert project.seal(params=Package(form="estimator", golden_rows=40)).form == "estimator"
    assert project.read().check_golden() <= 1e-6


def test_a_stored_estimator_is_opened_by_its_own_release_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another scikit-learn might open it and score otherwise, so it is refused by name."""
    project = make_project(tmp_path, make_forest())
    project.seal()
    monkeypatch.setattr(estimator_form, "version", lambda name: "1.8.0")
    with pytest.raises(MergelineError, match=r"here is 1\.8\.0") as error:
        project.read()
    assert "its own commit" in error.value.fix
