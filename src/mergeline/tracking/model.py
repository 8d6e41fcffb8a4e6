"""The shipped model in MLflow: opened only if its bytes are those listed, logged with the contract's signature.

Nothing here is yours to edit: features are in `src/usecase/features.py`, estimators in `src/usecase/model.py`.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

from mergeline.errors import MergelineError
from mergeline.evaluation.models import load_estimator, read_models
from mergeline.tracking.signature import build_example, build_signature
from mergeline.tracking.trusted import OWN_PACKAGES, find_trusted_types

SOURCES = Path(__file__).resolve().parents[2]
LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy", "skops")
COVERED = {*OWN_PACKAGES, "numpy", "pandas", "scipy", "skops", "sklearn", *sys.stdlib_module_names}


@dataclass(frozen=True)
class Loggable:
    """A model that MLflow will take, with all that goes along.

    Attributes
    ----------
    estimator : estimator
        Fitted; `predict_proba` is what a loaded model answers with.
    signature : mlflow.models.ModelSignature
        Names and types of its inputs, from the contract.
    example : pandas.DataFrame
        A few rows of the batch it was judged on.
    trusted_types : list of str
        Types that skops must be told to trust.
    requirements : list of str
        Packages that a loaded model needs, as exact pins.
    code : list of str
        Folders of our own code that it needs; empty for a model made of scikit-learn's parts alone.
    """

    estimator: Any
    signature: Any
    example: Any
    trusted_types: list[str]
    requirements: list[str]
    code: list[str]


def prepare_model(models_dir: Path, features_dir: Path) -> Loggable:
    """Return the model that ships, ready to be logged.

    Raises
    ------
    MergelineError
        If its bytes are not those that `model.json` lists, it reads other features than the contract has, or it holds
        a type that nobody has trusted.
    """
    import polars as pl

    import usecase.model
    from usecase.features import FEATURES

    models = read_models(models_dir)
    contract = tuple(feature.name for feature in FEATURES)
    if models.features != contract:
        raise MergelineError(
            f"the model reads other features than the contract has: {sorted(set(models.features) ^ set(contract))[:5]}",
            where=f"{models_dir / 'model.json'}, FEATURES in src/usecase/features.py",
            fix="run `make`, which trains on the present features and logs that",
        )
    shipped = next(model for model in models.models if model.file == models.ships)
    rows = pl.read_parquet(features_dir / f"{shipped.held_out}.parquet", n_rows=100)
    estimator = load_estimator(models, shipped)
    trusted = find_trusted_types(estimator, getattr(usecase.model, "TRUSTED_TYPES", ()))
    own = [name for name in OWN_PACKAGES if any(one.startswith(f"{name}.") for one in trusted)]
    return Loggable(
        estimator=estimator,
        signature=build_signature(FEATURES),
        example=build_example(rows, FEATURES),
        trusted_types=trusted,
        requirements=[f"{name}=={version(name)}" for name in find_packages(trusted)],
        code=[str(SOURCES / name) for name in own],
    )


def find_packages(types: Iterable[str]) -> list[str]:
    """Return the packages that a model with these types needs: scikit-learn's, and those that other types come from."""
    others = {name.partition(".")[0] for name in types} - COVERED
    packages = packages_distributions() if others else {}
    return sorted({*LIBRARIES, *(packages[name][0] for name in others)})


def log_model(model: Loggable) -> str:
    """Log `model` to the active run and return its URI, `models:/m-…`."""
    import mlflow.sklearn

    info = mlflow.sklearn.log_model(
        model.estimator,
        name="model",
        signature=model.signature,
        input_example=model.example,
        pip_requirements=model.requirements,
        code_paths=model.code or None,
        pyfunc_predict_fn="predict_proba",
        skops_trusted_types=model.trusted_types,
    )
    return info.model_uri
