"""What one run says: read from the files that the stages and the gate left, checked before MLflow is touched.

Nothing here is yours to edit.
"""

import hashlib
import json
import math
import platform
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mergeline.durations import Duration, read_durations
from mergeline.errors import MergelineError
from mergeline.files import compute_digest, read_json
from mergeline.params import load_params, read_yaml
from mergeline.procurement.pointer import read_promise
from mergeline.tracking.commit import read_commit
from mergeline.tracking.state import LOCK, PARAMS, VERDICT, compute_state

METRICS = Path("reports/metrics.json")
TRAINING = Path("reports/training.json")
POINTER = Path("data.dvc")
MODELS = Path("artifacts/model")
FEATURES = Path("artifacts/features")
STATE_TAG = "mergeline.state"
PACKAGES = ("dvc", "joblib", "mlflow", "numpy", "pandas", "polars", "scikit-learn", "scipy", "skops")


@dataclass(frozen=True)
class Record:
    """One run, without its model and files.

    Attributes
    ----------
    state : str
        Digest of the state.
    experiment, name : str
        MLflow experiment, and name of the run.
    params : dict of str to str
        All parameters, flattened: `train.random_state`.
    metrics : dict of str to float
        Finite numbers: metrics of the held-out period, the candidates' scores, seconds per stage.
    tags : dict of str to str
        Lineage, verdict and versions.
    """

    state: str
    experiment: str
    name: str
    params: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]


def read_record(folder: Path = Path()) -> Record:
    """Return what is to be logged of the state in `folder`.

    Raises
    ------
    MergelineError
        If a file is missing, a metric is not finite, or files and `dvc.lock` do not belong together.
    """
    stages = read_yaml(folder / LOCK)["stages"]
    params = asdict(load_params(folder / PARAMS))
    check_params(stages, read_yaml(folder / PARAMS))
    check_outputs(stages, folder)
    verdict = read_json(folder / VERDICT) if (folder / VERDICT).exists() else None
    metrics = read_json(folder / METRICS)
    training = read_json(folder / TRAINING)
    model = read_json(folder / MODELS / "model.json")
    state = compute_state(stages, params, verdict)
    durations = read_durations(stages, folder)
    numbers = {**flatten_numbers(metrics), **flatten_numbers(training, "training.")}
    for name, value in numbers.items():
        if not math.isfinite(value):
            raise MergelineError(
                f"metric '{name}' is {value}: MLflow would keep it as 0", where=str(METRICS), fix="run `make` again"
            )
    return Record(
        state=state,
        experiment=params["track"]["experiment"],
        name=f"{model['candidate']} {state[:8]}",
        params={name: _write(value) for name, value in flatten(params)},
        metrics=numbers | {clean_name(f"seconds.{name}"): took.seconds for name, took in durations.items() if took},
        tags={
            STATE_TAG: state,
            "mergeline.candidate": str(model["candidate"]),
            "mergeline.data_md5": read_promise(folder / POINTER).hash,
            "mergeline.dvc_lock_sha256": compute_digest(folder / LOCK),
            "mergeline.model_sha256": compute_digest(folder / MODELS / "model.json"),
            "mergeline.verdict": str(verdict["verdict"]) if verdict else "not judged",
            **read_commit(folder),
            **tag_durations(durations),
            **tag_versions(),
        },
    )


def check_outputs(stages: Mapping[str, Any], folder: Path = Path()) -> None:
    """Raise a `MergelineError` if an output is missing, or a file is not the one that `dvc.lock` lists."""
    for name, stage in stages.items():
        for out in stage.get("outs", []):
            path = folder / out["path"]
            if not path.exists():
                what = f"an output of stage '{name}' is missing"
            elif path.is_file() and hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() != out["md5"]:
                what = f"an output of stage '{name}' is not the one that dvc.lock lists"
            else:
                continue
            raise MergelineError(what, where=out["path"], fix="run `make`, which reproduces it and logs it")


def check_params(stages: Mapping[str, Any], params: Mapping[str, Any]) -> None:
    """Raise a `MergelineError` if a stage ran with another parameter than `params.yaml` now has."""
    for name, stage in stages.items():
        for key, used in stage.get("params", {}).get(str(PARAMS), {}).items():
            value: Any = params
            for part in key.split("."):
                value = value.get(part) if isinstance(value, Mapping) else None
            if value != used:
                raise MergelineError(
                    f"stage '{name}' ran with {key} = {used}, but it is {value} now",
                    where=f"{PARAMS}, key '{key}'",
                    fix="run `make`, which reproduces the pipeline and logs it",
                )


def tag_durations(durations: Mapping[str, Duration | None]) -> dict[str, str]:
    """Return per stage when its outputs were made, or that they came from the cache."""
    return {
        clean_name(f"stage.{name}"): f"made {took.ended}" if took else "cached: not made here, so no duration"
        for name, took in durations.items()
    }


def tag_versions() -> dict[str, str]:
    """Return the versions of Python and of what computes, as `version.numpy`."""
    return {"version.python": platform.python_version(), **{f"version.{name}": version(name) for name in PACKAGES}}


def flatten(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield dotted key and value of every leaf; an empty group is a leaf."""
    for key, value in tree.items():
        if isinstance(value, Mapping) and value:
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def flatten_numbers(tree: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    """Return dotted key to value of every leaf that is a number; text, switches and lists stay in the file."""
    leaves = ((clean_name(name), value) for name, value in flatten(tree, prefix))
    return {name: float(value) for name, value in leaves if type(value) in (int, float)}


def clean_name(name: str) -> str:
    """Return `name` with what MLflow refuses in a name replaced by an underscore, at most 250 characters long."""
    return re.sub(r"^\.+|[^\w\-. :]", "_", name)[:250]


def _write(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
