"""Sealing: the model that ships, its contract, golden rows, reference profile and lineage, as one directory of digests.

Nothing here is yours to edit: `src/usecase/model.py` makes the estimators, `src/usecase/features.py` the features. The
same inputs give the same bytes, on any number of threads. The directory is written whole or not at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from mergeline.bundle.canonical import (
    CONTRACT,
    ESTIMATOR,
    GOLDEN,
    LINEAGE,
    MODEL,
    REFERENCE,
    render,
    render_for_people,
)
from mergeline.bundle.compare import compare_with_estimator, read_scores
from mergeline.bundle.contract import build_contract
from mergeline.bundle.convert import convert
from mergeline.bundle.convert_columns import NotPortableError
from mergeline.bundle.features import FeatureSpec, read_features
from mergeline.bundle.golden import build_golden, choose_rows
from mergeline.bundle.portable import build_model
from mergeline.bundle.reference import build_reference
from mergeline.bundle.store_estimator import store_estimator
from mergeline.bundle.write import write_bundle
from mergeline.errors import MergelineError
from mergeline.evaluation.models import load_estimator, read_models
from mergeline.evaluation.scoring import predict
from mergeline.files import compute_digest, read_json
from mergeline.params import Package
from mergeline.training.history import read_history
from usecase.features import FEATURES
from usecase.model import TRUSTED_TYPES


@dataclass(frozen=True)
class Sealed:
    """The bundle's digest, the model's form, why it is not portable (or None), the largest difference found."""

    digest: str
    form: str
    reason: str | None
    difference: float


def seal(
    models_dir: Path, features_dir: Path, predictions: Path, made_of: Mapping[str, Any], bundle: Path, params: Package
) -> Sealed:
    """Write the bundle of the model that ships to the directory `bundle`.

    Parameters
    ----------
    models_dir, features_dir, predictions : Path
        What train, featurise and evaluate left.
    made_of : mapping
        What the lineage says besides: data, parameters, code, metrics.
    bundle : Path
        The directory; it is replaced whole.
    params : Package
        Group `package` of `params.yaml`.

    Raises
    ------
    MergelineError
        If model, features and predictions do not belong together, or the portable model does not score as the
        estimator does.
    """
    models = read_models(models_dir)
    _check_features(models.features, models_dir)
    shipped = next(model for model in models.models if model.file == models.ships)
    estimator = load_estimator(models, shipped)
    score = partial(predict, estimator, models=models)
    history = read_history(features_dir)
    trained = history.select_known(shipped.held_out)
    judged = history.rows.filter(pl.col("batch") == shipped.held_out)
    contract = build_contract(FEATURES, trained)
    features = read_features(contract)
    content, stored, reason = _choose_form(estimator, features, params.form)
    listed = read_json(models_dir / "model.json")
    content = {**content, "candidate": listed["candidate"]}
    model = build_model(content, features, stored)
    difference = compare_with_estimator(model, judged, features, score, predictions)
    files = {
        MODEL: render(content),
        CONTRACT: render_for_people(contract),
        GOLDEN: render(build_golden(choose_rows(judged, features, params.golden_rows), score)),
        REFERENCE: render(
            build_reference(
                history.rows.filter(pl.col("batch") <= shipped.held_out), features, trained, read_scores(predictions)
            )
        ),
        LINEAGE: render_for_people(
            {
                **made_of,
                "features": {path.stem: compute_digest(path) for path in sorted(features_dir.glob("*.parquet"))},
                "model_digest": compute_digest(models_dir / "model.json"),
                "training": {**listed, "models": [one for one in listed["models"] if one["file"] == models.ships]},
            }
        ),
        **({ESTIMATOR: stored} if stored else {}),
    }
    digest = write_bundle(bundle, files, {"candidate": content["candidate"], "form": content["form"]})
    return Sealed(digest, content["form"], reason, difference)


def _choose_form(
    estimator: Any, features: tuple[FeatureSpec, ...], form: str
) -> tuple[dict[str, Any], bytes | None, str | None]:
    reason = "params.yaml asks for it (package.form)"
    if form == "auto":
        try:
            return convert(estimator, features), None, None
        except NotPortableError as error:
            reason = str(error)
    content, stored = store_estimator(estimator, reason, tuple(TRUSTED_TYPES))
    return content, stored, reason


def _check_features(found: tuple[str, ...], models_dir: Path) -> None:
    names = tuple(feature.name for feature in FEATURES)
    if found == names:
        return
    differing = sorted(set(found) ^ set(names))
    raise MergelineError(
        f"the model reads other features than are defined: {', '.join(differing[:5]) or 'their order differs'}",
        where=f"{models_dir / 'model.json'}, FEATURES in src/usecase/features.py",
        fix="run `dvc repro`, which trains on the present features",
    )
