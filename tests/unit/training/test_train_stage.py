"""Tests of the stage `train`: the same bytes every time, whole or not at all, and a word at every step."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import mergeline.training.model_files as model_files
from mergeline.errors import MergelineError
from mergeline.stages.train import main
from parameters import set_values

ROOT = Path(__file__).parents[3]
Write = Callable[..., Path]


@pytest.fixture
def params_file(tmp_path: Path) -> Path:
    """Return a copy of params.yaml for a small history: two batches held out, two folds, short fits."""
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    text = set_values(
        text, held_out_batches=2, n_splits=2, gap_hours=24, calibrate="auto", random_state=13, threads=1,
        learning_rate=0.1, max_iter=5, max_leaf_nodes=15, min_samples_leaf=20,
    )  # fmt: skip
    path = tmp_path / "params.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def list_options(features: Path, params: Path, output: Path) -> list[str]:
    """Return the options of a run that writes below `output`."""
    places = {"features": features, "models": output / "model", "report": output / "training.json", "params": params}
    return [word for name, path in places.items() for word in (f"--{name}", str(path))]


def read_digests(folder: Path) -> dict[str, str]:
    """Return the digest of every file below `folder`."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize(
    ("candidate", "threads"), [("hist_gradient_boosting: {max_iter: 3}", 2), ("logistic_regression: {}", 1)]
)
def test_bytes_are_the_same_in_any_process(
    write_features: Write, params_file: Path, tmp_path: Path, candidate: str, threads: int
) -> None:
    """A process with eight threads in its environment, bound to one core, of another hash seed and directory."""
    features = write_features(4)
    text = params_file.read_text().replace("  threads: 1", f"  threads: {threads}")
    before, after = text.index("    prior: {}"), text.index("\nevaluate:")
    params_file.write_text(f"{text[:before]}    {candidate}\n{text[after:]}")
    assert main(list_options(features, params_file, tmp_path / "here")) == 0
    output = tmp_path / "somewhere" / "else"
    output.mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, "-m", "mergeline.stages.train", *list_options(features, params_file, output)],
        cwd=output,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "8", "PYTHONHASHSEED": "5"},
        preexec_fn=(lambda: os.sched_setaffinity(0, {0})) if hasattr(os, "sched_setaffinity") else None,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    digests = read_digests(output)
    assert digests == read_digests(tmp_path / "here")
    assert set(digests) == {"model/model.json", "model/2013-03.joblib", "model/2013-04.joblib", "training.json"}


def test_progress_and_result_are_told(
    write_features: Write, params_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line per fit, the table of candidates, and what was written where."""
    main(list_options(write_features(4), params_file, tmp_path / "out"))
    said = capsys.readouterr().out
    assert said.count("fold 1 of 2") == 3
    assert said.count("<- chosen") == 1
    assert said.count("model held back from") == 2
    assert "2013-04.joblib ships" in said


@pytest.mark.parametrize("earlier", [True, False])
def test_an_interrupted_run_leaves_the_models_as_they_were(
    write_features: Write, params_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, earlier: bool
) -> None:
    """Stopped between two model files, the directory is the earlier one or none; the next run ends well."""
    options = list_options(write_features(4), params_file, tmp_path / "out")
    if earlier:
        main(options)
    before = read_digests(tmp_path / "out")
    whole = model_files._write_model
    with monkeypatch.context() as patch:

        def stop(directory: Path, model: object, history: object) -> object:
            if model.held_out == "2013-04":
                raise KeyboardInterrupt
            return whole(directory, model, history)

        patch.setattr(model_files, "_write_model", stop)
        with pytest.raises(KeyboardInterrupt):
            main(options)
    assert read_digests(tmp_path / "out") == before
    assert main(options) == 0
    assert "model/2013-04.joblib" in read_digests(tmp_path / "out")


def test_a_wrong_parameter_stops_before_anything_is_written(
    write_features: Write, params_file: Path, tmp_path: Path
) -> None:
    """The key is named, and no output appears."""
    params_file.write_text(params_file.read_text().replace("max_leaf_nodes: 15", "max_leaf_nodes: 15.0"))
    with pytest.raises(MergelineError, match="train.candidates.hist_gradient_boosting.max_leaf_nodes") as caught:
        main(list_options(write_features(4), params_file, tmp_path / "out"))
    assert "an int in the range" in caught.value.fix
    assert not (tmp_path / "out").exists()


def test_help_names_the_outputs(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` says what is read and written, and which model ships."""
    with pytest.raises(SystemExit):
        main(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "reports/training.json" in said
    assert "judged on it" in said
