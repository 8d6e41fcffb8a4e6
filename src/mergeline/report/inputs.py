"""Everything that the pull request's report is made from, read once; what is missing or broken is named, not fatal.

Nothing here is yours to edit. The fields hold plain data, so that a report can be recorded and made again.
"""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mergeline.errors import MergelineError
from mergeline.files import compute_digest, read_json
from mergeline.params import read_yaml
from mergeline.procurement.contents import compute_directory_hash
from mergeline.report.baseline import find_base, read_text_at, read_yaml_at
from mergeline.report.stage_states import compute_stage_states
from mergeline.shell import run_git

Content = Mapping[str, Any]
Rows = list[dict[str, str]]
PLOTS = ("calibration", "roc", "importance_groups")


@dataclass(frozen=True)
class Inputs:
    """What a report is made from; None stands for what is missing or cannot be read.

    Attributes
    ----------
    verdict, metrics, training, validation, base_validation : mapping or None
        Content of the JSON files below `reports/`, and of the base's validation.
    plots : mapping of str to list of dict
        Rows of the CSV files in `reports/plots/`.
    params, base_params, data, base_data : mapping or None
        Content of params.yaml and data.dvc, now and at the base.
    base : mapping
        See `mergeline.report.baseline.find_base`.
    head : mapping
        `commit`, `parents` and `dirty`: whether tracked files have uncommitted edits.
    stages : list of mapping
        See `mergeline.report.stage_states.compute_stage_states`.
    lock_digest, model_digest : str or None
        SHA-256 of dvc.lock and of the model's model.json.
    faults : list of str
        Files that are there but cannot be read, and why.
    """

    verdict: Content | None = None
    metrics: Content | None = None
    training: Content | None = None
    validation: Content | None = None
    base_validation: Content | None = None
    plots: Mapping[str, Rows] = field(default_factory=dict)
    params: Content | None = None
    base_params: Content | None = None
    data: Content | None = None
    base_data: Content | None = None
    base: Content = field(default_factory=lambda: {"commit": None, "says": "nothing was compared", "fix": ""})
    head: Content = field(default_factory=lambda: {"commit": None, "parents": [], "dirty": False})
    stages: list[dict[str, Any]] = field(default_factory=list)
    lock_digest: str | None = None
    model_digest: str | None = None
    faults: list[str] = field(default_factory=list)


def read_inputs(folder: Path = Path(), revision: str | None = None) -> Inputs:
    """Return what the tree in `folder` holds, compared with `revision` (see `find_base`)."""
    faults: list[str] = []

    def read(name: str) -> Content | None:
        return _read(folder / name, name, faults)

    base = find_base(revision, folder)
    commit, lock, model = base["commit"], folder / "dvc.lock", folder / "artifacts/model/model.json"
    params, data = read("params.yaml"), read("data.dvc")
    return Inputs(
        verdict=read("reports/verdict.json"),
        metrics=read("reports/metrics.json"),
        training=read("reports/training.json"),
        validation=read("reports/data/validation.json"),
        base_validation=_parse(read_text_at(commit, "reports/data/validation.json", folder)),
        plots={name: _read_rows(folder / f"reports/plots/{name}.csv", faults) for name in PLOTS},
        params=params,
        base_params=read_yaml_at(commit, "params.yaml", folder),
        data=data,
        base_data=read_yaml_at(commit, "data.dvc", folder),
        base=base,
        head=_read_head(folder),
        stages=_read_stages(read("dvc.yaml"), read("dvc.lock"), read_yaml_at(commit, "dvc.lock", folder), params, data,
                            folder, faults),
        lock_digest=compute_digest(lock) if lock.is_file() else None,
        model_digest=compute_digest(model) if model.is_file() else None,
        faults=faults,
    )  # fmt: skip


def get_data_hash(data: Content | None) -> str | None:
    """Return DVC's hash of the data in the content of a `.dvc` file."""
    outs = (data or {}).get("outs")
    return str(outs[0]["md5"]) if outs else None


def get_data_files(data: Content | None) -> dict[str, str] | None:
    """Return path and hash of each raw file in the content of a `.dvc` file; None if its list is not to be believed."""
    meta = (data or {}).get("meta")
    files = meta.get("files") if isinstance(meta, Mapping) else None
    if not isinstance(files, Mapping):
        return None
    listed = {str(path): str(md5) for path, md5 in files.items()}
    return listed if compute_directory_hash(listed) == get_data_hash(data) else None


def _read(path: Path, name: str, faults: list[str]) -> Content | None:
    if not path.is_file():
        return None
    try:
        content = read_json(path) if path.suffix == ".json" else read_yaml(path)
    except (MergelineError, UnicodeDecodeError) as error:
        faults.append(f"{name}: {getattr(error, 'what', error)}")
        return None
    if isinstance(content, dict):
        return content
    faults.append(f"{name}: not a file of names and values")
    return None


def _parse(text: str | None) -> Content | None:
    try:
        content = json.loads(text or "null")
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _read_rows(path: Path, faults: list[str]) -> Rows:
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            return list(csv.DictReader(handle))
    except (UnicodeDecodeError, csv.Error) as error:
        faults.append(f"reports/plots/{path.name}: {error}")
        return []


def _read_head(folder: Path) -> Content:
    try:
        commit, *parents = run_git("rev-list", "--parents", "-n", "1", "HEAD", folder=folder).split()
        dirty = bool(run_git("status", "--porcelain", "--untracked-files=no", folder=folder))
    except (MergelineError, ValueError):
        return {"commit": None, "parents": [], "dirty": False}
    return {"commit": commit, "parents": parents, "dirty": dirty}


def _read_stages(
    pipeline: Content | None, lock: Content | None, base_lock: Content | None, params: Content | None,
    data: Content | None, folder: Path, faults: list[str],
) -> list[dict[str, Any]]:  # fmt: skip
    if pipeline is None:
        return []
    try:
        known = {str(out["path"]): str(out["md5"]) for out in (data or {}).get("outs") or []}
        return compute_stage_states(pipeline, lock or {}, base_lock, params or {}, known, folder)
    except (AttributeError, KeyError, TypeError, IndexError) as error:
        faults.append(f"dvc.yaml or dvc.lock: not of the form that DVC writes ({error!r})")
        return []
