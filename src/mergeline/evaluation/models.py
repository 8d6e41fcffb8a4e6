"""The models of a directory: which one may score a batch, and its estimator, loaded only if its bytes are those listed.

Nothing here is yours to edit. Estimators are made in `src/usecase/model.py` and written by the train stage.
"""

import hashlib
import io
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mergeline.errors import MergelineError
from mergeline.files import read_json

FORMAT = 1


@dataclass(frozen=True)
class Model:
    """One entry of `model.json`.

    Attributes
    ----------
    held_out : str
        The batch on which this model is judged; it was trained on those before.
    file, sha256 : str
        Name of the estimator's file in the same directory, and its digest.
    labels_known_by : datetime
        The moment by which every row and label it was trained on was known: it may score what is decided from then on.
    base_rate : float
        Share of positives in its training data.
    """

    held_out: str
    file: str
    sha256: str
    labels_known_by: datetime
    base_rate: float


@dataclass(frozen=True)
class Models:
    """A directory of models, oldest first, with the names of the features they read in order.

    A calibration is part of the estimators: `model.json` repeats it for people, and it is not applied again.
    """

    directory: Path
    features: tuple[str, ...]
    threads: int
    random_state: int
    ships: str
    models: tuple[Model, ...]


def read_models(directory: Path) -> Models:
    """Return what `model.json` in `directory` lists; no estimator is loaded.

    Raises
    ------
    MergelineError
        If the file is missing, of another format, or lists no model.
    """
    path = directory / "model.json"
    content = read_json(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        found = content.get("format") if isinstance(content, dict) else type(content).__name__
        raise MergelineError(
            f"the models have format {found}, this code reads format {FORMAT}",
            where=str(path),
            fix="run `dvc repro train` with this commit's code",
        )
    if not content["models"]:
        raise MergelineError(
            "there is no model, so no batch is held out",
            where=str(path),
            fix="list more batches in procure.batches of params.yaml than train.held_out_batches holds out",
        )
    return Models(
        directory=directory,
        features=tuple(feature["name"] for feature in content["features"]),
        threads=content["threads"],
        random_state=content["random_state"],
        ships=content["ships"],
        models=tuple(_read_model(entry) for entry in content["models"]),
    )


def choose_model(models: Models, batch: str, first_decision: datetime) -> Model:
    """Return the newest model that has seen nothing of a batch whose first decision falls at `first_decision`.

    Raises
    ------
    MergelineError
        If every model was trained on rows or labels from after that moment.
    """
    moment = f"{first_decision:%Y-%m-%d %H:%M} UTC"
    unaware = [model for model in models.models if model.labels_known_by <= first_decision]
    if not unaware:
        earliest = min(models.models, key=lambda model: model.labels_known_by)
        raise MergelineError(
            f"no model may score batch {batch}: each was trained on rows or labels from after {moment}",
            where=str(models.directory / "model.json"),
            fix=f"score batches from {earliest.held_out} on, or raise train.held_out_batches in params.yaml",
        )
    return max(unaware, key=lambda model: model.labels_known_by)


def load_estimator(models: Models, model: Model) -> Any:
    """Return the estimator of `model`, unpickled only after its bytes were found to have the listed digest.

    Raises
    ------
    MergelineError
        If the file is missing, lies outside the directory, or its digest differs.
    """
    import joblib

    path = models.directory / model.file
    if Path(model.file).name != model.file:
        raise MergelineError(
            f"the model file '{model.file}' is not a plain file name",
            where=str(models.directory / "model.json"),
            fix="run `dvc repro train`, which writes the estimators beside model.json",
        )
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise MergelineError(
            "a model file is missing", where=str(path), fix="run `dvc checkout` or `dvc repro train` to get it back"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != model.sha256:
        raise MergelineError(
            f"the model file is not the one that was trained: its sha256 is {found[:12]}…, not {model.sha256[:12]}…",
            where=f"{path}, listed in {models.directory / 'model.json'}",
            fix="do not load it; delete the directory and run `dvc checkout` or `dvc repro train`",
        )
    # The checked bytes themselves are read: a file swapped after the check would not be.
    return joblib.load(io.BytesIO(content))


def _read_model(entry: dict[str, Any]) -> Model:
    return Model(
        held_out=entry["held_out"],
        file=entry["file"],
        sha256=entry["sha256"],
        labels_known_by=datetime.fromisoformat(entry["labels_known_by"]),
        base_rate=entry["base_rate"],
    )
