"""The directory of models: `model.json` and a file per fitted estimator, whole or not at all, the same bytes each time.

Nothing here is yours to edit. The files are read by `mergeline.evaluation.models`, which checks their digests first.
"""

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sklearn
from joblib.numpy_pickle import NumpyPickler

from mergeline.files import compute_digest, replacing_directory, write_bytes, write_json
from mergeline.params import Train
from mergeline.training.calibration import Sigmoid
from mergeline.training.history import History, render_moment
from mergeline.training.walk_forward import Trained

FORMAT = 1
PROTOCOL = 4


def write_models(
    directory: Path, models: Sequence[Trained], candidate: str, sigmoid: Sigmoid | None, history: History, params: Train
) -> dict[str, Any]:
    """Write `models`, oldest first, and return the content of `model.json`.

    Notes
    -----
    The estimators are stored by joblib, whose files came out equal on Python 3.11 to 3.13; a plain pickle's did not. A
    model of another scikit-learn may not open: its version is noted for whoever has to tell why.
    """
    with replacing_directory(directory) as temporary:
        entries = [_write_model(temporary, model, history) for model in models]
        content = {
            "format": FORMAT,
            "candidate": candidate,
            "calibration": {"slope": sigmoid.slope, "intercept": sigmoid.intercept} if sigmoid else None,
            "features": [{"name": name, "kind": kind} for name, kind in history.features],
            "random_state": params.random_state,
            "threads": params.threads,
            "scikit_learn": sklearn.__version__,
            "ships": entries[-1]["file"],
            "models": entries,
        }
        write_json(temporary / "model.json", content)
    return content


def _write_model(directory: Path, model: Trained, history: History) -> dict[str, Any]:
    path = directory / f"{model.held_out}.joblib"
    write_bytes(path, _dump(model.estimator))
    return {
        "held_out": model.held_out,
        "file": path.name,
        "sha256": compute_digest(path),
        "trained_from": render_moment(model.rows["decision_at"].min()),
        "trained_to": render_moment(model.rows["decision_at"].max()),
        "labels_known_by": render_moment(history.find_first_decision(model.held_out)),
        "n_rows": model.rows.height,
        "base_rate": round(float(model.rows["target"].mean()), 9),  # type: ignore[arg-type]
    }


def _dump(estimator: Any) -> bytes:
    """Return the estimator as joblib stores it, through memory, so that it reaches the disk whole or not at all."""
    buffer = io.BytesIO()
    _CanonicalPickler(buffer, protocol=PROTOCOL).dump(estimator)
    return buffer.getvalue()


class _CanonicalPickler(NumpyPickler):
    """Joblib's pickler, for which equal texts are the same text.

    A pickle writes a text once or twice according to whether it is one object, and that differs between processes.
    """

    def save(self, obj: Any) -> None:
        super().save(sys.intern(obj) if type(obj) is str else obj)
