"""Tests of `mergeline.params`: what is refused, and what the user is told to write instead."""

from pathlib import Path

import pytest

from mergeline.errors import MergelineError
from mergeline.params import load_params
from parameters import set_values

VALUES = {
    "threads": 1,
    "threshold": 0.5,
    "calibrate": "auto",
    "C": 1.0,
    "prior": "{}",
    "experiment": "flights",
    "calibration_ratio": "[0.7, 1.45]",
    "max_auc_loss": 0.003,
}
"""What the tests speak of, whatever the numbers of today."""


@pytest.fixture
def write(repository: Path, tmp_path: Path):
    """Return a function that writes the real params.yaml with one replacement and gives its path."""
    text = set_values((repository / "params.yaml").read_text(), **VALUES)

    def replace(old: str, new: str) -> Path:
        assert old in text, f"{old!r} is not in params.yaml"
        path = tmp_path / "params.yaml"
        path.write_text(text.replace(old, new, 1))
        return path

    return replace


def test_the_committed_parameters_load(repository: Path) -> None:
    """The parameters in the repository are accepted, whole numbers for shares included."""
    params = load_params(repository / "params.yaml")
    assert params.procure.batches[0] == "2013-01"
    assert isinstance(params.validate.target_rate[0], float)


@pytest.mark.parametrize(
    ("old", "new", "what", "fix"),
    [
        ("threads: 1", "threads: 6.0", "train.threads' is 6.0 (float), not a whole number", "write 6"),
        ("threads: 1", "threads: true", "train.threads' is True (bool)", "write a whole number"),
        ("threads: 1", "threads: 0", "train.threads' is 0", "write a value from 1 to 64"),
        ("threads: 1", "thread: 1", "train.thread' is not a known key", "did you mean 'threads'?"),
        ("  threads: 1\n", "", "train.threads' is missing", "add it under 'train'"),
        ("threshold: 0.5", 'threshold: "3e-05"', "evaluate.threshold' is '3e-05' (text)", "write 0.00003,"),
        ("threshold: 0.5", "threshold: .nan", "evaluate.threshold' is nan", "write a finite number"),
        ("C: 1.0", 'C: "3e-05"', "logistic_regression.C' is '3e-05' (text)", "write 0.00003,"),
        ("C: 1.0", "C: 2013-01-01", "C' is a date, 2013-01-01, which DVC refuses", 'quote it: "2013-01-01"'),
        ('["2013-01"', "[2013-01-01", "procure.batches[0]' is a date", 'quote it: "2013-01-01"'),
        ("calibrate: auto", "calibrate: maybe", "train.calibrate' is 'maybe' (text)", "write one of: auto, never"),
        ("experiment: flights", "experiment: 3", "track.experiment' is 3 (int), not text", 'quote it: "3"'),
        ("[0.7, 1.45]", "[1.45, 0.7]", "gate.calibration_ratio' is [1.45, 0.7]", "write the smaller number first"),
        ("[0.7, 1.45]", "[0.7]", "gate.calibration_ratio' has 1 entries", "write 2 of them"),
        ("prior: {}", "prior: 3", "candidates.prior' is 3 (int), not a group", "write one `key: value` a line"),
    ],
)
def test_a_wrong_parameter_is_named_with_what_to_write_instead(write, old: str, new: str, what: str, fix: str) -> None:
    """Each planted mistake is refused; the message names the key, the value and the mend."""
    path = write(old, new)
    with pytest.raises(MergelineError) as error:
        load_params(path)
    assert what in error.value.what
    assert fix in error.value.fix
    assert str(path) in error.value.where


@pytest.mark.parametrize("old", ["threads: 1", "threshold: 0.5"])
def test_yaml_that_repeats_a_key_is_refused(write, old: str) -> None:
    """A key that stands twice is an error with its line, not a silent choice."""
    with pytest.raises(MergelineError) as error:
        load_params(write(old, f"{old}\n  {old}"))
    assert "duplicate key" in error.value.what
    assert "line" in error.value.where


def test_small_floats_as_dvc_writes_them_are_numbers(write) -> None:
    """`dvc exp run -S` writes 3e-05 without quotes: it is read as the number it is."""
    params = load_params(write("max_auc_loss: 0.003", "max_auc_loss: 3e-05"))
    assert params.gate.max_auc_loss == 0.00003


def test_a_missing_file_says_where_to_stand(tmp_path: Path) -> None:
    """Without params.yaml the user is told to run from the top of the repository."""
    with pytest.raises(MergelineError) as error:
        load_params(tmp_path / "params.yaml")
    assert "top of the repository" in error.value.fix
